// @ts-check
// The settings of the chosen regions: shown on the stage at once, told to the studio where their sliders rest.

import { whileHeld } from "./controls.js";
import { keeps } from "./masks.js";

const REST = 150; // ms without a move before a strength is told
const ADJUST = 250; // ms without a move before settings that need the painter are told
const PANEL = 60; // frames within which the panel of a chosen region is there

/**
 * Follow the sliders of the panel that `box` names; what has changed is shown by `showLegend` and `redraw`, and
 * told by `tell`.
 */
export function openRegionSettings({ element, box, regions, trigger, tell, showLegend, redraw }) {
  const { regionSlider, regionColorSlider, regionPanel } = box.dataset;
  let [settling, adjusting] = [0, 0];

  function setRegionStrength(strength) {
    const places = regions.chosenPlaces();
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
    const places = regions.chosenPlaces();
    if (!Number.isFinite(color) || !places.length) return;
    for (const place of places) regions.entries[place].style_color = Math.min(1, Math.max(0, color));
    regions.touched = true;
    redraw();
  }

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

  const before = element.querySelector("[data-do=before]");
  whileHeld(before, (shown) => {
    regions.before = shown;
    before.setAttribute("aria-pressed", shown);
    redraw();
  });

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

  return { setRegionStrength, regionAdjusted, showPanel };
}
