// The stage: shows the picture, and blends its keyframes while the strength slider moves.
//
// Gradio runs this file as the body of a function of (element, trigger, props, server, upload, watch), once for
// every stage: each tab that shows a picture has one. What a stage belongs to stands in the data of its box: its
// name, and where the sliders and the place for photos are.
// `props.value` is a message of the studio, always complete, so one that got lost does no harm:
//   {turn, photo, size: [width, height], frames: [{strength, file}], truth: [{strengths, file}], busy, alt,
//    regions, layers: [{key, frames}]}
// A message of an older turn is dropped. The stage triggers 'rest' when the slider rests at a strength whose
// true picture it does not have, and 'look' when the settings that need the painter have come to rest.
// Regions, their legend and the brush live in regions.js, which is run right after this file, in its scope.

const REST = 150; // ms without a move before the true picture is asked for
const LOOK = 250; // ms without a move before color, brush or detail are painted anew
const FADE = 220; // ms in which the true picture fades in
const SAME = 0.004; // strengths closer than this are one
const KNOB = 20; // CSS pixels from the divider's line to the end of its knob
const ZOOM = { least: 1, most: 12, step: 1.25 };

const find = (name) => element.querySelector(name);
const box = find(".stage");
const canvas = find("canvas");
const divider = find(".stage-divider");
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

const { stage: name, strengthSlider, regionSlider, photoPlace } = box.dataset; // a name, and selectors

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
  strength: 1,
  split: 0, // share of the picture, from the left, that shows the photo
  zoom: 1,
  center: [0.5, 0.5], // the place of the picture in the middle of the stage
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

// ---- painters: WebGL2, and the plain canvas where there is none ---------------------------------------------

const VERTEX = `#version 300 es
in vec2 corner; uniform vec4 place; out vec2 at;
void main() { at = corner; vec2 p = place.xy + corner * place.zw; gl_Position = vec4(p * 2.0 - 1.0, 0.0, 1.0); }`;

// The two nearest keyframes are blended in sRGB, as it is stored: nearest to the true picture of the spaces tried.
const FRAGMENT = `#version 300 es
precision highp float;
in vec2 at; out vec4 color;
uniform sampler2D below, above, mask; uniform float blend, masked;
void main() {
  vec2 uv = vec2(at.x, 1.0 - at.y);
  color = mix(texture(below, uv), texture(above, uv), blend) * mix(1.0, texture(mask, uv).r, masked);
}`;

function webglPainter(gl) {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
  gl.useProgram(program);
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]), gl.STATIC_DRAW);
  gl.enableVertexAttribArray(gl.getAttribLocation(program, "corner"));
  gl.vertexAttribPointer(gl.getAttribLocation(program, "corner"), 2, gl.FLOAT, false, 0, 0);
  const uniform = (name) => gl.getUniformLocation(program, name);
  ["below", "above", "mask"].forEach((name, unit) => gl.uniform1i(uniform(name), unit));
  const places = { place: uniform("place"), blend: uniform("blend"), masked: uniform("masked") };
  const stamp = (below, above, blend, mask) => {
    [below, above, mask || below].forEach((texture, unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, texture);
    });
    gl.uniform1f(places.blend, blend);
    gl.uniform1f(places.masked, mask ? 1 : 0);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  };
  const clamp = (texture) => {
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    return texture;
  };

  return {
    kind: "webgl2",
    keep(bitmap) {
      const texture = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
      gl.generateMipmap(gl.TEXTURE_2D);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
      bitmap.close();
      return clamp(texture);
    },
    drop: (texture) => gl.deleteTexture(texture),
    /** Keep a mask, an array of bytes row by row; `box` [left, top, width, height] renews a part of it. */
    keepMask(mask, bytes, [width, height], box) {
      const texture = mask || gl.createTexture();
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
      if (mask && box) {
        gl.pixelStorei(gl.UNPACK_ROW_LENGTH, width);
        gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, box[0]);
        gl.pixelStorei(gl.UNPACK_SKIP_ROWS, box[1]);
        gl.texSubImage2D(gl.TEXTURE_2D, 0, ...box, gl.RED, gl.UNSIGNED_BYTE, bytes);
        for (const name of ["ROW_LENGTH", "SKIP_PIXELS", "SKIP_ROWS"]) gl.pixelStorei(gl[`UNPACK_${name}`], 0);
      } else {
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, width, height, 0, gl.RED, gl.UNSIGNED_BYTE, bytes);
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
        clamp(texture);
      }
      gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
      return texture;
    },
    draw({ groups, truth, photo, fade, split, rect }) {
      const { width, height } = canvas;
      gl.viewport(0, 0, width, height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.uniform4f(places.place, rect.x / width, 1 - (rect.y + rect.height) / height, rect.width / width, rect.height / height);
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.ONE, gl.ONE); // the masks sum to one, so the regions' shares simply add up
      for (const { below, above, blend, mask } of groups) stamp(below, above, blend, mask);
      if (truth) {
        gl.blendColor(0, 0, 0, fade);
        gl.blendFunc(gl.CONSTANT_ALPHA, gl.ONE_MINUS_CONSTANT_ALPHA);
        stamp(truth, truth, 0, null);
      }
      gl.disable(gl.BLEND);
      if (split > 0) {
        gl.enable(gl.SCISSOR_TEST);
        gl.scissor(0, 0, Math.round(split), height);
        stamp(photo, photo, 0, null);
        gl.disable(gl.SCISSOR_TEST);
      }
    },
  };
}

