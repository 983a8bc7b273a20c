// @ts-check
// What can be said of keyframes and masks without a page: which two frames to blend, regions that are drawn alike,
// strokes of the brush, outlines and hatches. Masks are bytes, row by row; at every pixel they sum to 255.

/** Strengths closer than this are one. */
export const SAME = 0.004;
/** Name of the layer that is the photo itself. */
export const KEEP = "keep";
/** Name of the layer that is the photo without its color. */
export const GRAY = "gray";
/** How much of the style's color a group has that has none at all; painters get one less than that. */
const COLORLESS = 2;
/** Share of a brush's radius over which its edge fades, as `brush_stroke` of the studio has it. */
const SOFTNESS = 0.3;

/**
 * @typedef {{strength: number, image: any}} Frame
 * @typedef {{layer: string, strength: number | null, style_color?: number | null}} Painted
 * @typedef {[number, number, number, number]} Area left, top, width, height
 */

/** @returns {boolean} whether nothing is painted in a layer */
export const keeps = (layer) => layer === KEEP || layer === GRAY;

/** @returns {boolean} whether two strengths, either of which may be null, are one */
export const same = (one, other) =>
  one === other || (one !== null && other !== null && Math.abs(one - other) < SAME);

/**
 * Find the two frames round a strength, and how far between them it lies.
 * @param {number} strength
 * @param {Frame[]} frames by strength, at least one
 */
export function nearest(strength, frames) {
  let above = frames.findIndex((frame) => frame.strength >= strength - 1e-6);
  if (above < 0) above = frames.length - 1;
  const below = Math.max(0, above - (frames[above].strength > strength ? 1 : 0));
  const [low, high] = [frames[below], frames[above]];
  const blend = high.strength > low.strength ? (strength - low.strength) / (high.strength - low.strength) : 0;
  return { below: low.image, above: high.image, blend: Math.min(1, Math.max(0, blend)) };
}

/**
 * Find the true picture of strengths: the picture's own, then each region's, or null where it follows.
 * @template {{strengths: (number | null)[]}} T
 * @param {T[]} truth
 * @param {(number | null)[]} wanted
 * @returns {T | null}
 */
export function truthOf(truth, wanted) {
  const fits = ({ strengths }) =>
    strengths.length === wanted.length && strengths.every((strength, place) => same(strength, wanted[place]));
  return truth.find(fits) || null;
}

/**
 * Put regions that are drawn alike together: those in `held`, and those at strength 0, show the photo.
 * @param {Painted[]} entries
 * @param {number} strength the picture's
 * @param {number[]} held
 * @param {Map<string, Frame[]>} layers
 * @param {Frame[]} frames the picture's, the photo first
 * @param {number} color how much of the style's color the picture has
 */
export function groupsOf(entries, strength, held, layers, frames, color = 1) {
  const groups = new Map();
  entries.forEach(({ layer, strength: own, style_color }, place) => {
    const gray = layer === GRAY && !held.includes(place);
    const shown = keeps(layer) || held.includes(place) ? 0 : (own ?? strength);
    const painted = layers.get(layer) || [];
    const colored = gray ? COLORLESS : (style_color ?? color);
    const key = gray ? GRAY : shown < SAME ? KEEP : `${layer} ${shown} ${colored}`;
    if (!groups.has(key)) {
      groups.set(key, { frames: painted.length ? [frames[0], ...painted] : frames, shown, places: [], color: colored });
    }
    groups.get(key).places.push(place);
  });
  return [...groups.values()];
}

/**
 * Add masks up inside an area.
 * @param {Uint8Array[]} masks
 * @param {Uint8Array} sum
 * @param {number} width of the masks
 * @param {Area} area
 */
export function addUp(masks, sum, width, [left, top, wide, tall]) {
  for (let y = top; y < top + tall; y += 1) {
    for (let at = y * width + left, end = at + wide; at < end; at += 1) {
      let total = 0;
      for (const mask of masks) total += mask[at];
      sum[at] = total;
    }
  }
}

/** @param {Uint8Array[]} masks @param {number[]} size @returns the place of the region that has most of a pixel; -1 outside. */
export function regionAt(masks, size, x, y) {
  const [width, height] = size;
  const [column, row] = [Math.floor(x), Math.floor(y)];
  if (column < 0 || row < 0 || column >= width || row >= height) return -1;
  const values = masks.map((mask) => mask[row * width + column]);
  return values.indexOf(Math.max(...values));
}

/** Tell whether a region covers anything at all. */
export const covers = (mask) => mask.some((value) => value > 127);

export const HATCHES = {
  none: (x, y) => (x + y) % 2 === 0,
  lines: (x, y) => (x + y) % 12 < 3,
  backlines: (x, y) => (x - y + 4096 * 3) % 12 < 3,
  cross: (x, y) => (x + y) % 14 < 2 || (x - y + 4096 * 14) % 14 < 2,
  dots: (x, y) => ((x % 10) - 5) ** 2 + ((y % 10) - 5) ** 2 < 6,
  waves: (x, y) => (y + Math.round(3 * Math.sin(x / 4)) + 12) % 12 < 3,
  bricks: (x, y) => y % 10 < 2 || (x + (Math.floor(y / 10) % 2) * 9) % 18 < 2,
  grid: (x, y) => x % 10 < 2 || y % 10 < 2,
};

