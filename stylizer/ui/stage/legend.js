// @ts-check
// The legend of regions: a button each, with its look, its name and what is done to it.

import { HATCHES, keeps } from "./masks.js";

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

/** Turn places among the masks, of which the first is what is left over, to places in the legend: that is last. */
const lastTheRest = ([rest, ...named]) => (rest === undefined ? [] : [...named, rest]);

/**
 * Show the legend of `regions`; its buttons `choose(place, more)` a region and `hover(place)` over it.
 * @returns {() => void} what shows it anew
 */
export function openLegend({ element, box, regions, choose, hover }) {
  const find = (name) => element.querySelector(name);
  const legend = find(".stage-legend");

  // the stage above it gives way by as much as it takes
  const giveWay = () => box.style.setProperty("--legend", `${legend.offsetHeight}px`);
  new ResizeObserver(giveWay).observe(legend);

  function button(region, place) {
    const made = Object.assign(document.createElement("button"), { type: "button" });
    made.dataset.name = region.name;
    const name = Object.assign(document.createElement("span"), { textContent: region.title });
    made.append(swatch(region), name, document.createElement("small"));
    made.addEventListener("click", (event) => choose(place, event.shiftKey));
    made.addEventListener("pointerenter", () => hover(place));
    made.addEventListener("focus", () => hover(place));
    for (const sign of ["pointerleave", "blur"]) made.addEventListener(sign, () => hover(-1));
    return made;
  }

  return function show() {
    find(".stage-regions").hidden = !regions.entries.length;
    const names = regions.entries.map(({ name }) => name).join("\n");
    if (legend.dataset.names !== names) {
      const focused = /** @type {HTMLElement} */ (document.activeElement);
      const had = legend.contains(focused) ? focused.dataset.name : null;
      legend.replaceChildren(...lastTheRest(regions.entries.map(button)));
      legend.dataset.names = names;
      [...legend.children].find((each) => each.dataset.name === had)?.focus();
    }
    const entries = lastTheRest(regions.entries);
    [...legend.children].forEach((each, place) => {
      const { layer, strength, words } = entries[place];
      each.setAttribute("aria-pressed", regions.selected.includes(each.dataset.name));
      each.lastChild.textContent =
        keeps(layer) ? words : strength === null ? words : `${words} ${Math.round(100 * strength)} %`;
    });
    giveWay(); // at once, or all below jumps there and back
    box.dataset.regions = regions.entries.length;
    box.dataset.selected = regions.selected.join(", ");
    box.dataset.revision = regions.revision;
  };
}
