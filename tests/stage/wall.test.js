// The wall's arithmetic: shares that sum to 100, and where arrows lead.
import assert from "node:assert/strict";
import { test } from "node:test";

import { balanced, neighbor, plain } from "../../stylizer/ui/stage/wall.js";

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

test("whatever one share is set to, all of the mix sum to 100 and the others keep their ratio", () => {
  assert.deepEqual(balanced([70, 50, 50, 50], 0, 2), [70, 30, 50, 50]);
  assert.deepEqual(balanced([40, 20, 40, 50], 0, 3), [40, 20, 40, 50]);
  assert.deepEqual(balanced([10, 60, 30, 50], 0, 3), [10, 60, 30, 50]);
  assert.deepEqual(balanced([100, 33, 33, 34], 0, 4), [100, 0, 0, 0]);
  assert.deepEqual(balanced([50, 0, 0, 0], 0, 3), [50, 25, 25, 0]);
  for (let moved = 0; moved < 4; moved += 1) {
    for (const set of [0, 1, 33, 99, 100, -5, 250, NaN]) {
      const shares = [25, 26, 24, 25];
      shares[moved] = set;
      const made = balanced(shares, moved, 4);
      assert.equal(sum(made), 100);
      assert.ok(made.every((share) => Number.isInteger(share) && share >= 0));
    }
  }
});

const grid = (columns, count, byColumn = false) =>
  Array.from({ length: count }, (_, place) => {
    const [column, row] = byColumn ? [Math.floor(place / columns), place % columns] : [place % columns, Math.floor(place / columns)];
    return { left: column * 100, top: row * 150, width: 90, height: 140 };
  });

test("arrows lead to what lies there, in rows as in a strip of two", () => {
  const rows = grid(4, 10);
  assert.equal(neighbor(rows, 1, "ArrowRight"), 2);
  assert.equal(neighbor(rows, 1, "ArrowDown"), 5);
  assert.equal(neighbor(rows, 5, "ArrowUp"), 1);
  assert.equal(neighbor(rows, 3, "ArrowRight"), 4, "the row is over");
  assert.equal(neighbor(rows, 4, "ArrowLeft"), 3);
  assert.equal(neighbor(rows, 0, "ArrowUp"), 0);
  assert.equal(neighbor(rows, 9, "ArrowRight"), 9);
  assert.equal(neighbor(rows, 6, "Home"), 0);
  assert.equal(neighbor(rows, 6, "End"), 9);
  const strip = grid(2, 9, true);
  assert.equal(neighbor(strip, 2, "ArrowRight"), 4);
  assert.equal(neighbor(strip, 2, "ArrowDown"), 3);
  assert.equal(neighbor(strip, 3, "ArrowLeft"), 1);
});

test("words are compared as people type them", () => {
  assert.equal(plain("Café, Čiurlionis, DÜRER"), "cafe, ciurlionis, durer");
});