function plainPainter(context) {
  const stamp = (image, share, rect) => {
    if (share <= 0) return;
    context.globalAlpha = share;
    context.drawImage(image, rect.x, rect.y, rect.width, rect.height);
  };
  const scratch = document.createElement("canvas").getContext("2d");
  const masked = ({ below, above, blend, mask }) => {
    const [width, height] = [mask.canvas.width, mask.canvas.height];
    Object.assign(scratch.canvas, { width, height }); // which clears it, too
    scratch.drawImage(below, 0, 0, width, height);
    scratch.globalAlpha = blend;
    if (blend > 0) scratch.drawImage(above, 0, 0, width, height);
    scratch.globalAlpha = 1;
    scratch.globalCompositeOperation = "destination-in";
    scratch.drawImage(mask.canvas, 0, 0);
    return scratch.canvas;
  };
  return {
    kind: "2d",
    keep: (bitmap) => bitmap,
    drop: (kept) => kept.close?.(),
    keepMask(mask, bytes, [width, height], box = [0, 0, width, height]) {
      const context = mask || Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
      const part = context.createImageData(box[2], box[3]);
      for (let y = 0, at = 3; y < box[3]; y += 1) {
        const row = (box[1] + y) * width + box[0];
        for (let x = 0; x < box[2]; x += 1, at += 4) part.data[at] = bytes[row + x];
      }
      context.putImageData(part, box[0], box[1]);
      return context;
    },
    draw({ groups, truth, photo, fade, split, rect }) {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      for (const group of groups) {
        if (!group.mask) {
          stamp(group.below, 1, rect);
          stamp(group.above, group.blend, rect);
          continue;
        }
        const picture = masked(group);
        context.globalCompositeOperation = "lighter"; // the masks sum to one, so the regions' shares add up
        stamp(picture, 1, rect);
        context.globalCompositeOperation = "source-over";
      }
      if (truth) stamp(truth, fade, rect);
      if (split > 0) {
        context.save();
        context.beginPath();
        context.rect(0, 0, split, canvas.height);
        context.clip();
        context.clearRect(0, 0, split, canvas.height);
        stamp(photo, 1, rect);
        context.restore();
      }
      context.globalAlpha = 1;
    },
  };
}

function choosePainter() {
  const plain = new URLSearchParams(location.search).has("plain");
  const gl = plain ? null : canvas.getContext("webgl2", { antialias: false, preserveDrawingBuffer: true });
  return gl ? webglPainter(gl) : plainPainter(canvas.getContext("2d"));
}

let painter = choosePainter();
box.dataset.painter = painter.kind;

