// @ts-check
// Marks over the picture: outline and hatch of the region under the pointer and of those chosen, and the brush.

import { markPixels } from "./masks.js";

/**
 * Draw the marks of `regions` on a sheet as large as the stage's `canvas`.
 * @param {{element: any, canvas: any, regions: import("./region_state.js").RegionState}} stage
 */
export function openMarks({ element, canvas, regions }) {
  const marks = element.querySelector(".stage-marks").getContext("2d");
  const drawn = new Map(); // place of a region -> the canvases of its outline and hatch

  function markOf(place) {
    if (!drawn.has(place)) {
      const [width, height] = regions.size;
      const layer = () => Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
      const mark = { outline: layer(), hatch: layer() };
      paint(mark, place, [0, 0, width, height]);
      drawn.set(place, mark);
    }
    return drawn.get(place);
  }

  function paint({ outline, hatch }, place, changed) {
    const mark = markPixels(regions.masks[place], regions.size, changed, regions.entries[place]);
    if (!mark) return;
    const [left, top, wide] = mark.area;
    outline.putImageData(new ImageData(mark.outline, wide), left, top);
    hatch.putImageData(new ImageData(mark.fill, wide), left, top);
  }

  /** Draw them where the picture is. */
  function draw(place) {
    const { canvas: sheet } = marks;
    if (sheet.width !== canvas.width || sheet.height !== canvas.height) {
      Object.assign(sheet, { width: canvas.width, height: canvas.height });
    }
    marks.clearRect(0, 0, sheet.width, sheet.height);
    if (!regions.entries.length) return;
    const painting = regions.painting();
    const chosen = regions.chosenPlaces();
    const lay = (layer) => marks.drawImage(layer.canvas, place.x, place.y, place.width, place.height);
    if (regions.hovered >= 0 && !painting) lay(markOf(regions.hovered).hatch);
    if (painting) chosen.slice(0, 1).forEach((target) => lay(markOf(target).hatch));
    if (regions.hovered >= 0 && !painting) lay(markOf(regions.hovered).outline);
    chosen.forEach((each) => lay(markOf(each).outline));
    if (painting && regions.pointer) drawBrush(place, regions.pointer);
  }

  function drawBrush(place, pointer) {
    const scale = place.width / regions.size[0];
    const [x, y] = [place.x + pointer[0] * scale, place.y + pointer[1] * scale];
    [["#000", 3], ["#fff", 1.5]].forEach(([strokeStyle, lineWidth]) => {
      Object.assign(marks, { strokeStyle, lineWidth });
      marks.beginPath();
      marks.arc(x, y, Math.max(2, regions.radius * scale), 0, 2 * Math.PI);
      marks.stroke();
    });
  }

  /** Take over masks that the brush has changed inside an area. */
  function renew(area) {
    for (const [place, mark] of drawn) paint(mark, place, area);
  }

  /** Keep the marks of one region alone: the brush changes masks of others too, and need not paint theirs. */
  function keepOnly(place) {
    [...drawn.keys()].filter((other) => other !== place).forEach((other) => drawn.delete(other));
  }

  return { draw, renew, keepOnly, forget: () => drawn.clear() };
}
