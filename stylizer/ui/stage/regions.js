// Regions on the stage: their legend, what a pointer over them shows, and the brush.
//
// Run right after stage.js, in its scope. A message's `regions` are null or
//   {stamp, heard, revision, size: [w, h], file, selected: [name], list: [{name, title, color, hatch, look, strength}]}
// `file` holds the masks, one below the other. A region's `look` is the key of a layer, "" for the picture's own
// painting, or "keep" for the photo; a strength of null follows the picture's. What the artist does here is seen
// at once and told to the studio with a number, `said`; until a message has `heard` that number, the stage's own
// masks, strengths and choice stand. Told are 'choose', 'settle', 'stroke', 'wand' and 'undo'.

const BRUSH = { least: 2, most: 256, step: 1.25, softness: 0.3 }; // pixels of the masks
const CLICK = { reach: 6, time: 600 }; // CSS pixels and ms within which a press is a click
const MOST_MIXED = 12;
const KEEP = "keep";

const marks = find(".stage-marks").getContext("2d");
const legend = find(".stage-legend");
const hint = find(".stage-hint");

const regions = {
  list: [],
  masks: [], // Uint8Array each, row by row; at every pixel they sum to 255
  size: [1, 1],
  revision: "",
  stamp: -1,
  said: 0,
  selected: [], // names
  hovered: -1,
  tool: "choose",
  radius: 24,
  before: false,
  stroke: null,
  touched: false, // the brush has changed masks that the studio has not heard of: true pictures are of others
  pointer: null, // where the brush is, in pixels of the masks
};
const mixed = new Map(); // places of regions that are drawn alike -> {bytes, texture}
const drawn = new Map(); // place of a region -> the canvas of its outline and hatch

const placeOf = (name) => regions.list.findIndex((region) => region.name === name);
const chosenPlaces = () => regions.selected.map(placeOf).filter((place) => place >= 0);
const painting = () => regions.tool === "add" || regions.tool === "erase";
const stillPainting = () => regions.stroke !== null;
const beforeShown = () => regions.before && regions.selected.length > 0;
const masksTouched = () => regions.touched;
const regionStrengths = () => regions.list.map(({ look, strength }) => (look === KEEP ? 0 : strength));

// ---- messages -----------------------------------------------------------------------------------------------

const loading = { revision: "", masks: null };

/** Fetch the masks of a message, once a revision. */
function loadMasks(message) {
  if (!message) return null;
  if (loading.revision !== message.revision) {
    const masks = fetchMasks(message.file.url, message.size, message.list.length);
    masks.catch(() => (loading.revision = ""));
    Object.assign(loading, { revision: message.revision, masks });
  }
  return loading.masks;
}

async function fetchMasks(address, [width, height], count) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`masks answered ${answer.status}`);
  const plain = { premultiplyAlpha: "none", colorSpaceConversion: "none" };
  const bitmap = await createImageBitmap(await answer.blob(), plain);
  const sheet = Object.assign(document.createElement("canvas"), { width, height });
  const context = sheet.getContext("2d", { willReadFrequently: true });
  const masks = [];
  for (let place = 0; place < count; place += 1) {
    context.drawImage(bitmap, 0, -place * height);
    const { data } = context.getImageData(0, 0, width, height);
    masks.push(Uint8Array.from({ length: width * height }, (_, at) => data[4 * at]));
  }
  bitmap.close();
  return masks;
}

