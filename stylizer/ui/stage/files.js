// @ts-check
// Pictures that are dropped, pasted or chosen: they go the way of the upload buttons.

const BATCH = "#batch"; // several photos are painted into a zip; what is odd among them is named there
const STYLES = { panel: "#styles-panel", photo: "#own-style" };

const isPicture = ({ name }) => /\.(jpe?g|jfif|png|webp|avif|hei[cf]|bmp|tiff?|gif)$/i.test(name); // as the buttons take
const isStyle = ({ name }) => /\.safetensors$/i.test(name); // a painting that was studied

/** Take what is brought to the tab of a stage's `box`; what is no picture triggers `refuse`. */
export function openFiles({ box, trigger }) {
  const { stage: name, photoPlace } = box.dataset;
  const onView = () => box.offsetParent !== null; // the others' tabs are hidden
  const goal = (event) => (event.target.closest?.(STYLES.panel) ? STYLES.photo : photoPlace);

  function bring(files, place) {
    const styles = name === "stage" && [...files].some(isStyle);
    const several = place === photoPlace && [...files].filter(isPicture).length > 1;
    const where = styles ? STYLES.photo : several && name === "stage" ? BATCH : place;
    const pictures = [...files].filter((file) => isPicture(file) || (styles && isStyle(file)));
    if (files.length && !pictures.length) trigger("refuse", { name: files[0].name });
    const input = /** @type {HTMLInputElement | null} */ (document.querySelector(`${where} input[type=file]`));
    if (!pictures.length || !input) return;
    const carrier = new DataTransfer();
    (input.multiple ? pictures : pictures.slice(0, 1)).forEach((file) => carrier.items.add(file));
    input.files = carrier.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // what a button was given, and cannot take, is answered here as well: Gradio's notice would cover the page
  document.addEventListener(
    "change",
    (event) => {
      const input = event.target;
      if (!onView() || !(input instanceof HTMLInputElement) || input.type !== "file") return;
      const styles = input.closest(STYLES.photo);
      const odd = [...(input.files || [])].find((file) => !isPicture(file) && !(styles && isStyle(file)));
      if (!odd) return;
      event.stopImmediatePropagation();
      input.value = ""; // the same file may be tried again
      trigger("refuse", { name: odd.name });
    },
    true,
  );

  document.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    box.classList.toggle("dropping", goal(event) === photoPlace);
    document.querySelector(STYLES.panel)?.classList.toggle("dropping", goal(event) === STYLES.photo);
  });
  const dropEnded = () => document.querySelectorAll(".dropping").forEach((place) => place.classList.remove("dropping"));
  document.addEventListener("dragleave", (event) => event.relatedTarget || dropEnded());
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    dropEnded();
    if (onView()) bring(event.dataTransfer.files, goal(event));
  });
  document.addEventListener("paste", (event) => {
    if (onView() && event.clipboardData?.files.length) bring(event.clipboardData.files, photoPlace);
  });
}
