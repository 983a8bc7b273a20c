// Which of two status lines stays.
import assert from "node:assert/strict";
import { test } from "node:test";

import { newer } from "../../stylizer/ui/stage/line.js";

const said = (moment, words) => `<p data-at="${moment}" class="status">${words}</p>`;

test("what was said later stays, in whatever order the answers come", () => {
  const [painted, refused] = [said(1795694400000001, "Painted."), said(1795694400000002, "No picture.")];
  assert.equal(newer(painted, refused), refused);
  assert.equal(newer(refused, painted), refused);
});

test("whatever is said takes the place of what stood there first, and nothing within a sentence is a moment", () => {
  const first = '<p class="status">Bring a photo.</p>';
  assert.equal(newer(first, said(5, "Painted.")), said(5, "Painted."));
  assert.equal(newer('<p class="status">data-at="9"</p>', said(5, "Painted.")), said(5, "Painted."));
});
