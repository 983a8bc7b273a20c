// Where the picture is on its canvas.
import assert from "node:assert/strict";
import { test } from "node:test";

import { fitted, panned, pictureRect, visibleSpan, zoomed } from "../../stylizer/ui/stage/view.js";

const size = [300, 200];
const canvas = { width: 900, height: 900 };
const near = (one, other) => assert.ok(Math.abs(one - other) < 1e-6, `${one} is not ${other}`);

test("a picture that fits stands in the middle, whole", () => {
  assert.deepEqual(pictureRect(size, canvas, fitted()), { x: 0, y: 150, width: 900, height: 600 });
  assert.deepEqual(visibleSpan(pictureRect(size, { width: 900, height: 400 }, fitted()), canvas), [150, 750]);
});

test("zooming keeps the place under the pointer where it is", () => {
  const view = zoomed(size, canvas, zoomed(size, canvas, fitted(), 4, 450, 450), 1.5, 300, 500);
  const place = (at) => {
    const rect = pictureRect(size, canvas, at);
    return [(300 - rect.x) / rect.width, (500 - rect.y) / rect.height];
  };
  const before = place(zoomed(size, canvas, fitted(), 4, 450, 450));
  place(view).forEach((share, axis) => near(share, before[axis]));
});

test("zoom has bounds, and a zoomed picture never leaves a gap", () => {
  assert.equal(zoomed(size, canvas, fitted(), 1000, 0, 0).zoom, 12);
  assert.equal(zoomed(size, canvas, fitted(), 0.001, 0, 0).zoom, 1);
  const far = panned(size, canvas, { zoom: 4, center: [0.5, 0.5] }, 1e6, -1e6);
  const rect = pictureRect(size, canvas, far);
  assert.ok(rect.x <= 0 && rect.x + rect.width >= canvas.width && rect.y <= 0 && rect.y + rect.height >= canvas.height);
});

test("the picture follows the pointer that drags it", () => {
  const view = { zoom: 4, center: [0.5, 0.5] };
  const moved = pictureRect(size, canvas, panned(size, canvas, view, 60, -30));
  const before = pictureRect(size, canvas, view);
  near(moved.x - before.x, 60);
  near(moved.y - before.y, -30);
});
