// Which visit a tab comes back to.
import assert from "node:assert/strict";
import { test } from "node:test";

import { candidates, readVisits, withVisit } from "../../stylizer/ui/stage/visit.js";

const DAY = 86400e3;

test("a tab comes back to its own visit first, then to the newest of the browser's", () => {
  const known = withVisit(withVisit([], "first", DAY), "second", DAY + 1);
  assert.deepEqual(candidates(null, known, DAY + 2), ["second", "first"]);
  assert.deepEqual(candidates("first", known, DAY + 2), ["first", "second"]);
});

test("visits that the studio has deleted by now are not asked for", () => {
  const known = [{ id: "old", seen: 0 }, { id: "new", seen: 2 * DAY }];
  assert.deepEqual(candidates(null, known, 2.5 * DAY), ["new"]);
  assert.deepEqual(withVisit(known, "newest", 2.5 * DAY).map(({ id }) => id), ["newest", "new"]);
});

test("the list never grows without end, and damaged storage is an empty list", () => {
  let known = [];
  for (let visit = 0; visit < 40; visit += 1) known = withVisit(known, `${visit}`, visit);
  assert.equal(known.length, 12);
  for (const damaged of ["", "{", "7", '{"id": 1}', '[{"id": 1}, null, 3]']) assert.deepEqual(readVisits(damaged), []);
});
