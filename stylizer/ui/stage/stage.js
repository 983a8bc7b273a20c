// @ts-check
// The stage: shows the picture, and blends its keyframes while the strength slider moves.
//
// Each tab that shows a picture has one. What a stage belongs to stands in the data of its box: its name, and where
// the sliders and the place for photos are. `props.value` is a message of the studio (`message.py` says what is in
// it), always complete, so one that got lost does no harm; one of an older turn is dropped.

import { openDivider, openNavigation, openOriginal } from "./controls.js";
import { openFiles } from "./files.js";
import { same, truthOf } from "./masks.js";
import { openMessages } from "./messages.js";
import { choosePainter } from "./painters.js";
import { openRegions } from "./regions.js";
import { openSettings } from "./settings.js";
import { fitted, pictureRect, visibleSpan } from "./view.js";
import { say, translate } from "./words.js";

const FADE = 220; // ms in which the true picture fades in
const KNOB = 20; // CSS pixels from the divider's line to the end of its knob

/** What a stage shows before any message, at the strength `first`. */
const beginning = (first) => ({
  turn: -1,
  photo: null,
  size: [3, 2],
  frames: [], // {strength, image}, by strength; the photo itself is the one at 0
  layers: new Map(), // frames of the whole photo, painted like a region that has a painting of its own
  truth: [], // {strengths, image}: the picture's strength, and each region's own
  shown: null, // the truth being faded in
  since: 0, // when its fade began
  alt: "",
  strength: first,
  color: 1, // how much of the style's color, and how much the true pictures have
  trueColor: 1,
  split: 0, // share of the picture, from the left, that shows the photo
  view: fitted(),
  original: false,
  awake: false, // whether the visitor has stirred
  drawn: 0,
});

/** Begin a stage with what Gradio gives the script of a component. */
export function openStage({ element, trigger, props, watch }) {
  const box = element.querySelector(".stage");
  const canvas = element.querySelector("canvas");
  const divider = element.querySelector(".stage-divider");
  translate(element);

  const plain = new URLSearchParams(location.search).has("plain");
  let kept = choosePainter(canvas, plain);
  const painter = () => kept;
  box.dataset.painter = kept.kind;

  const state = beginning(Number(box.dataset.first));
  const pointers = new Map();
  const rect = () => pictureRect(state.size, canvas, state.view);
  const drawing = openDrawing({ box, canvas, divider, state, painter, rect, regions: () => regions });
  const { redraw, describe } = drawing;
  // navigation hears of a pointer first: regions ask how many there are
  const mayPan = () => !regions.stillPainting();
  const { fit } = openNavigation({ element, box, canvas, state, redraw, pointers, mayPan });
  const regions = openRegions({ element, box, canvas, trigger, state, painter, rect, redraw, pointers });
  openDivider({ box, canvas, divider, state, rect, redraw });
  openOriginal({ element, box, state, redraw, describe });
  openFiles({ box, trigger });
  const settings = openSettings({ box, trigger, state, drawing, regions });
  const messages = openMessages({ box, props, state, painter, drawing, regions, settings, fit });

  // a browser may take the graphics memory away, on phones above all; everything is built again from the message
  canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
  canvas.addEventListener("webglcontextrestored", () => {
    kept = choosePainter(canvas, plain);
    messages.forgetPictures();
    regions.forgetMasks();
    state.frames = state.truth = [];
    messages.receive();
  });

  // Gradio's own events reach a stage through its name: changes that no pointer or key made.
  const { setStrength, setColor, adjusted } = settings;
  const stages = /** @type {any} */ (window);
  stages.stages = { ...stages.stages, [box.dataset.stage]: { setStrength, setColor, adjusted, ...regions.reached } };

  watch("value", messages.receive);
  messages.receive();
}

/** Draw a stage whenever it is asked to; `painter` and `regions` tell whose they are now. */
function openDrawing({ box, canvas, divider, state, painter, rect, regions }) {
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  let waiting = false;

  /** The truth for the strengths that are set now, or nothing. */
  function presentTruth() {
    const wanted = [state.strength, ...regions().strengths()];
    const others = regions().beforeShown() || regions().masksTouched() || !same(state.color, state.trueColor);
    return others ? null : truthOf(/** @type {{strengths: number[], image: object}[]} */ (state.truth), wanted);
  }

  const isKeyframe = () =>
    !regions().strengths().length && state.frames.some(({ strength }) => same(strength, state.strength));

  function draw(now) {
    waiting = false;
    if (!state.frames.length || !canvas.width) return;
    const place = rect();
    const [left, right] = visibleSpan(place, canvas);
    const photo = state.frames[0].image;
    const truth = presentTruth();
    if (truth !== state.shown) {
      state.shown = truth;
      state.since = now;
    }
    const fade = !truth ? 0 : calm.matches ? 1 : Math.min(1, (now - state.since) / FADE);
    const split = state.original ? canvas.width : state.split > 0 ? left + state.split * (right - left) : 0;
    painter().draw({ groups: regions().groupsToDraw(), truth: truth && truth.image, photo, fade, split, rect: place });
    regions().drawMarks(place);
    placeDivider(left, right);
    state.drawn += 1;
    box.dataset.drawn = state.drawn;
    box.dataset.strength = state.strength;
    box.dataset.settled = Boolean(truth && fade === 1) || isKeyframe();
    if (truth && fade < 1) redraw();
  }

  function placeDivider(left, right) {
    const stand = (left + state.split * (right - left)) * (canvas.clientWidth / canvas.width);
    const inset = Math.max(0, KNOB - stand) - Math.max(0, stand + KNOB - canvas.clientWidth); // keeps the knob whole
    divider.style.left = `${stand}px`;
    divider.style.setProperty("--inset", `${inset}px`);
  }

  function redraw() {
    if (!waiting) {
      waiting = true;
      requestAnimationFrame(draw);
    }
  }

  function describe() {
    const strength = Math.round(state.strength * 100);
    const shown = state.original ? say("The original is shown.") : say("Strength {strength} percent.", { strength });
    canvas.setAttribute("aria-label", `${state.alt} ${shown}`.trim());
  }

  function resize() {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (!width || !height || (width === canvas.width && height === canvas.height)) return;
    [canvas.width, canvas.height] = [width, height];
    if (state.frames.length) draw(performance.now()); // a resized canvas is empty until it is drawn
  }
  new ResizeObserver(resize).observe(canvas);
  resize();

  return { redraw, describe, presentTruth, isKeyframe };
}
