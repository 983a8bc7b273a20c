// Messages to a stage: pictures that are shown are kept, whatever order they arrive in.
import assert from "node:assert/strict";
import { test } from "node:test";

import { openMessages } from "../../stylizer/ui/stage/messages.js";

const frame = (strength, url) => ({ strength, file: { url } });
const message = (turn, frames) => ({ turn, photo: "mountains", size: [3, 2], frames, truth: [], layers: [], color: 1, alt: "" });

/** A stage without a page: pictures arrive when `arrive(address)` says so, and `dropped` are those deleted. */
function stage() {
  const waiting = new Map();
  const dropped = new Set();
  globalThis.window = { addEventListener() {} };
  globalThis.fetch = (address) => new Promise((resolve) => waiting.set(address, () => resolve({ ok: true, blob: () => address })));
  globalThis.createImageBitmap = async (address) => address;
  const state = { turn: -1, photo: null, strength: 1, awake: true, frames: [] };
  const painter = () => ({ keep: (picture) => picture, drop: (picture) => dropped.add(picture) });
  const nothing = () => {};
  const props = { value: null };
  const { receive } = openMessages({
    box: { dataset: {}, classList: { toggle: nothing } },
    props,
    state,
    painter,
    drawing: { describe: nothing, redraw: nothing },
    regions: { loadMasks: () => null, receive: nothing },
    settings: { colorMoves: () => false, rest: nothing },
    fit: nothing,
  });
  const say = (said) => {
    props.value = said;
    return receive();
  };
  return { state, dropped, say, arrive: (address) => waiting.get(address)() };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

test("a picture that a later message has fetched is kept while an earlier one is shown", async () => {
  const { state, dropped, say, arrive } = stage();
  say(message(1, [frame(0, "photo")]));
  say(message(1, [frame(0, "photo"), frame(1, "painting")]));
  arrive("painting");
  await settled();
  arrive("photo"); // both messages waited for it
  await settled();
  assert.deepEqual(state.frames.map(({ image }) => image), ["photo", "painting"]);
  assert.deepEqual([...dropped], []);
});

test("what no message needs any more is dropped", async () => {
  const { state, dropped, say, arrive } = stage();
  say(message(1, [frame(0, "photo"), frame(1, "moss")]));
  ["photo", "moss"].forEach(arrive);
  await settled();
  say(message(2, [frame(0, "photo"), frame(1, "rose")]));
  arrive("rose");
  await settled();
  assert.deepEqual(state.frames.map(({ image }) => image), ["photo", "rose"]);
  assert.deepEqual([...dropped], ["moss"]);
});

test("what comes of an older turn is not shown", async () => {
  const { state, say, arrive } = stage();
  say(message(1, [frame(0, "photo"), frame(1, "moss")]));
  say(message(2, [frame(0, "photo"), frame(1, "rose")]));
  ["photo", "rose"].forEach(arrive);
  await settled();
  arrive("moss");
  await settled();
  assert.deepEqual(state.frames.map(({ image }) => image), ["photo", "rose"]);
});

test("the true picture is shown before the keyframes are there, over those of the last turn", async () => {
  const { state, dropped, say, arrive } = stage();
  say(message(1, [frame(0, "photo"), frame(1, "moss")]));
  ["photo", "moss"].forEach(arrive);
  await settled();
  const truth = [{ strengths: [1.3], file: { url: "rose at 130" } }];
  say({ ...message(2, [frame(0, "photo")]), truth });
  arrive("rose at 130");
  await settled();
  assert.deepEqual(state.truth.map(({ image }) => image), ["rose at 130"]);
  assert.deepEqual(state.frames.map(({ image }) => image), ["photo", "moss"]);
  assert.deepEqual([...dropped], []);
  say({ ...message(2, [frame(0, "photo"), frame(1, "rose")]), truth });
  arrive("rose");
  await settled();
  assert.deepEqual(state.frames.map(({ image }) => image), ["photo", "rose"]);
  assert.deepEqual([...dropped], ["moss"]);
});
