// @ts-check
// The stage: shows the picture, and blends its keyframes while the strength slider moves.
//
// Each tab that shows a picture has one. What a stage belongs to stands in the data of its box: its name, and where
// the sliders and the place for photos are. `props.value` is a message of the studio (`message.py` says what is in
// it), always complete, so one that got lost does no harm; one of an older turn is dropped.

import { same, truthOf } from "./masks.js";
import { choosePainter } from "./painters.js";
import { openRegions } from "./regions.js";
import { fitted, panned, pictureRect, visibleSpan, zoomed } from "./view.js";
import { say, translate } from "./words.js";

const REST = 150; // ms without a move before the true picture is asked for
const ADJUST = 250; // ms without a move before brush or detail are painted anew
const LIVE = 700; // ms after which they are painted anew in the middle of a move
const FADE = 220; // ms in which the true picture fades in
const KNOB = 20; // CSS pixels from the divider's line to the end of its knob
const STEP = 1.25; // by which a key or a button zooms

/** Begin a stage with what Gradio gives the script of a component. */
export function openStage({ element, trigger, props, watch }) {
  const find = (name) => element.querySelector(name);
  const box = find(".stage");
  const canvas = find("canvas");
  const divider = find(".stage-divider");
  translate(element);
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

  const { stage: name, strengthSlider, colorSlider, photoPlace } = box.dataset; // a name, and selectors
  const first = Number(box.dataset.first); // the strength at which it begins, and the largest
  const most = Number(box.dataset.most);

  const state = {
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
    drawn: 0,
  };

  // ---- images: every address is fetched and decoded once ------------------------------------------------------

  const images = new Map();

  function load(address) {
    if (!images.has(address)) {
      const image = fetch(address)
        .then((answer) => {
          if (!answer.ok) throw new Error(`picture answered ${answer.status}`);
          return answer.blob();
        })
        .then((blob) => createImageBitmap(blob, { premultiplyAlpha: "premultiply" }))
        .then((bitmap) => painter.keep(bitmap));
      image.catch(() => images.delete(address));
      images.set(address, image);
    }
    return images.get(address);
  }

  let coloredAt = -1e9; // when the artist last moved the color
  const awaited = new Map(); // serial of a message on its way to the stage -> the addresses it needs

  function forget(kept) {
    const needed = new Set([...kept, ...[...awaited.values()].flat()]);
    for (const [address, image] of images) {
      if (!needed.has(address)) {
        images.delete(address);
        image.then((texture) => painter.drop(texture), () => {});
      }
    }
  }

  const plain = new URLSearchParams(location.search).has("plain");
  let painter = choosePainter(canvas, plain);
  box.dataset.painter = painter.kind;

  const rect = () => pictureRect(state.size, canvas, state.view);
  const pointers = new Map();
  const regions = openRegions({ element, box, canvas, trigger, state, painter: () => painter, rect, redraw, pointers });

  // a browser may take the graphics memory away, on phones above all; everything is built again from the message
  canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
  canvas.addEventListener("webglcontextrestored", () => {
    painter = choosePainter(canvas, plain);
    images.clear();
    regions.forgetMasks();
    state.frames = state.truth = [];
    receive(props.value);
  });

  // ---- drawing ------------------------------------------------------------------------------------------------

  /** The truth for the strengths that are set now, or nothing. */
  function presentTruth() {
    const wanted = [state.strength, ...regions.strengths()];
    const others = regions.beforeShown() || regions.masksTouched() || !same(state.color, state.trueColor);
    return others ? null : truthOf(state.truth, wanted);
  }

  const isKeyframe = () =>
    !regions.strengths().length && state.frames.some(({ strength }) => same(strength, state.strength));

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
    painter.draw({ groups: regions.groupsToDraw(), truth: truth && truth.image, photo, fade, split, rect: place });
    regions.drawMarks(place);
    const ratio = canvas.width / canvas.clientWidth;
    const stand = (left + state.split * (right - left)) / ratio;
    divider.style.left = `${stand}px`;
    const inset = Math.max(0, KNOB - stand) - Math.max(0, stand + KNOB - canvas.clientWidth); // keeps the knob whole
    divider.style.setProperty("--inset", `${inset}px`);
    state.drawn += 1;
    box.dataset.drawn = state.drawn;
    box.dataset.strength = state.strength;
    box.dataset.settled = Boolean(truth && fade === 1) || isKeyframe();
    if (truth && fade < 1) redraw();
  }

  let waiting = false;
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

  // ---- messages of the studio ---------------------------------------------------------------------------------

  // Until the visitor stirs, the greeting needs no more than the photo and the painting.
  let awake = false;
  for (const sign of ["pointermove", "pointerdown", "keydown", "input"]) {
    const wake = () => {
      if (!awake) {
        awake = true;
        receive(props.value);
      }
    };
    window.addEventListener(sign, wake, { once: true, passive: true, capture: true });
  }

  async function receive(message) {
    if (!message || message.turn < state.turn) return;
    box.classList.toggle("busy", Boolean(message.busy));
    const asked = ({ strength }) => awake || message.turn > 0 || strength === 0 || strength === first;
    const wanted = { frames: message.frames.filter(asked), truth: message.truth, layers: message.layers };
    const every = [...wanted.frames, ...wanted.truth, ...wanted.layers.flatMap((layer) => layer.frames)];
    const ready = (list) => Promise.all(list.map(async (entry) => ({ ...entry, image: await load(entry.file.url) })));
    const ordered = (frames) => frames.sort((a, b) => a.strength - b.strength);
    const addresses = every.map(({ file }) => file.url);
    const serial = ++receive.serial;
    awaited.set(serial, addresses);
    let frames, truth, layers, masks;
    try {
      [frames, truth, layers, masks] = await Promise.all([
        ready(wanted.frames),
        ready(wanted.truth),
        Promise.all(wanted.layers.map(async (layer) => [layer.key, ordered(await ready(layer.frames))])),
        regions.loadMasks(message.regions),
      ]);
    } catch (error) {
      console.warn("A picture did not arrive:", error.message);
      return;
    } finally {
      awaited.delete(serial);
    }
    if (serial < receive.applied || message.turn < state.turn) return;
    const otherPhoto = message.photo !== state.photo;
    if (message.turn > state.turn && frames.length < 2 && !otherPhoto) return; // nothing new to see yet
    receive.applied = serial;
    if (performance.now() - coloredAt > REST) state.color = message.color;
    Object.assign(state, {
      trueColor: message.color,
      turn: message.turn,
      photo: message.photo,
      size: message.size,
      frames: ordered(frames),
      layers: new Map(layers),
      truth,
      alt: message.alt,
    });
    box.dataset.turn = state.turn;
    box.dataset.frames = frames.length;
    forget(addresses);
    if (otherPhoto) {
      fit();
      if (name === "stage") /** @type {any} */ (window).wall?.another();
    }
    regions.receive(message.regions, masks);
    describe();
    redraw();
    if (!message.busy) rest();
  }
  receive.serial = receive.applied = 0;

  // ---- strength and the other settings ------------------------------------------------------------------------

  let [resting, keeping] = [0, 0];
  function rest() {
    clearTimeout(resting);
    resting = setTimeout(() => {
      if (state.frames.length < 2 || isKeyframe() || presentTruth() || regions.stillPainting()) return;
      trigger("rest");
    }, REST);
  }

  function setStrength(strength) {
    if (!Number.isFinite(strength) || Math.abs(strength - state.strength) < 1e-9) return;
    state.strength = Math.min(most, Math.max(0, strength));
    describe();
    redraw();
    rest();
    clearTimeout(keeping);
    keeping = setTimeout(() => awake && trigger("keep"), REST);
  }

  /** Color is blended here, too; the studio is told where it comes to rest. */
  function setColor(color) {
    if (!Number.isFinite(color) || Math.abs(color - state.color) < 1e-9) return;
    state.color = Math.min(1, Math.max(0, color));
    coloredAt = performance.now();
    redraw();
    rest();
    clearTimeout(keeping);
    keeping = setTimeout(() => trigger("keep"), REST);
  }

  let adjusting = 0;
  let adjustedAt = 0;
  function adjusted() {
    clearTimeout(adjusting);
    const tell = () => {
      adjustedAt = performance.now();
      trigger("adjust");
    };
    // the picture follows a drag now and then, and shows where it ends
    adjusting = setTimeout(tell, performance.now() - adjustedAt > LIVE ? 0 : ADJUST);
  }

  document.addEventListener(
    "input",
    ({ target }) => {
      if (!(target instanceof HTMLInputElement) || target.value === "") return;
      if (target.closest(strengthSlider)) setStrength(target.valueAsNumber / 100);
      if (target.closest(colorSlider)) setColor(target.valueAsNumber / 100);
    },
    true,
  );

  // ---- zoom, pan, divider, original ---------------------------------------------------------------------------

  function resize() {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (!width || !height || (width === canvas.width && height === canvas.height)) return;
    [canvas.width, canvas.height] = [width, height];
    if (state.frames.length) draw(performance.now()); // a resized canvas is empty until it is drawn
  }
  new ResizeObserver(resize).observe(canvas);

  function look(view) {
    state.view = view;
    box.classList.toggle("zoomed", view.zoom > 1);
    redraw();
  }

  /** Zoom by a factor and keep the place under the pointer (in CSS pixels of the canvas) where it is. */
  function zoomBy(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
    const ratio = canvas.width / canvas.clientWidth;
    look(zoomed(state.size, canvas, state.view, factor, x * ratio, y * ratio));
  }

  function panBy(x, y) {
    const ratio = canvas.width / canvas.clientWidth;
    look(panned(state.size, canvas, state.view, x * ratio, y * ratio));
  }

  const fit = () => look(fitted());

  function setSplit(split) {
    state.split = Math.min(1, Math.max(0, split));
    const percent = Math.round(state.split * 100);
    divider.setAttribute("aria-valuenow", percent);
    divider.setAttribute("aria-valuetext", say("{percent} percent of the picture shows the photo", { percent }));
    box.classList.toggle("divided", state.split > 0);
    redraw();
  }

  function showOriginal(shown) {
    state.original = shown;
    box.classList.toggle("original", shown);
    find("[data-act=original]").setAttribute("aria-pressed", shown);
    describe();
    redraw();
  }

  canvas.addEventListener("pointerdown", (event) => {
    box.focus({ preventScroll: true });
    pointers.set(event.pointerId, event);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    if (pointers.size === 2) {
      const other = [...pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
      const reach = (pointer) => Math.hypot(pointer.offsetX - other.offsetX, pointer.offsetY - other.offsetY) || 1;
      zoomBy(reach(event) / reach(before), (event.offsetX + other.offsetX) / 2, (event.offsetY + other.offsetY) / 2);
    } else if (state.view.zoom > 1 && !regions.stillPainting()) {
      panBy(event.offsetX - before.offsetX, event.offsetY - before.offsetY);
    }
    pointers.set(event.pointerId, event);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => pointers.delete(event.pointerId));
  }
  canvas.addEventListener("dblclick", (event) => (state.view.zoom > 1 ? fit() : zoomBy(2.5, event.offsetX, event.offsetY)));
  canvas.addEventListener(
    "wheel",
    (event) => {
      // a page that catches every wheel cannot be scrolled past its picture: zoom with Ctrl, or once chosen
      if (!event.ctrlKey && !box.contains(document.activeElement)) return;
      event.preventDefault();
      zoomBy(Math.exp(-event.deltaY / (event.ctrlKey ? 120 : 400)), event.offsetX, event.offsetY);
    },
    { passive: false },
  );

  divider.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    divider.focus({ preventScroll: true });
    divider.setPointerCapture(event.pointerId);
  });
  divider.addEventListener("pointermove", (event) => {
    if (!divider.hasPointerCapture(event.pointerId)) return;
    const ratio = canvas.width / canvas.clientWidth;
    const [left, right] = visibleSpan(rect(), canvas);
    setSplit(((event.clientX - canvas.getBoundingClientRect().left) * ratio - left) / (right - left));
  });
  divider.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: -0.05, ArrowDown: -0.05, ArrowRight: 0.05, ArrowUp: 0.05, PageUp: 0.2, PageDown: -0.2, Home: -1, End: 1 };
    if (!(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
    setSplit(state.split + moves[event.key]);
  });

  const acts = {
    closer: () => zoomBy(STEP),
    farther: () => zoomBy(1 / STEP),
    fit,
  };
  const keys = { "+": "closer", "=": "closer", "-": "farther", _: "farther", 0: "fit" };
  const pans = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in keys) acts[keys[event.key]]();
    else if (event.key.toLowerCase() === "o") showOriginal(true);
    else if (event.key in pans && state.view.zoom > 1 && event.target === box) panBy(...pans[event.key]);
    else return;
    event.preventDefault();
  });
  box.addEventListener("keyup", (event) => event.key.toLowerCase() === "o" && showOriginal(false));
  box.addEventListener("focusout", () => showOriginal(false));
  element.querySelectorAll("[data-act]").forEach((button) => {
    const act = button.dataset.act;
    if (act !== "original") return void button.addEventListener("click", acts[act]);
    button.addEventListener("pointerdown", () => showOriginal(true));
    for (const end of ["pointerup", "pointerleave", "pointercancel"]) button.addEventListener(end, () => showOriginal(false));
    button.addEventListener("keydown", (event) => [" ", "Enter"].includes(event.key) && showOriginal(true));
    button.addEventListener("keyup", (event) => [" ", "Enter"].includes(event.key) && showOriginal(false));
  });

  // ---- dropped and pasted pictures go the way of the upload buttons --------------------------------------------

  const isPicture = ({ name: file }) => /\.(jpe?g|jfif|png|webp|avif|hei[cf]|bmp|tiff?|gif)$/i.test(file); // as the buttons take

  const isStyle = ({ name: file }) => /\.safetensors$/i.test(file); // a painting that was studied

  function bring(files, place) {
    const styles = name === "stage" && [...files].some(isStyle);
    const several = place === photoPlace && [...files].filter(isPicture).length > 1;
    const where = styles ? STYLES.photo : several && name === "stage" ? BATCH : place;
    const pictures = [...files].filter((file) => isPicture(file) || (styles && isStyle(file)));
    if (files.length && !pictures.length) trigger("refuse", { name: files[0].name });
    const input = /** @type {HTMLInputElement | null} */ (document.querySelector(`${where} input[type=file]`));
    if (!pictures.length || !input) return;
    const carrier = new DataTransfer();
    (input.multiple ? pictures : pictures.slice(0, 1)).forEach((file) => carrier.items.add(file));
    input.files = carrier.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  const onView = () => box.offsetParent !== null; // the others' tabs are hidden
  const BATCH = "#batch"; // several photos are painted into a zip; what is odd among them is named there
  const STYLES = { panel: "#styles-panel", photo: "#own-style" };
  const goal = (event) => (event.target.closest?.(STYLES.panel) ? STYLES.photo : photoPlace);
  // what a button was given, and cannot take, is answered here as well: Gradio's notice would cover the page
  document.addEventListener(
    "change",
    (event) => {
      const input = event.target;
      if (!onView() || !(input instanceof HTMLInputElement) || input.type !== "file") return;
      const styles = input.closest(STYLES.photo);
      const odd = [...(input.files || [])].find((file) => !isPicture(file) && !(styles && isStyle(file)));
      if (!odd) return;
      event.stopImmediatePropagation();
      input.value = ""; // the same file may be tried again
      trigger("refuse", { name: odd.name });
    },
    true,
  );

  document.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    box.classList.toggle("dropping", goal(event) === photoPlace);
    document.querySelector(STYLES.panel)?.classList.toggle("dropping", goal(event) === STYLES.photo);
  });
  const dropEnded = () => document.querySelectorAll(".dropping").forEach((place) => place.classList.remove("dropping"));
  document.addEventListener("dragleave", (event) => event.relatedTarget || dropEnded());
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    dropEnded();
    if (onView()) bring(event.dataTransfer.files, goal(event));
  });
  document.addEventListener("paste", (event) => {
    if (onView() && event.clipboardData?.files.length) bring(event.clipboardData.files, photoPlace);
  });

  // Gradio's own events reach a stage through its name: changes that no pointer or key made.
  const stages = /** @type {any} */ (window);
  stages.stages = { ...stages.stages, [name]: { setStrength, setColor, adjusted, ...regions.reached } };

  watch("value", () => receive(props.value));
  receive(props.value);
  resize();
  // a tab that is opened late may find its slider elsewhere than at full strength
  requestAnimationFrame(() => {
    const slider = /** @type {HTMLInputElement | null} */ (document.querySelector(`${strengthSlider} input[type=range]`));
    setStrength(slider?.valueAsNumber / 100);
  });
}
