// What masks.js promises, without a page.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Stroke, addUp, covers, groupsOf, markPixels, nearest, regionAt, same, truthOf } from "../../stylizer/ui/stage/masks.js";

const frames = [0, 0.5, 1].map((strength) => ({ strength, image: `at ${strength}` }));

test("a strength between two keyframes blends them by its distance", () => {
  assert.deepEqual(nearest(0.75, frames), { below: "at 0.5", above: "at 1", blend: 0.5 });
  assert.deepEqual(nearest(0, frames), { below: "at 0", above: "at 0", blend: 0 });
  assert.deepEqual(nearest(1, frames), { below: "at 1", above: "at 1", blend: 0 });
});

test("a strength beyond the last keyframe shows the last", () => {
  const { above, blend } = nearest(1.5, frames);
  assert.equal(above, "at 1");
  assert.ok(blend <= 1);
});

test("strengths are one when no eye could tell them apart, and null is only null", () => {
  assert.ok(same(0.5, 0.503));
  assert.ok(!same(0.5, 0.51));
  assert.ok(same(null, null));
  assert.ok(!same(null, 0));
});

test("a true picture fits only if every region's strength does", () => {
  const truth = [{ strengths: [1, null, 0.5] }];
  assert.equal(truthOf(truth, [1, null, 0.5]), truth[0]);
  assert.equal(truthOf(truth, [1, 0, 0.5]), null);
  assert.equal(truthOf(truth, [1]), null);
});

test("regions that are painted alike are drawn together; those held, and kept, show the photo", () => {
  const layers = new Map([["own", [{ strength: 1, image: "own" }]]]);
  const entries = [
    { layer: "", strength: null },
    { layer: "own", strength: null },
    { layer: "keep", strength: null },
    { layer: "", strength: 0 },
    { layer: "", strength: 1 },
  ];
  const groups = groupsOf(entries, 1, [], layers, frames);
  assert.deepEqual(groups.map(({ places }) => places), [[0, 4], [1], [2, 3]]);
  assert.deepEqual(groups[1].frames.map(({ image }) => image), ["at 0", "own"]);
  assert.deepEqual(groupsOf(entries, 1, [0, 1], layers, frames).map(({ places }) => places), [[0, 1, 2, 3], [4]]);
});

test("regions with other colors are drawn apart, and follow the picture's color where they have none", () => {
  const entries = [
    { layer: "", strength: null, style_color: null },
    { layer: "", strength: null, style_color: 0.5 },
    { layer: "", strength: null, style_color: null },
  ];
  const groups = groupsOf(entries, 1, [], new Map(), frames, 0.2);
  assert.deepEqual(groups.map(({ places, color }) => [places, color]), [[[0, 2], 0.2], [[1], 0.5]]);
});

test("a gray region shows the photo alone, without color, unless it is held", () => {
  const entries = [{ layer: "gray", strength: null }, { layer: "keep", strength: null }, { layer: "", strength: null }];
  const [gray, kept, painted] = groupsOf(entries, 1, [], new Map(), frames);
  assert.deepEqual([gray.shown, kept.shown, painted.shown], [0, 0, 1]);
  assert.ok(1 - gray.color < 0 && 1 - painted.color === 0);
  assert.deepEqual(groupsOf(entries, 1, [0], new Map(), frames).map(({ places }) => places), [[0, 1], [2]]);
});

const [width, height] = [24, 16];
const halves = () => {
  const left = Uint8Array.from({ length: width * height }, (_, at) => (at % width < 12 ? 255 : 0));
  return [left, left.map((value) => 255 - value), new Uint8Array(width * height)];
};
const sums = (masks) => masks[0].map((_, at) => masks.reduce((sum, mask) => sum + mask[at], 0));

test("however a stroke goes, the masks sum to 255 everywhere", () => {
  for (const erase of [false, true]) {
    const masks = halves();
    const stroke = new Stroke(masks, [width, height], { target: 1, erase, radius: 4 });
    for (const point of [[2, 2], [11, 8], [20, 14], [-5, 30]]) stroke.lead(point);
    assert.ok(sums(masks).every((sum) => sum === 255));
    assert.notDeepEqual(masks, halves());
  }
});

test("a stroke covers its middle wholly, fades at its edge, and says what has changed", () => {
  const masks = halves();
  const area = new Stroke(masks, [width, height], { target: 2, erase: false, radius: 4 }).lead([12, 8]);
  assert.equal(masks[2][8 * width + 12], 255);
  assert.ok(masks[2][8 * width + 15] > 0 && masks[2][8 * width + 15] < 255);
  const [left, top, wide, tall] = area;
  masks[2].forEach((value, at) => {
    const [x, y] = [at % width, Math.floor(at / width)];
    if (value) assert.ok(x >= left && x < left + wide && y >= top && y < top + tall);
  });
});

test("a stroke that is abandoned leaves no trace", () => {
  const masks = halves();
  const stroke = new Stroke(masks, [width, height], { target: 1, erase: false, radius: 6 });
  stroke.lead([6, 6]);
  stroke.abandon();
  assert.deepEqual(masks, halves());
});

test("a pixel belongs to the region that has most of it, and to none outside", () => {
  assert.equal(regionAt(halves(), [width, height], 3.9, 2), 0);
  assert.equal(regionAt(halves(), [width, height], 20, 2), 1);
  assert.equal(regionAt(halves(), [width, height], -0.1, 2), -1);
  assert.equal(regionAt(halves(), [width, height], 3, height), -1);
  assert.ok(covers(halves()[0]) && !covers(halves()[2]));
});

test("masks are added up inside the area alone", () => {
  const sum = new Uint8Array(width * height);
  addUp(halves(), sum, width, [10, 4, 4, 2]);
  assert.equal(sum.filter((value) => value === 255).length, 8);
  assert.equal(sum[4 * width + 10], 255);
});

test("the outline lies on both sides of the edge, and the hatch inside", () => {
  const { outline, fill, area } = markPixels(halves()[0], [width, height], [0, 0, width, height], { color: [1, 2, 3], hatch: "none" });
  assert.deepEqual(area, [0, 0, width, height]);
  const alpha = (pixels, x, y) => pixels[4 * (y * width + x) + 3];
  assert.ok(alpha(outline, 11, 8) && alpha(outline, 12, 8) && !alpha(outline, 5, 8));
  assert.ok((alpha(fill, 4, 4) || alpha(fill, 5, 4)) && !alpha(fill, 14, 4));
  assert.equal(markPixels(halves()[0], [width, height], [40, 0, 2, 2], { color: [0, 0, 0], hatch: "dots" }), null);
});