function receiveRegions(message, masks) {
  if (!message) {
    if (regions.list.length) {
      Object.assign(regions, { list: [], masks: [], selected: [], hovered: -1, revision: "", before: false, touched: false });
      forgetMasks();
      setTool("choose");
      showLegend();
    }
    return;
  }
  if (message.stamp < regions.stamp) return;
  regions.stamp = message.stamp;
  const behind = message.heard < regions.said || stillPainting();
  const names = (list) => list.map(({ name }) => name).join("\n");
  if (behind && names(message.list) !== names(regions.list)) return;
  const local = regionStrengths();
  regions.list = message.list.map((region, place) => (behind ? { ...region, strength: local[place] } : region));
  if (!behind) {
    regions.touched = false;
    if (message.revision !== regions.revision) {
      regions.masks = masks.map((mask) => mask.slice()); // the brush works on them
      Object.assign(regions, { revision: message.revision, size: message.size, hovered: -1 });
      forgetMasks();
    }
    const before = regions.selected.join("\n");
    regions.selected = message.selected;
    const [place] = chosenPlaces();
    const fresh = regions.selected.length === 1 && regions.selected.join("\n") !== before;
    if (fresh && !regions.masks[place].some((value) => value > 127)) setTool("add"); // there is nothing of it yet
  }
  box.dataset.heard = message.heard;
  showLegend();
}

function say(event, told) {
  regions.said += 1;
  trigger(event, { said: regions.said, ...told });
}

// ---- what is drawn: regions that are painted alike share one mask --------------------------------------------

function groupsToDraw() {
  if (!regions.list.length) return [{ ...nearest(state.strength), mask: null }];
  const groups = new Map();
  const held = beforeShown() ? chosenPlaces() : [];
  regions.list.forEach(({ look, strength }, place) => {
    const shown = look === KEEP || held.includes(place) ? 0 : (strength ?? state.strength);
    const layer = state.layers.get(look) || [];
    const key = shown < SAME ? KEEP : `${look} ${shown}`;
    const frames = layer.length ? [state.frames[0], ...layer] : state.frames;
    if (!groups.has(key)) groups.set(key, { frames, shown, places: [] });
    groups.get(key).places.push(place);
  });
  return [...groups.values()].map(({ frames, shown, places }) => {
    return { ...nearest(shown, frames), mask: places.length < regions.list.length ? mixedMask(places) : null };
  });
}

function mixedMask(places) {
  const key = places.join();
  const known = mixed.get(key);
  if (known) return known.texture;
  for (const [old, { texture }] of mixed) {
    if (mixed.size < MOST_MIXED) break;
    painter.drop(texture);
    mixed.delete(old);
  }
  const [width, height] = regions.size;
  const bytes = places.length === 1 ? regions.masks[places[0]] : new Uint8Array(width * height);
  const group = { places, bytes };
  if (places.length > 1) addUp(group, [0, 0, width, height]);
  group.texture = painter.keepMask(null, bytes, regions.size);
  mixed.set(key, group);
  return group.texture;
}

function addUp({ places, bytes }, [left, top, width, height]) {
  const masks = places.map((place) => regions.masks[place]);
  for (let y = top; y < top + height; y += 1) {
    for (let at = y * regions.size[0] + left, end = at + width; at < end; at += 1) {
      let sum = 0;
      for (const mask of masks) sum += mask[at];
      bytes[at] = sum;
    }
  }
}

/** Take over masks that the brush has changed inside a box [left, top, width, height]. */
function renewMasks(area) {
  for (const group of mixed.values()) {
    if (group.places.length > 1) addUp(group, area);
    painter.keepMask(group.texture, group.bytes, regions.size, area);
  }
  for (const [place, mark] of drawn) paintMark(mark, place, area);
}

function forgetMasks() {
  for (const { texture } of mixed.values()) painter.drop(texture);
  mixed.clear();
  drawn.clear();
}

// ---- marks: outline and hatch of the region under the pointer and of those chosen -----------------------------

const HATCHES = {
  none: (x, y) => (x + y) % 2 === 0,
  lines: (x, y) => (x + y) % 12 < 3,
  backlines: (x, y) => (x - y + 4096 * 3) % 12 < 3,
  cross: (x, y) => (x + y) % 14 < 2 || (x - y + 4096 * 14) % 14 < 2,
  dots: (x, y) => ((x % 10) - 5) ** 2 + ((y % 10) - 5) ** 2 < 6,
  waves: (x, y) => (y + Math.round(3 * Math.sin(x / 4)) + 12) % 12 < 3,
  bricks: (x, y) => y % 10 < 2 || (x + (Math.floor(y / 10) % 2) * 9) % 18 < 2,
  grid: (x, y) => x % 10 < 2 || y % 10 < 2,
};

