// @ts-check
// Regions on the stage: their legend, what a pointer over them shows, and the brush.
//
// What the artist does here is seen at once and told to the studio as an edit with a number; until a message has
// `acknowledged` that number, the stage's own masks, strengths and choice stand. `message.py` says what a message
// of regions holds, and what an edit does.

import { whileHeld } from "./controls.js";
import { HATCHES, Stroke, addUp, covers, groupsOf, keeps, markPixels, nearest, regionAt } from "./masks.js";
import { say } from "./words.js";

const BRUSH = { least: 2, most: 256, step: 1.25 }; // pixels of the masks
const CLICK = { reach: 6, time: 600 }; // CSS pixels and ms within which a press is a click
const REST = 150; // ms without a move before a strength is told
const ADJUST = 250; // ms without a move before settings that need the painter are told
const PANEL = 60; // frames within which the panel of a chosen region is there
const MOST_MIXED = 12;

/**
 * @typedef {object} Entry
 * @property {string} name
 * @property {string} title
 * @property {number[]} color
 * @property {string} hatch
 * @property {string} layer
 * @property {number | null} strength
 * @property {number | null} style_color
 * @property {string} words
 */

/** Begin the regions of a stage, given what `openStage` shares with them. */
export function openRegions({ element, box, canvas, trigger, state, painter, rect, redraw, pointers }) {
  const find = (name) => element.querySelector(name);
  const marks = find(".stage-marks").getContext("2d");
  const legend = find(".stage-legend");
  const hint = find(".stage-hint");
  const { regionSlider, regionColorSlider, regionPanel } = box.dataset;

  const regions = {
    entries: /** @type {Entry[]} */ ([]),
    masks: /** @type {Uint8Array[]} */ ([]),
    size: [1, 1],
    revision: "",
    serial: -1,
    edits: 0, // told so far
    selected: /** @type {string[]} */ ([]),
    hovered: -1,
    tool: "choose",
    radius: 24,
    before: false,
    stroke: /** @type {Stroke | null} */ (null),
    touched: false, // the brush has changed masks that the studio does not know: true pictures are of others
    pointer: /** @type {number[] | null} */ (null), // where the brush is, in pixels of the masks
  };
  const mixed = new Map(); // places of regions that are drawn alike -> {places, bytes, texture}
  const drawn = new Map(); // place of a region -> the canvases of its outline and hatch

  const placeOf = (name) => regions.entries.findIndex((region) => region.name === name);
  const chosenPlaces = () => regions.selected.map(placeOf).filter((place) => place >= 0);
  const painting = () => regions.tool === "add" || regions.tool === "erase";
  const beforeShown = () => regions.before && regions.selected.length > 0;

  // ---- messages ---------------------------------------------------------------------------------------------

  const loading = { revision: "", masks: null };

  /** Fetch the masks of a message, once a revision. */
  function loadMasks(message) {
    if (!message) return null;
    if (loading.revision !== message.revision) {
      const masks = fetchMasks(message.file.url, message.size, message.entries.length);
      masks.catch(() => (loading.revision = ""));
      Object.assign(loading, { revision: message.revision, masks });
    }
    return loading.masks;
  }

  async function fetchMasks(address, [width, height], count) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`masks answered ${answer.status}`);
    const bitmap = await createImageBitmap(await answer.blob(), { premultiplyAlpha: "none", colorSpaceConversion: "none" });
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

  function receive(message, masks) {
    if (!message) {
      if (!regions.entries.length) return;
      Object.assign(regions, { entries: [], masks: [], selected: [], hovered: -1, revision: "", before: false, touched: false });
      forgetMasks();
      setTool("choose");
      showLegend();
      return;
    }
    if (message.serial < regions.serial) return;
    regions.serial = message.serial;
    const behind = message.acknowledged < regions.edits || regions.stroke !== null;
    const names = (entries) => entries.map(({ name }) => name).join("\n");
    if (behind && names(message.entries) !== names(regions.entries)) return;
    const found = names(message.entries) !== names(regions.entries);
    const local = regions.entries.map(({ strength }) => strength);
    regions.entries = message.entries.map((region, place) => (behind ? { ...region, strength: local[place] } : region));
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
      if (fresh && !covers(regions.masks[place])) setTool("add"); // there is nothing of it yet
      else if (found && painting() && !regions.selected.length) setTool("choose"); // regions were found: choose one
    }
    box.dataset.acknowledged = message.acknowledged;
    showLegend();
  }

  function tell(event, edit) {
    regions.edits += 1;
    trigger(event, { edit: regions.edits, ...edit });
  }

  // ---- what is drawn: regions that are painted alike share one mask -------------------------------------------

  function groupsToDraw() {
    const { strength, frames: own, layers, color: picture } = state;
    if (!regions.entries.length) return [{ ...nearest(strength, own), mask: null, gray: 1 - picture }];
    const held = beforeShown() ? chosenPlaces() : [];
    return groupsOf(regions.entries, strength, held, layers, own, picture).map(({ frames, shown, places, color }) => {
      const mask = places.length < regions.entries.length ? mixedMask(places) : null;
      return { ...nearest(shown, frames), mask, gray: 1 - color };
    });
  }

  function mixedMask(places) {
    const key = places.join();
    const known = mixed.get(key);
    if (known) return known.texture;
    for (const [old, { texture }] of mixed) {
      if (mixed.size < MOST_MIXED) break;
      painter().drop(texture);
      mixed.delete(old);
    }
    const [width, height] = regions.size;
    const group = { places, bytes: places.length === 1 ? regions.masks[places[0]] : new Uint8Array(width * height) };
    if (places.length > 1) sumUp(group, [0, 0, width, height]);
    const texture = painter().keepMask(null, group.bytes, regions.size);
    mixed.set(key, { ...group, texture });
    return texture;
  }

  function sumUp({ places, bytes }, area) {
    const masks = places.map((place) => regions.masks[place]);
    addUp(masks, bytes, regions.size[0], area);
  }

  /** Take over masks that the brush has changed inside an area. */
  function renewMasks(area) {
    if (!area) return;
    for (const group of mixed.values()) {
      if (group.places.length > 1) sumUp(group, area);
      painter().keepMask(group.texture, group.bytes, regions.size, area);
    }
    for (const [place, mark] of drawn) paintMark(mark, place, area);
  }

  function forgetMasks() {
    for (const { texture } of mixed.values()) painter().drop(texture);
    mixed.clear();
    drawn.clear();
  }

  // ---- marks: outline and hatch of the region under the pointer and of those chosen ---------------------------

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

  function paintMark({ outline, hatch }, place, changed) {
    const mark = markPixels(regions.masks[place], regions.size, changed, regions.entries[place]);
    if (!mark) return;
    const [left, top, wide] = mark.area;
    outline.putImageData(new ImageData(mark.outline, wide), left, top);
    hatch.putImageData(new ImageData(mark.fill, wide), left, top);
  }

  function drawMarks(place) {
    const { canvas: sheet } = marks;
    if (sheet.width !== canvas.width || sheet.height !== canvas.height) {
      Object.assign(sheet, { width: canvas.width, height: canvas.height });
    }
    marks.clearRect(0, 0, sheet.width, sheet.height);
    if (!regions.entries.length) return;
    const lay = (layer) => marks.drawImage(layer.canvas, place.x, place.y, place.width, place.height);
    if (regions.hovered >= 0 && !painting()) lay(markOf(regions.hovered).hatch);
    if (painting()) chosenPlaces().slice(0, 1).forEach((chosen) => lay(markOf(chosen).hatch));
    if (regions.hovered >= 0 && !painting()) lay(markOf(regions.hovered).outline);
    chosenPlaces().forEach((chosen) => lay(markOf(chosen).outline));
    if (painting() && regions.pointer) {
      const scale = place.width / regions.size[0];
      const [x, y] = [place.x + regions.pointer[0] * scale, place.y + regions.pointer[1] * scale];
      [["#000", 3], ["#fff", 1.5]].forEach(([strokeStyle, lineWidth]) => {
        Object.assign(marks, { strokeStyle, lineWidth });
        marks.beginPath();
        marks.arc(x, y, Math.max(2, regions.radius * scale), 0, 2 * Math.PI);
        marks.stroke();
      });
    }
  }

  // ---- legend -------------------------------------------------------------------------------------------------

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
    find(".stage-regions").hidden = !regions.entries.length;
    const names = regions.entries.map(({ name }) => name).join("\n");
    if (legend.dataset.names !== names) {
      const focused = /** @type {HTMLElement} */ (document.activeElement);
      const had = legend.contains(focused) ? focused.dataset.name : null;
      legend.replaceChildren(...regions.entries.map(legendButton));
      legend.dataset.names = names;
      [...legend.children].find((button) => button.dataset.name === had)?.focus();
    }
    [...legend.children].forEach((button, place) => {
      const { layer, strength, words } = regions.entries[place];
      button.setAttribute("aria-pressed", regions.selected.includes(button.dataset.name));
      button.lastChild.textContent =
        keeps(layer) ? words : strength === null ? words : `${words} ${Math.round(100 * strength)} %`;
    });
    box.dataset.regions = regions.entries.length;
    box.dataset.selected = regions.selected.join(", ");
    box.dataset.revision = regions.revision;
  }

  function legendButton(region, place) {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.dataset.name = region.name;
    const name = Object.assign(document.createElement("span"), { textContent: region.title });
    button.append(swatch(region), name, document.createElement("small"));
    button.addEventListener("click", (event) => choose(place, event.shiftKey));
    button.addEventListener("pointerenter", () => hover(place));
    button.addEventListener("focus", () => hover(place));
    for (const sign of ["pointerleave", "blur"]) button.addEventListener(sign, () => hover(-1));
    return button;
  }

  /** Where the stage stays on top, bring the panel of what is chosen under it, near the finger. */
  async function showPanel() {
    const pinned = box.closest(".block"); // Gradio's own box around the stage
    if (!regions.selected.length || getComputedStyle(pinned).position !== "sticky") return;
    let panel = null;
    for (let frame = 0; frame < PANEL && !panel; frame += 1) { // Gradio makes it anew when it is shown
      await new Promise(requestAnimationFrame);
      panel = document.querySelector(regionPanel);
    }
    if (!panel) return;
    const { top, bottom } = panel.getBoundingClientRect();
    if (top >= pinned.getBoundingClientRect().bottom && bottom <= window.innerHeight) return;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    window.scrollBy({ top: top - pinned.offsetHeight, behavior: calm ? "auto" : "smooth" });
  }

  function hover(place) {
    if (regions.hovered === place) return;
    regions.hovered = place;
    redraw();
  }

  /** Choose a region, or let it go; with `more` the others stay chosen. */
  function choose(place, more) {
    const name = regions.entries[place]?.name;
    const others = regions.selected.filter((other) => other !== name);
    const had = others.length < regions.selected.length;
    if (more && name) regions.selected = had ? others : [...others, name];
    else if (!more) regions.selected = !name || (had && !others.length) ? [] : [name];
    hint.textContent = "";
    showLegend();
    redraw();
    tell("choose", { names: regions.selected });
  }

  // ---- settings of the chosen regions, and how they looked before ---------------------------------------------

  let settling = 0;
  function setRegionStrength(strength) {
    const places = chosenPlaces();
    if (!Number.isFinite(strength) || !places.length) return;
    const wanted = Math.min(Number(box.dataset.most), Math.max(0, strength));
    regions.edits += 1; // what arrives from now on, and does not know of it, changes no strength
    for (const place of places) {
      const region = regions.entries[place];
      Object.assign(region, { strength: wanted, layer: keeps(region.layer) ? "" : region.layer });
    }
    showLegend();
    redraw();
    clearTimeout(settling);
    const names = places.map((place) => regions.entries[place].name);
    settling = setTimeout(() => tell("region_strength", { names, strength: wanted }), REST);
  }

  /** Show the chosen regions in more or less of the style's color, before the studio knows of it. */
  function setRegionColor(color) {
    const places = chosenPlaces();
    if (!Number.isFinite(color) || !places.length) return;
    for (const place of places) regions.entries[place].style_color = Math.min(1, Math.max(0, color));
    regions.touched = true;
    redraw();
  }

  let adjusting = 0;
  function regionAdjusted() {
    clearTimeout(adjusting);
    adjusting = setTimeout(() => trigger("adjust_region"), ADJUST);
  }

  document.addEventListener(
    "input",
    ({ target }) => {
      if (!(target instanceof HTMLInputElement) || target.value === "") return;
      if (target.closest(regionSlider)) setRegionStrength(target.valueAsNumber / 100);
      if (target.closest(regionColorSlider)) setRegionColor(target.valueAsNumber / 100);
    },
    true,
  );

  function showBefore(shown) {
    regions.before = shown;
    find("[data-do=before]").setAttribute("aria-pressed", shown);
    redraw();
  }

  // ---- tools --------------------------------------------------------------------------------------------------

  function setTool(tool) {
    regions.tool = tool;
    element.querySelectorAll("[data-tool]").forEach((button) => {
      button.setAttribute("aria-pressed", button.dataset.tool === tool);
    });
    box.classList.toggle("brushing", painting());
    find(".stage-tolerance").hidden = tool !== "similar";
    hint.textContent = painting() && !chosenPlaces().length ? say("Choose a region first, then paint.") : "";
    redraw();
  }

  function setRadius(radius) {
    regions.radius = Math.min(BRUSH.most, Math.max(BRUSH.least, radius));
    hint.textContent = say("Brush {size} px", { size: Math.round(2 * regions.radius) });
    redraw();
  }

  const deeds = {
    thinner: () => setRadius(regions.radius / BRUSH.step),
    thicker: () => setRadius(regions.radius * BRUSH.step),
    undo: () => tell("undo", {}),
    redo: () => tell("redo", {}),
  };
  element.querySelectorAll("[data-tool]").forEach((button) => {
    button.addEventListener("click", () => setTool(button.dataset.tool));
  });
  element.querySelectorAll("[data-do]").forEach((button) => {
    const deed = button.dataset.do;
    if (deed !== "before") return void button.addEventListener("click", deeds[deed]);
    whileHeld(button, showBefore);
  });
  box.addEventListener("keydown", (event) => {
    if (!regions.entries.length || event.altKey) return;
    const command = event.ctrlKey || event.metaKey;
    if (!command && event.key === "[") deeds.thinner();
    else if (!command && event.key === "]") deeds.thicker();
    else if (!command && event.key === "Escape" && regions.selected.length) choose(-1, false);
    else return;
    event.preventDefault();
  });

  // undo takes back styles and settings too, so it works wherever nothing is being written
  const WRITTEN = "textarea, [contenteditable], input:not([type=range], [type=radio], [type=checkbox], [type=file])";
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "z") return;
    if (box.offsetParent === null || /** @type {Element} */ (event.target).matches?.(WRITTEN)) return;
    event.preventDefault();
    deeds[event.shiftKey ? "redo" : "undo"]();
  });

  // ---- pointer: what is under it, clicks, and strokes of the brush ----------------------------------------------

  /** Where an event of the canvas is, in pixels of the masks. */
  function placeUnder(event) {
    const ratio = canvas.width / canvas.clientWidth;
    const picture = rect();
    const [width, height] = regions.size;
    const bounds = canvas.getBoundingClientRect();
    const x = ((event.clientX - bounds.left) * ratio - picture.x) / picture.width;
    const y = ((event.clientY - bounds.top) * ratio - picture.y) / picture.height;
    return [x * width, y * height];
  }

  const regionUnder = (event) => {
    const [x, y] = placeUnder(event);
    return regionAt(regions.masks, regions.size, x, y);
  };

  let press = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (!regions.entries.length || event.button !== 0) return;
    press = null;
    if (pointers.size > 1) return abandonStroke(); // two fingers zoom
    if (!painting()) press = { x: event.clientX, y: event.clientY, time: event.timeStamp };
    else if (chosenPlaces().length) beginStroke(event);
    else hint.textContent = say("Choose a region first, then paint.");
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!regions.entries.length) return;
    if (painting()) {
      regions.pointer = placeUnder(event);
      if (regions.stroke) (event.getCoalescedEvents?.() || [event]).forEach((step) => renewMasks(regions.stroke.lead(placeUnder(step))));
      redraw();
    } else if (!event.buttons) {
      hover(regionUnder(event));
    }
  });
  canvas.addEventListener("pointerleave", () => {
    regions.pointer = null;
    if (!regions.stroke) hover(-1);
    redraw();
  });
  canvas.addEventListener("pointercancel", abandonStroke);
  canvas.addEventListener("pointerup", (event) => {
    if (regions.stroke) return endStroke();
    if (!press) return;
    const moved = Math.hypot(event.clientX - press.x, event.clientY - press.y);
    const quick = event.timeStamp - press.time < CLICK.time;
    press = null;
    if (moved > CLICK.reach || !quick) return;
    if (regions.tool === "similar") {
      const [x, y] = placeUnder(event);
      const tolerance = find(".stage-tolerance input").valueAsNumber / 100;
      tell("similar", { name: regions.selected[0] || "", x, y, erase: event.altKey, tolerance });
    } else {
      choose(regionUnder(event), event.shiftKey);
    }
  });

  function beginStroke(event) {
    const [target] = chosenPlaces();
    const erase = regions.tool === "erase";
    if (target === 0 && erase) {
      hint.textContent = say("The rest is what no other region has; paint those.");
      return;
    }
    [...drawn.keys()].filter((place) => place !== target).forEach((place) => drawn.delete(place));
    regions.stroke = new Stroke(regions.masks, regions.size, { target, erase, radius: regions.radius });
    regions.touched = true;
    renewMasks(regions.stroke.lead(placeUnder(event)));
    redraw();
  }

  function endStroke() {
    const { target, erase, radius, points } = regions.stroke;
    regions.stroke = null;
    redraw();
    tell("stroke", { name: regions.entries[target].name, erase, radius, points });
  }

  function abandonStroke() {
    press = null;
    if (!regions.stroke) return;
    regions.stroke.abandon();
    Object.assign(regions, { stroke: null, touched: false });
    renewMasks([0, 0, ...regions.size]);
    redraw();
  }

  return {
    loadMasks,
    receive,
    forgetMasks,
    groupsToDraw,
    drawMarks,
    beforeShown,
    stillPainting: () => regions.stroke !== null,
    masksTouched: () => regions.touched,
    strengths: () => regions.entries.map(({ layer, strength }) => (keeps(layer) ? 0 : strength)),
    reached: { setRegionStrength, regionAdjusted, showPanel },
  };
}
