// @ts-check
// A status line: what the studio said later stays, also where an answer that was said before comes after it.

const LINE = 20; // its height in CSS pixels
const MOMENT = /^<p data-at="(\d+)"/;

/** Return the moment, by the studio's clock, at which a status line was said; 0 for what stood there first. */
const momentOf = (line) => Number(MOMENT.exec(line)?.[1] ?? 0);

/**
 * Return which of two status lines stays.
 * @param {string} shown
 * @param {string} come
 */
export const newer = (shown, come) => (momentOf(come) < momentOf(shown) ? shown : come);

/** Begin a status line with what Gradio gives the script of a component. */
export function openLine({ element, props, watch }) {
  // one line lies in the middle of its place; more than two go on over the words below, which must know
  const block = element.closest(".block");
  new ResizeObserver(() => {
    block.toggleAttribute("data-one", element.offsetHeight <= LINE);
    block.toggleAttribute("data-long", element.offsetHeight > 2 * LINE);
  }).observe(element);
  let shown = props.value;
  watch("value", () => {
    shown = newer(shown, props.value);
    if (props.value !== shown) props.value = shown;
  });
}