function markOf(place) {
  if (!drawn.has(place)) {
    const [width, height] = regions.size;
    const layer = () => Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
    const mark = { outline: layer(), hatch: layer() };
    paintMark(mark, place, [0, 0, width, height]);
    drawn.set(place, mark);
  }
  return drawn.get(place);
}

function paintMark({ outline, hatch }, place, area) {
  const [width, height] = regions.size;
  const left = Math.max(0, area[0] - 2);
  const top = Math.max(0, area[1] - 2);
  const wide = Math.min(width, area[0] + area[2] + 2) - left;
  const tall = Math.min(height, area[1] + area[3] + 2) - top;
  if (wide <= 0 || tall <= 0) return;
  const mask = regions.masks[place];
  const { color, hatch: kind } = regions.list[place];
  const hatched = HATCHES[kind] || HATCHES.none;
  const [lines, fills] = [outline.createImageData(wide, tall), hatch.createImageData(wide, tall)];
  const inside = (x, y) => x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] > 127;
  for (let y = top, at = 0; y < top + tall; y += 1) {
    for (let x = left; x < left + wide; x += 1, at += 4) {
      const here = mask[y * width + x] > 127;
      const beside = inside(x - 1, y) !== here || inside(x + 1, y) !== here || inside(x, y - 1) !== here || inside(x, y + 1) !== here;
      if (beside) lines.data.set(here ? [255, 255, 255, 240] : [0, 0, 0, 190], at);
      if (here && hatched(x, y)) fills.data.set([...color, 165], at);
    }
  }
  outline.putImageData(lines, left, top);
  hatch.putImageData(fills, left, top);
}

function drawMarks(rect) {
  const { canvas: sheet } = marks;
  if (sheet.width !== canvas.width || sheet.height !== canvas.height) {
    Object.assign(sheet, { width: canvas.width, height: canvas.height });
  }
  marks.clearRect(0, 0, sheet.width, sheet.height);
  if (!regions.list.length) return;
  const lay = (layer) => marks.drawImage(layer.canvas, rect.x, rect.y, rect.width, rect.height);
  if (regions.hovered >= 0 && !painting()) lay(markOf(regions.hovered).hatch);
  if (painting()) chosenPlaces().slice(0, 1).forEach((place) => lay(markOf(place).hatch));
  if (regions.hovered >= 0 && !painting()) lay(markOf(regions.hovered).outline);
  chosenPlaces().forEach((place) => lay(markOf(place).outline));
  if (painting() && regions.pointer) {
    const scale = rect.width / regions.size[0];
    const [x, y] = [rect.x + regions.pointer[0] * scale, rect.y + regions.pointer[1] * scale];
    [["#000", 3], ["#fff", 1.5]].forEach(([strokeStyle, lineWidth]) => {
      Object.assign(marks, { strokeStyle, lineWidth });
      marks.beginPath();
      marks.arc(x, y, Math.max(2, regions.radius * scale), 0, 2 * Math.PI);
      marks.stroke();
    });
  }
}

// ---- legend --------------------------------------------------------------------------------------------------

function swatch({ color, hatch }) {
  const sheet = Object.assign(document.createElement("canvas"), { width: 20, height: 20 });
  const context = sheet.getContext("2d");
  context.fillStyle = `rgba(${color}, 0.45)`;
  context.fillRect(0, 0, 20, 20);
  context.fillStyle = `rgb(${color})`;
  for (let y = 0; y < 20; y += 1) {
    for (let x = 0; x < 20; x += 1) if (hatch === "none" || HATCHES[hatch]?.(x, y)) context.fillRect(x, y, 1, 1);
  }
  return sheet;
}

