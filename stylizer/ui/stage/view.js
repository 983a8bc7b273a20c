// @ts-check
// Where the picture is on its canvas: zoom, and the place of the picture in the middle of the stage.

const ZOOM = { least: 1, most: 12 };

/**
 * @typedef {{zoom: number, center: number[]}} View
 * @typedef {{width: number, height: number}} Canvas in its own pixels
 */

/** @returns {View} */
export const fitted = () => ({ zoom: 1, center: [0.5, 0.5] });

/**
 * The picture's rectangle in pixels of the canvas; it never leaves a gap that it could fill.
 * @param {number[]} size of the picture
 * @param {Canvas} canvas
 * @param {View} view
 */
export function pictureRect(size, canvas, { zoom, center }) {
  const scale = Math.min(canvas.width / size[0], canvas.height / size[1]) * zoom;
  const [width, height] = size.map((length) => length * scale);
  const start = (room, length, middle) =>
    length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, room / 2 - middle * length));
  return {
    x: start(canvas.width, width, center[0]),
    y: start(canvas.height, height, center[1]),
    width,
    height,
  };
}

/** The part of the picture that is on the stage, from left to right, in pixels of the canvas. */
export const visibleSpan = (rect, canvas) => [Math.max(0, rect.x), Math.min(canvas.width, rect.x + rect.width)];

/**
 * Zoom by a factor, and keep the place under a point (in pixels of the canvas) where it is.
 * @returns {View}
 */
export function zoomed(size, canvas, view, factor, x, y) {
  const before = pictureRect(size, canvas, view);
  const zoom = Math.min(ZOOM.most, Math.max(ZOOM.least, view.zoom * factor));
  const place = [(x - before.x) / before.width, (y - before.y) / before.height];
  const after = pictureRect(size, canvas, { zoom, center: view.center });
  const center = [
    place[0] + (canvas.width / 2 - x) / after.width,
    place[1] + (canvas.height / 2 - y) / after.height,
  ].map((middle) => Math.min(1, Math.max(0, middle)));
  return { zoom, center };
}

/**
 * Move the picture by pixels of the canvas.
 * @returns {View}
 */
export function panned(size, canvas, view, x, y) {
  const rect = pictureRect(size, canvas, view);
  const middle = [(canvas.width / 2 - rect.x) / rect.width, (canvas.height / 2 - rect.y) / rect.height];
  return { zoom: view.zoom, center: [middle[0] - x / rect.width, middle[1] - y / rect.height] };
}