/**
 * Draw outline and hatch of a mask inside an area, two pixels wider than what has changed; null if it is empty.
 * @param {Uint8Array} mask
 * @param {number[]} size width and height
 * @param {Area} changed
 * @param {{color: number[], hatch: string}} look
 */
export function markPixels(mask, [width, height], changed, { color, hatch }) {
  const left = Math.max(0, changed[0] - 2);
  const top = Math.max(0, changed[1] - 2);
  const wide = Math.min(width, changed[0] + changed[2] + 2) - left;
  const tall = Math.min(height, changed[1] + changed[3] + 2) - top;
  if (wide <= 0 || tall <= 0) return null;
  const hatched = HATCHES[hatch] || HATCHES.none;
  const [outline, fill] = [new Uint8ClampedArray(4 * wide * tall), new Uint8ClampedArray(4 * wide * tall)];
  const inside = (x, y) => x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] > 127;
  for (let y = top, at = 0; y < top + tall; y += 1) {
    for (let x = left; x < left + wide; x += 1, at += 4) {
      const here = mask[y * width + x] > 127;
      const edge = inside(x - 1, y) !== here || inside(x + 1, y) !== here || inside(x, y - 1) !== here || inside(x, y + 1) !== here;
      if (edge) outline.set(here ? [255, 255, 255, 240] : [0, 0, 0, 190], at);
      if (here && hatched(x, y)) fill.set([...color, 165], at);
    }
  }
  return { outline, fill, area: /** @type {Area} */ ([left, top, wide, tall]) };
}

/** A stroke of the brush: what it covers is the same as `brush_stroke` of the studio finds. */
export class Stroke {
  /**
   * @param {Uint8Array[]} masks of all regions, which the stroke changes
   * @param {number[]} size width and height
   * @param {{target: number, erase: boolean, radius: number}} how
   */
  constructor(masks, size, { target, erase, radius }) {
    this.masks = masks;
    this.size = size;
    this.target = target;
    this.erase = erase;
    this.radius = radius;
    /** @type {number[][]} */
    this.points = [];
    this.before = masks.map((mask) => mask.slice());
    this.distance = new Float32Array(masks[0].length).fill(Infinity); // to the stroke's path
  }

  /**
   * Lead the stroke on to a point.
   * @param {number[]} to [x, y]
   * @returns {Area | null} what has changed
   */
  lead([bx, by]) {
    const [ax, ay] = this.points.at(-1) || [bx, by];
    if (this.points.length && Math.hypot(bx - ax, by - ay) < Math.max(1, this.radius * 0.15)) return null;
    const point = [bx, by].map((value) => Math.round(10 * value) / 10);
    this.points.push(point);
    const [width, height] = this.size;
    const reach = this.radius * (1 + SOFTNESS) + 1;
    const span = (low, high, most) => [Math.max(0, Math.floor(low - reach)), Math.min(most, Math.ceil(high + reach))];
    const [left, right] = span(Math.min(ax, point[0]), Math.max(ax, point[0]), width);
    const [top, bottom] = span(Math.min(ay, point[1]), Math.max(ay, point[1]), height);
    if (left >= right || top >= bottom) return null;
    const [dx, dy] = [point[0] - ax, point[1] - ay];
    const length = dx * dx + dy * dy;
    for (let y = top; y < bottom; y += 1) {
      for (let x = left, at = y * width + left; x < right; x += 1, at += 1) {
        const [px, py] = [x + 0.5 - ax, y + 0.5 - ay];
        const along = length ? Math.min(1, Math.max(0, (px * dx + py * dy) / length)) : 0;
        const away = Math.hypot(px - along * dx, py - along * dy);
        if (away < this.distance[at]) {
          this.distance[at] = away;
          this.cover(at, away);
        }
      }
    }
    return [left, top, right - left, bottom - top];
  }

  /** Cover one pixel as far as its distance from the path says. */
  cover(at, away) {
    const { masks, before, target, erase, radius } = this;
    const share = Math.min(1, Math.max(0, 0.5 + (radius - away) / Math.max(2 * radius * SOFTNESS, 1)));
    const cover = Math.round(255 * share * share * (3 - 2 * share));
    const had = before[target][at];
    const has = erase ? Math.min(had, 255 - cover) : Math.max(had, cover);
    if (has === had) return;
    masks[target][at] = has;
    if (erase) {
      masks[0][at] = before[0][at] + had - has;
      return;
    }
    let left = 255 - has; // the others lose in proportion; what rounding leaves goes to the last that has some
    let last = target ? 0 : 1;
    for (let place = 0; place < masks.length; place += 1) {
      if (place === target || !before[place][at]) continue;
      const kept = Math.min(left, Math.floor((before[place][at] * (255 - has)) / (255 - had)));
      masks[place][at] = kept;
      left -= kept;
      last = place;
    }
    if (left > 0 && last < masks.length) masks[last][at] += left;
  }

  /** Take the whole stroke back. */
  abandon() {
    this.before.forEach((mask, place) => this.masks[place].set(mask));
  }
}