function showLegend() {
  find(".stage-regions").hidden = !regions.list.length;
  const names = regions.list.map(({ name }) => name).join("\n");
  if (legend.dataset.names !== names) {
    const had = legend.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    legend.replaceChildren(...regions.list.map(legendButton));
    legend.dataset.names = names;
    [...legend.children].find((button) => button.dataset.name === had)?.focus();
  }
  [...legend.children].forEach((button, place) => {
    const { look, strength, words } = regions.list[place];
    button.setAttribute("aria-pressed", regions.selected.includes(button.dataset.name));
    button.lastChild.textContent = look === KEEP ? "photo" : strength === null ? words : `${words} ${Math.round(100 * strength)} %`;
  });
  box.dataset.regions = regions.list.length;
  box.dataset.selected = regions.selected.join(", ");
  box.dataset.revision = regions.revision;
}

function legendButton(region, place) {
  const button = Object.assign(document.createElement("button"), { type: "button" });
  button.dataset.name = region.name;
  const name = Object.assign(document.createElement("span"), { textContent: region.title });
  button.append(swatch(region), name, document.createElement("small"));
  button.addEventListener("click", (event) => choose(place, event.shiftKey));
  for (const [sign, hovered] of [["pointerenter", place], ["focus", place], ["pointerleave", -1], ["blur", -1]]) {
    button.addEventListener(sign, () => hover(hovered));
  }
  return button;
}

function hover(place) {
  if (regions.hovered === place) return;
  regions.hovered = place;
  redraw();
}

/** Choose a region, or let it go; with `more` the others stay chosen. */
function choose(place, more) {
  const name = regions.list[place]?.name;
  const others = regions.selected.filter((other) => other !== name);
  const had = others.length < regions.selected.length;
  if (more && name) regions.selected = had ? others : [...others, name];
  else if (!more) regions.selected = !name || (had && !others.length) ? [] : [name];
  hint.textContent = "";
  showLegend();
  redraw();
  say("choose", { names: regions.selected });
}

// ---- strength of the chosen regions, and how they looked before -------------------------------------------------

let settling = 0;
function setRegionStrength(strength) {
  const places = chosenPlaces();
  if (!Number.isFinite(strength) || !places.length) return;
  const wanted = Math.min(1.5, Math.max(0, strength));
  regions.said += 1; // what arrives from now on, and does not know of it, changes no strength
  for (const place of places) {
    const region = regions.list[place];
    Object.assign(region, { strength: wanted, look: region.look === KEEP ? "" : region.look });
  }
  showLegend();
  redraw();
  clearTimeout(settling);
  settling = setTimeout(() => say("settle", { names: places.map((place) => regions.list[place].name), strength: wanted }), REST);
}

let dressing = 0;
function regionLookChanged() {
  clearTimeout(dressing);
  dressing = setTimeout(() => trigger("dress"), LOOK);
}

document.addEventListener(
  "input",
  (event) => {
    if (event.target.closest?.(regionSlider) && event.target.value !== "") setRegionStrength(event.target.valueAsNumber / 100);
  },
  true,
);

function showBefore(shown) {
  regions.before = shown;
  find("[data-do=before]").setAttribute("aria-pressed", shown);
  redraw();
}

// ---- tools -------------------------------------------------------------------------------------------------------

function setTool(tool) {
  regions.tool = tool;
  element.querySelectorAll("[data-tool]").forEach((button) => {
    button.setAttribute("aria-pressed", button.dataset.tool === tool);
  });
  box.classList.toggle("brushing", painting());
  hint.textContent = painting() && !chosenPlaces().length ? "Choose a region first, then paint." : "";
  redraw();
}

function setRadius(radius) {
  regions.radius = Math.min(BRUSH.most, Math.max(BRUSH.least, radius));
  hint.textContent = `Brush ${Math.round(2 * regions.radius)} px`;
  redraw();
}