// a browser may take the graphics memory away, on phones above all; everything is built again from the message
canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
canvas.addEventListener("webglcontextrestored", () => {
  painter = choosePainter();
  images.clear();
  forgetMasks();
  state.frames = state.truth = [];
  receive(props.value);
});

// ---- drawing ------------------------------------------------------------------------------------------------

/** The picture's rectangle in pixels of the canvas, at the present zoom. */
function pictureRect(zoom = state.zoom) {
  const [width, height] = state.size;
  const scale = Math.min(canvas.width / width, canvas.height / height) * zoom;
  const size = [width * scale, height * scale];
  const start = [canvas.width, canvas.height].map((room, axis) => {
    if (size[axis] <= room) return (room - size[axis]) / 2;
    const wanted = room / 2 - state.center[axis] * size[axis];
    return Math.min(0, Math.max(room - size[axis], wanted));
  });
  return { x: start[0], y: start[1], width: size[0], height: size[1] };
}

/** The part of the picture that is on the stage, from left to right, in pixels of the canvas. */
function visibleSpan(rect) {
  return [Math.max(0, rect.x), Math.min(canvas.width, rect.x + rect.width)];
}

function nearest(strength, frames = state.frames) {
  let above = frames.findIndex((frame) => frame.strength >= strength - 1e-6);
  if (above < 0) above = frames.length - 1;
  const below = Math.max(0, above - (frames[above].strength > strength ? 1 : 0));
  const [low, high] = [frames[below], frames[above]];
  const blend = high.strength > low.strength ? (strength - low.strength) / (high.strength - low.strength) : 0;
  return { below: low.image, above: high.image, blend: Math.min(1, Math.max(0, blend)) };
}

const same = (one, other) => one === other || (one !== null && other !== null && Math.abs(one - other) < SAME);

/** The truth for the strengths that are set now, or nothing. */
function presentTruth() {
  const wanted = [state.strength, ...regionStrengths()];
  const fits = ({ strengths }) =>
    strengths.length === wanted.length && strengths.every((strength, place) => same(strength, wanted[place]));
  return beforeShown() || masksTouched() ? null : state.truth.find(fits) || null;
}

const isKeyframe = () => !regionStrengths().length && state.frames.some(({ strength }) => same(strength, state.strength));

