// @ts-check
// A status line: what the studio said later stays, also where an answer that was said before comes after it.

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
export function openLine({ props, watch }) {
  let shown = props.value;
  watch("value", () => {
    shown = newer(shown, props.value);
    if (props.value !== shown) props.value = shown;
  });
}