const deeds = {
  thinner: () => setRadius(regions.radius / BRUSH.step),
  thicker: () => setRadius(regions.radius * BRUSH.step),
  undo: () => say("undo", {}),
};
element.querySelectorAll("[data-tool]").forEach((button) => button.addEventListener("click", () => setTool(button.dataset.tool)));
element.querySelectorAll("[data-do]").forEach((button) => {
  const deed = button.dataset.do;
  if (deed !== "before") return void button.addEventListener("click", deeds[deed]);
  button.addEventListener("pointerdown", () => showBefore(true));
  for (const end of ["pointerup", "pointerleave", "pointercancel", "blur"]) button.addEventListener(end, () => showBefore(false));
  button.addEventListener("keydown", (event) => [" ", "Enter"].includes(event.key) && showBefore(true));
  button.addEventListener("keyup", (event) => [" ", "Enter"].includes(event.key) && showBefore(false));
});
box.addEventListener("keydown", (event) => {
  if (!regions.list.length || event.altKey) return;
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key.toLowerCase() === "z") deeds.undo();
  else if (!command && event.key === "[") deeds.thinner();
  else if (!command && event.key === "]") deeds.thicker();
  else if (!command && event.key === "Escape" && regions.selected.length) choose(-1, false);
  else return;
  event.preventDefault();
});

// ---- pointer: what is under it, clicks, and strokes of the brush ---------------------------------------------------

/** Where an event of the canvas is, in pixels of the masks. */
function placeUnder(event) {
  const ratio = canvas.width / canvas.clientWidth;
  const rect = pictureRect();
  const [width, height] = regions.size;
  const bounds = canvas.getBoundingClientRect();
  const x = ((event.clientX - bounds.left) * ratio - rect.x) / rect.width;
  const y = ((event.clientY - bounds.top) * ratio - rect.y) / rect.height;
  return [x * width, y * height];
}

function regionUnder(event) {
  const [x, y] = placeUnder(event).map(Math.floor);
  const [width, height] = regions.size;
  if (x < 0 || y < 0 || x >= width || y >= height) return -1;
  const values = regions.masks.map((mask) => mask[y * width + x]);
  return values.indexOf(Math.max(...values));
}

let press = null;
canvas.addEventListener("pointerdown", (event) => {
  if (!regions.list.length || event.button !== 0) return;
  press = null;
  if (pointers.size > 1) return abandonStroke(); // two fingers zoom
  if (!painting()) press = { x: event.clientX, y: event.clientY, time: event.timeStamp };
  else if (chosenPlaces().length) beginStroke(event);
  else hint.textContent = "Choose a region first, then paint.";
});
canvas.addEventListener("pointermove", (event) => {
  if (!regions.list.length) return;
  if (painting()) {
    regions.pointer = placeUnder(event);
    if (stillPainting()) (event.getCoalescedEvents?.() || [event]).forEach((step) => goOn(placeUnder(step)));
    redraw();
  } else if (!event.buttons) {
    hover(regionUnder(event));
  }
});
canvas.addEventListener("pointerleave", () => {
  regions.pointer = null;
  if (!stillPainting()) hover(-1);
  redraw();
});
canvas.addEventListener("pointercancel", abandonStroke);
canvas.addEventListener("pointerup", (event) => {
  if (stillPainting()) return endStroke();
  if (!press) return;
  const moved = Math.hypot(event.clientX - press.x, event.clientY - press.y);
  const quick = event.timeStamp - press.time < CLICK.time;
  press = null;
  if (moved > CLICK.reach || !quick) return;
  if (regions.tool === "wand") {
    const [x, y] = placeUnder(event);
    say("wand", { name: regions.selected[0] || "", x, y, erase: event.altKey });
  } else {
    choose(regionUnder(event), event.shiftKey);
  }
});