function draw(now) {
  waiting = false;
  if (!state.frames.length || !canvas.width) return;
  const rect = pictureRect();
  const [left, right] = visibleSpan(rect);
  const photo = state.frames[0].image;
  const truth = presentTruth();
  if (truth !== state.shown) {
    state.shown = truth;
    state.since = now;
  }
  const fade = !truth ? 0 : calm.matches ? 1 : Math.min(1, (now - state.since) / FADE);
  const split = state.original ? canvas.width : state.split > 0 ? left + state.split * (right - left) : 0;
  painter.draw({ groups: groupsToDraw(), truth: truth && truth.image, photo, fade, split, rect });
  drawMarks(rect);
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
  const label = state.original ? `${state.alt} The original is shown.` : `${state.alt} Strength ${strength} percent.`;
  canvas.setAttribute("aria-label", label.trim());
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
  const asked = ({ strength }) => awake || message.turn > 0 || strength === 0 || strength === 1;
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
      loadMasks(message.regions),
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
  Object.assign(state, {
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
  if (otherPhoto) fit();
  receiveRegions(message.regions, masks);
  describe();
  redraw();
  if (!message.busy) rest();
}
receive.serial = receive.applied = 0;

// ---- strength and the other settings ------------------------------------------------------------------------

let resting = 0;
function rest() {
  clearTimeout(resting);
  resting = setTimeout(() => {
    if (state.frames.length < 2 || isKeyframe() || presentTruth() || stillPainting()) return;
    trigger("rest");
  }, REST);
}

function setStrength(strength) {
  if (!Number.isFinite(strength) || Math.abs(strength - state.strength) < 1e-9) return;
  state.strength = Math.min(1.5, Math.max(0, strength));
  describe();
  redraw();
  rest();
}

let looking = 0;
function lookChanged() {
  clearTimeout(looking);
  looking = setTimeout(() => trigger("look"), LOOK);
}

document.addEventListener(
  "input",
  (event) => {
    if (event.target.closest?.(strengthSlider) && event.target.value !== "") setStrength(event.target.valueAsNumber / 100);
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

/** Zoom by a factor and keep the place under the pointer (in CSS pixels of the canvas) where it is. */
function zoomBy(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
  const ratio = canvas.width / canvas.clientWidth;
  const before = pictureRect();
  const zoom = Math.min(ZOOM.most, Math.max(ZOOM.least, state.zoom * factor));
  const place = [(x * ratio - before.x) / before.width, (y * ratio - before.y) / before.height];
  state.zoom = zoom;
  const after = pictureRect();
  state.center = [
    place[0] + (canvas.width / 2 - x * ratio) / after.width,
    place[1] + (canvas.height / 2 - y * ratio) / after.height,
  ].map((middle) => Math.min(1, Math.max(0, middle)));
  box.classList.toggle("zoomed", zoom > 1);
  redraw();
}

function panBy(x, y) {
  const ratio = canvas.width / canvas.clientWidth;
  const rect = pictureRect();
  const middle = [(canvas.width / 2 - rect.x) / rect.width, (canvas.height / 2 - rect.y) / rect.height];
  state.center = [middle[0] - (x * ratio) / rect.width, middle[1] - (y * ratio) / rect.height];
  redraw();
}

function fit() {
  state.zoom = 1;
  state.center = [0.5, 0.5];
  box.classList.remove("zoomed");
  redraw();
}

function setSplit(split) {
  state.split = Math.min(1, Math.max(0, split));
  const percent = Math.round(state.split * 100);
  divider.setAttribute("aria-valuenow", percent);
  divider.setAttribute("aria-valuetext", `${percent} percent of the picture shows the photo`);
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

const pointers = new Map();
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
  } else if (state.zoom > 1 && !stillPainting()) {
    panBy(event.offsetX - before.offsetX, event.offsetY - before.offsetY);
  }
  pointers.set(event.pointerId, event);
});
for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, (event) => pointers.delete(event.pointerId));
}
canvas.addEventListener("dblclick", (event) => (state.zoom > 1 ? fit() : zoomBy(2.5, event.offsetX, event.offsetY)));
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
  const [left, right] = visibleSpan(pictureRect());
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
  closer: () => zoomBy(ZOOM.step),
  farther: () => zoomBy(1 / ZOOM.step),
  fit,
};
const keys = { "+": "closer", "=": "closer", "-": "farther", _: "farther", 0: "fit" };
const pans = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
box.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key in keys) acts[keys[event.key]]();
  else if (event.key.toLowerCase() === "o") showOriginal(true);
  else if (event.key in pans && state.zoom > 1 && event.target === box) panBy(...pans[event.key]);
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

function bring(files, where) {
  const pictures = [...files].filter((file) => file.type.startsWith("image/") || /\.(tiff?|avif|bmp)$/i.test(file.name));
  const input = document.querySelector(`${where} input[type=file]`);
  if (!pictures.length || !input) return;
  const carrier = new DataTransfer();
  (input.multiple ? pictures : pictures.slice(0, 1)).forEach((file) => carrier.items.add(file));
  input.files = carrier.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

const onView = () => box.offsetParent !== null; // the others' tabs are hidden
const STYLES = { panel: "#styles-panel", photo: "#own-style" };
const goal = (event) => (event.target.closest?.(STYLES.panel) ? STYLES.photo : photoPlace);
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
const reached = { setStrength, lookChanged };
window.stages = { ...window.stages, [name]: reached };

/** Begin, once regions.js has been read too. */
function start() {
  watch("value", () => receive(props.value));
  receive(props.value);
  resize();
  // a tab that is opened late may find its slider elsewhere than at full strength
  requestAnimationFrame(() => setStrength(document.querySelector(`${strengthSlider} input[type=range]`)?.valueAsNumber / 100));
}
