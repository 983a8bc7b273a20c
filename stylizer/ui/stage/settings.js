// @ts-check
// The tab's sliders: strength and color are blended on the stage at once, and the studio is told where they rest.

const REST = 150; // ms without a move before the true picture is asked for
const ADJUST = 250; // ms without a move before brush or detail are painted anew
const LIVE = 700; // ms after which they are painted anew in the middle of a move

/** Follow the sliders that `box` names; `drawing` is the stage's. */
export function openSettings({ box, trigger, state, drawing, regions }) {
  const { strengthSlider, colorSlider } = box.dataset;
  const most = Number(box.dataset.most);
  let [resting, keeping, adjusting] = [0, 0, 0];
  let adjustedAt = 0;
  let coloredAt = -1e9; // when the artist last moved the color
  let finer = 0; // the last turn whose fine keyframes were asked for; the greeting, turn 0, is light

  /** Ask for the true picture, unless it is shown or on its way. */
  function rest() {
    clearTimeout(resting);
    resting = setTimeout(() => {
      if (state.frames.length < 2 || drawing.isKeyframe() || drawing.presentTruth() || regions.stillPainting()) return;
      trigger("rest");
    }, REST);
  }

  /** Ask for the keyframes between the coarse ones, once a turn: the slider is about to move. */
  function askFiner() {
    if (state.turn <= finer || state.frames.length < 2) return;
    finer = state.turn;
    trigger("finer");
  }

  function keepIf(wanted) {
    clearTimeout(keeping);
    keeping = setTimeout(() => wanted() && trigger("keep"), REST);
  }

  function setStrength(strength) {
    if (!Number.isFinite(strength) || Math.abs(strength - state.strength) < 1e-9) return;
    state.strength = Math.min(most, Math.max(0, strength));
    drawing.describe();
    drawing.redraw();
    rest();
    keepIf(() => state.awake);
  }

  function setColor(color) {
    if (!Number.isFinite(color) || Math.abs(color - state.color) < 1e-9) return;
    state.color = Math.min(1, Math.max(0, color));
    coloredAt = performance.now();
    drawing.redraw();
    rest();
    keepIf(() => true);
  }

  /** Tell of a setting that needs the painter: the picture follows a drag now and then, and shows where it ends. */
  function adjusted() {
    clearTimeout(adjusting);
    const tell = () => {
      adjustedAt = performance.now();
      trigger("adjust");
    };
    adjusting = setTimeout(tell, performance.now() - adjustedAt > LIVE ? 0 : ADJUST);
  }

  document.addEventListener(
    "input",
    ({ target }) => {
      if (!(target instanceof HTMLInputElement) || target.value === "") return;
      if (target.closest(strengthSlider)) {
        setStrength(target.valueAsNumber / 100);
        askFiner();
      }
      if (target.closest(colorSlider)) setColor(target.valueAsNumber / 100);
    },
    true,
  );

  for (const sign of ["pointerover", "focusin"]) {
    const come = ({ target }) => target instanceof Element && target.closest(strengthSlider) && askFiner();
    document.addEventListener(sign, come, { passive: true, capture: true });
  }

  // a tab that is opened late may find its slider elsewhere than at full strength
  requestAnimationFrame(() => {
    const slider = /** @type {HTMLInputElement | null} */ (document.querySelector(`${strengthSlider} input[type=range]`));
    setStrength(slider?.valueAsNumber / 100);
  });
  return { rest, setStrength, setColor, adjusted, colorMoves: () => performance.now() - coloredAt <= REST };
}
