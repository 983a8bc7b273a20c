// @ts-check
// The tools of regions: choosing, brush, eraser and what is colored alike; undo; strokes on the picture.

import { Stroke, regionAt } from "./masks.js";
import { say } from "./words.js";

const BRUSH = { least: 2, most: 256, step: 1.25 }; // pixels of the masks
const CLICK = { reach: 6, time: 600 }; // CSS pixels and ms within which a press is a click
const WRITTEN = "textarea, [contenteditable], input:not([type=range], [type=radio], [type=checkbox], [type=file])";

/**
 * Let buttons and keys take up a tool, size the brush, and undo.
 * @returns {{setTool: (tool: string) => void}}
 */
export function openTools({ element, box, regions, hint, tell, choose, redraw }) {
  const tools = element.querySelectorAll("[data-tool]");

  function setTool(tool) {
    regions.tool = tool;
    tools.forEach((button) => button.setAttribute("aria-pressed", button.dataset.tool === tool));
    box.classList.toggle("brushing", regions.painting());
    element.querySelector(".stage-tolerance").hidden = tool !== "similar";
    hint.textContent = regions.painting() && !regions.chosenPlaces().length ? say("Choose a region first, then paint.") : "";
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
  tools.forEach((button) => button.addEventListener("click", () => setTool(button.dataset.tool)));
  for (const [deed, does] of Object.entries(deeds)) {
    element.querySelector(`[data-do=${deed}]`).addEventListener("click", does);
  }
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
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "z") return;
    if (box.offsetParent === null || /** @type {Element} */ (event.target).matches?.(WRITTEN)) return;
    event.preventDefault();
    deeds[event.shiftKey ? "redo" : "undo"]();
  });
  return { setTool };
}

/**
 * Let the pointer choose regions and lead the brush; `rect` is where the picture is, `masks` and `marks` take over
 * what a stroke changes.
 */
export function openPointer({ element, canvas, pointers, rect, regions, masks, marks, hint, tell, choose, hover, redraw }) {
  const tolerance = element.querySelector(".stage-tolerance input");
  let press = null;

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

  function renew(area) {
    if (!area) return;
    masks.renew(area);
    marks.renew(area);
  }

  const lead = (event) => renew(regions.stroke.lead(placeUnder(event)));

  function beginStroke(event) {
    const [target] = regions.chosenPlaces();
    const erase = regions.tool === "erase";
    if (target === 0 && erase) {
      hint.textContent = say("The rest is what no other region has; paint those.");
      return;
    }
    marks.keepOnly(target);
    regions.stroke = new Stroke(regions.masks, regions.size, { target, erase, radius: regions.radius });
    regions.touched = true;
    lead(event);
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
    renew([0, 0, ...regions.size]);
    redraw();
  }

  function click(event) {
    if (regions.tool !== "similar") return choose(regionUnder(event), event.shiftKey);
    const [x, y] = placeUnder(event);
    const alike = { name: regions.selected[0] || "", x, y, erase: event.altKey };
    tell("similar", { ...alike, tolerance: tolerance.valueAsNumber / 100 });
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (!regions.entries.length || event.button !== 0) return;
    press = null;
    if (pointers.size > 1) return abandonStroke(); // two fingers zoom
    if (!regions.painting()) press = { x: event.clientX, y: event.clientY, time: event.timeStamp };
    else if (regions.chosenPlaces().length) beginStroke(event);
    else hint.textContent = say("Choose a region first, then paint.");
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!regions.entries.length) return;
    if (regions.painting()) {
      regions.pointer = placeUnder(event);
      if (regions.stroke) (event.getCoalescedEvents?.() || [event]).forEach(lead);
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
    if (moved <= CLICK.reach && quick) click(event);
  });
}
