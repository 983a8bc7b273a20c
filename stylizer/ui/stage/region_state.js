// @ts-check
// What a stage knows of its regions: those of the last message, what is chosen, and the tool in hand.

import { keeps } from "./masks.js";

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

export class RegionState {
  /** @type {Entry[]} */
  entries = [];
  /** @type {Uint8Array[]} */
  masks = [];
  size = [1, 1]; // of the masks
  revision = "";
  serial = -1; // of the last message
  edits = 0; // told so far
  /** @type {string[]} */
  selected = [];
  hovered = -1;
  tool = "choose";
  radius = 24; // of the brush, in pixels of the masks
  before = false;
  /** @type {import("./masks.js").Stroke | null} */
  stroke = null;
  touched = false; // the brush has changed masks that the studio does not know: true pictures are of others
  /** @type {number[] | null} */
  pointer = null; // where the brush is, in pixels of the masks

  /** Forget all that belongs to regions that are gone; the numbers of messages and edits go on. */
  clear() {
    const gone = { entries: [], masks: [], selected: [], hovered: -1, revision: "", before: false, touched: false };
    Object.assign(this, gone);
  }

  chosenPlaces() {
    return this.selected
      .map((name) => this.entries.findIndex((region) => region.name === name))
      .filter((place) => place >= 0);
  }

  painting() {
    return this.tool === "add" || this.tool === "erase";
  }

  beforeShown() {
    return this.before && this.selected.length > 0;
  }

  strengths() {
    return this.entries.map(({ layer, strength }) => (keeps(layer) ? 0 : strength));
  }
}
