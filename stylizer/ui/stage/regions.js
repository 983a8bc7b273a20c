// @ts-check
// Regions on the stage: what the studio says of them, which are chosen, and who draws, lists and changes them.
//
// What the artist does here is seen at once and told to the studio as an edit with a number; until a message has
// `acknowledged` that number, the stage's own masks, strengths and choice stand. `message.py` says what a message
// of regions holds, and what an edit does.

import { openPointer, openTools } from "./brush.js";
import { openLegend } from "./legend.js";
import { covers } from "./masks.js";
import { openMarks } from "./region_marks.js";
import { maskLoader, openMasks } from "./region_masks.js";
import { openRegionSettings } from "./region_settings.js";
import { RegionState } from "./region_state.js";

/** Begin the regions of a stage, given what `openStage` shares with them. */
export function openRegions({ element, box, canvas, trigger, state, painter, rect, redraw, pointers }) {
  const regions = new RegionState();
  const hint = element.querySelector(".stage-hint");
  const masks = openMasks({ regions, state, painter });
  const marks = openMarks({ element, canvas, regions });
  const showLegend = openLegend({ element, box, regions, choose, hover });
  const { setTool } = openTools({ element, box, regions, hint, tell, choose, redraw });
  openPointer({ element, canvas, pointers, rect, regions, masks, marks, hint, tell, choose, hover, redraw });
  const reached = openRegionSettings({ element, box, regions, trigger, tell, showLegend, redraw });

  function tell(event, edit) {
    regions.edits += 1;
    trigger(event, { edit: regions.edits, ...edit });
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

  function forgetMasks() {
    masks.forget();
    marks.forget();
  }

  /** Take up a message of regions with its masks; one that does not know the last edit changes no mask. */
  function receive(message, fetched) {
    if (!message) {
      if (!regions.entries.length) return;
      regions.clear();
      forgetMasks();
      setTool("choose");
      showLegend();
      return;
    }
    if (message.serial < regions.serial) return;
    regions.serial = message.serial;
    const behind = message.acknowledged < regions.edits || regions.stroke !== null;
    const names = (entries) => entries.map(({ name }) => name).join("\n");
    const found = names(message.entries) !== names(regions.entries);
    if (behind && found) return;
    const local = regions.entries.map(({ strength }) => strength);
    regions.entries = message.entries.map((region, place) => (behind ? { ...region, strength: local[place] } : region));
    if (!behind) takeUp(message, fetched, found);
    box.dataset.acknowledged = message.acknowledged;
    showLegend();
  }

  function takeUp(message, fetched, found) {
    regions.touched = false;
    if (message.revision !== regions.revision) {
      regions.masks = fetched.map((mask) => mask.slice()); // the brush works on them
      Object.assign(regions, { revision: message.revision, size: message.size, hovered: -1 });
      forgetMasks();
    }
    const before = regions.selected.join("\n");
    regions.selected = message.selected;
    const [place] = regions.chosenPlaces();
    const fresh = regions.selected.length === 1 && regions.selected.join("\n") !== before;
    if (fresh && !covers(regions.masks[place])) setTool("add"); // there is nothing of it yet
    // regions were found, or what was painted is chosen no more: the next click chooses
    else if (regions.painting() && !regions.selected.length && (found || before)) setTool("choose");
  }

  return {
    loadMasks: maskLoader(),
    receive,
    forgetMasks,
    groupsToDraw: masks.groupsToDraw,
    drawMarks: marks.draw,
    beforeShown: () => regions.beforeShown(),
    stillPainting: () => regions.stroke !== null,
    masksTouched: () => regions.touched,
    strengths: () => regions.strengths(),
    reached,
  };
}