function beginStroke(event) {
  const [target] = chosenPlaces();
  if (target === 0 && regions.tool === "erase") {
    hint.textContent = "The rest is what no other region has; paint those.";
    return;
  }
  [...drawn.keys()].filter((place) => place !== target).forEach((place) => drawn.delete(place));
  regions.stroke = {
    target,
    erase: regions.tool === "erase",
    radius: regions.radius,
    points: [],
    masks: regions.masks.map((mask) => mask.slice()), // as they were before
    distance: new Float32Array(regions.masks[0].length).fill(Infinity), // to the stroke's path
  };
  regions.touched = true;
  goOn(placeUnder(event));
  redraw();
}

/** Lead the stroke on to a point; what it covers is the same as `brush_stroke` of the studio finds. */
function goOn([bx, by]) {
  const { stroke } = regions;
  const [ax, ay] = stroke.points.at(-1) || [bx, by];
  if (stroke.points.length && Math.hypot(bx - ax, by - ay) < Math.max(1, stroke.radius * 0.15)) return;
  const point = [bx, by].map((value) => Math.round(10 * value) / 10);
  stroke.points.push(point);
  const [width, height] = regions.size;
  const reach = stroke.radius * (1 + BRUSH.softness) + 1;
  const span = (low, high, most) => [Math.max(0, Math.floor(low - reach)), Math.min(most, Math.ceil(high + reach))];
  const [left, right] = span(Math.min(ax, point[0]), Math.max(ax, point[0]), width);
  const [top, bottom] = span(Math.min(ay, point[1]), Math.max(ay, point[1]), height);
  if (left >= right || top >= bottom) return;
  const [dx, dy] = [point[0] - ax, point[1] - ay];
  const length = dx * dx + dy * dy;
  for (let y = top; y < bottom; y += 1) {
    for (let x = left, at = y * width + left; x < right; x += 1, at += 1) {
      const [px, py] = [x + 0.5 - ax, y + 0.5 - ay];
      const along = length ? Math.min(1, Math.max(0, (px * dx + py * dy) / length)) : 0;
      const away = Math.hypot(px - along * dx, py - along * dy);
      if (away < stroke.distance[at]) {
        stroke.distance[at] = away;
        coverPixel(at, away);
      }
    }
  }
  renewMasks([left, top, right - left, bottom - top]);
}

function coverPixel(at, away) {
  const { target, erase, radius, masks } = regions.stroke;
  const share = Math.min(1, Math.max(0, 0.5 + (radius - away) / Math.max(2 * radius * BRUSH.softness, 1)));
  const cover = Math.round(255 * share * share * (3 - 2 * share));
  const had = masks[target][at];
  const has = erase ? Math.min(had, 255 - cover) : Math.max(had, cover);
  if (has === had) return;
  regions.masks[target][at] = has;
  if (erase) {
    regions.masks[0][at] = masks[0][at] + had - has;
    return;
  }
  let left = 255 - has; // the others lose in proportion; what rounding leaves goes to the last that has some
  let last = target ? 0 : 1;
  for (let place = 0; place < masks.length; place += 1) {
    if (place === target || !masks[place][at]) continue;
    const kept = Math.min(left, Math.floor((masks[place][at] * (255 - has)) / (255 - had)));
    regions.masks[place][at] = kept;
    left -= kept;
    last = place;
  }
  if (left > 0 && last < masks.length) regions.masks[last][at] += left;
}

function endStroke() {
  const { target, erase, radius, points } = regions.stroke;
  regions.stroke = null;
  redraw();
  say("stroke", { name: regions.list[target].name, erase, radius, points });
}

function abandonStroke() {
  press = null;
  if (!stillPainting()) return;
  regions.stroke.masks.forEach((mask, place) => regions.masks[place].set(mask));
  regions.stroke = null;
  regions.touched = false;
  renewMasks([0, 0, ...regions.size]);
  redraw();
}

Object.assign(reached, { setRegionStrength, regionLookChanged });
