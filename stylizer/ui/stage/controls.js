// @ts-check
// What of the picture is seen: zoom and pan, the divider between photo and painting, the original while it is held.

import { fitted, panned, visibleSpan, zoomed } from "./view.js";
import { say } from "./words.js";

const STEP = 1.25; // by which a key or a button zooms
const KEYS = { "+": "closer", "=": "closer", "-": "farther", _: "farther", 0: "fit" };
const PANS = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }; // CSS pixels
const SPLITS = { ArrowLeft: -0.05, ArrowDown: -0.05, ArrowRight: 0.05, ArrowUp: 0.05, PageUp: 0.2, PageDown: -0.2, Home: -1, End: 1 };

/**
 * Let pointers, the wheel, keys and buttons zoom and pan; `mayPan` tells whether a pointer is free to.
 * @returns {{fit: () => void}}
 */
export function openNavigation({ element, box, canvas, state, redraw, pointers, mayPan }) {
  const scale = () => canvas.width / canvas.clientWidth;

  function look(view) {
    state.view = view;
    box.classList.toggle("zoomed", view.zoom > 1);
    redraw();
  }

  /** Zoom by a factor and keep the place under the pointer (in CSS pixels of the canvas) where it is. */
  function zoomBy(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
    look(zoomed(state.size, canvas, state.view, factor, x * scale(), y * scale()));
  }

  const panBy = (x, y) => look(panned(state.size, canvas, state.view, x * scale(), y * scale()));
  const fit = () => look(fitted());

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
    } else if (state.view.zoom > 1 && mayPan()) {
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

  const acts = { closer: () => zoomBy(STEP), farther: () => zoomBy(1 / STEP), fit };
  for (const [act, does] of Object.entries(acts)) element.querySelector(`[data-act=${act}]`).addEventListener("click", does);
  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in KEYS) acts[KEYS[event.key]]();
    else if (event.key in PANS && state.view.zoom > 1 && event.target === box) panBy(...PANS[event.key]);
    else return;
    event.preventDefault();
  });
  return { fit };
}

/** Let the divider be dragged and moved by keys; `rect` is where the picture is. */
export function openDivider({ box, canvas, divider, state, rect, redraw }) {
  function setSplit(split) {
    state.split = Math.min(1, Math.max(0, split));
    const percent = Math.round(state.split * 100);
    divider.setAttribute("aria-valuenow", percent);
    divider.setAttribute("aria-valuetext", say("{percent} percent of the picture shows the photo", { percent }));
    box.classList.toggle("divided", state.split > 0);
    redraw();
  }

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
    if (!(event.key in SPLITS)) return;
    event.preventDefault();
    event.stopPropagation();
    setSplit(state.split + SPLITS[event.key]);
  });
}

/** Show the photo alone while a button or the letter O is held. */
export function openOriginal({ element, box, state, redraw, describe }) {
  const button = element.querySelector("[data-act=original]");

  function show(shown) {
    state.original = shown;
    box.classList.toggle("original", shown);
    button.setAttribute("aria-pressed", shown);
    describe();
    redraw();
  }

  whileHeld(button, show);
  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.toLowerCase() !== "o") return;
    show(true);
    event.preventDefault();
  });
  box.addEventListener("keyup", (event) => event.key.toLowerCase() === "o" && show(false));
  box.addEventListener("focusout", () => show(false));
}

/** Call `show(true)` when a button is pressed, by a pointer or a key, and `show(false)` when it is let go. */
export function whileHeld(button, show) {
  button.addEventListener("pointerdown", () => show(true));
  for (const end of ["pointerup", "pointerleave", "pointercancel", "blur"]) button.addEventListener(end, () => show(false));
  button.addEventListener("keydown", (event) => [" ", "Enter"].includes(event.key) && show(true));
  button.addEventListener("keyup", (event) => [" ", "Enter"].includes(event.key) && show(false));
}
