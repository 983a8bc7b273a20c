// @ts-check
// The wall of paintings: words and choices say which are seen, arrows move between them, clicks choose and mix.

import { openPhotoWall } from "./photo_wall.js";
import { say, translate } from "./words.js";

/** The largest remainders get what rounding leaves over: whole numbers in the ratio of `parts` that sum to `total`. */
function shared(parts, total) {
  const sum = parts.reduce((a, b) => a + b, 0);
  const exact = parts.map((part) => (sum > 0 ? (part / sum) * total : total / parts.length));
  const whole = exact.map(Math.floor);
  const left = total - whole.reduce((a, b) => a + b, 0);
  const order = exact.map((value, place) => [value - whole[place], place]).sort(([a, i], [b, j]) => b - a || i - j);
  for (const [, place] of order.slice(0, left)) whole[place] += 1;
  return whole;
}

/**
 * Let the other shares of a mix make room for the one that moved: they keep their ratio, and all sum to 100.
 * @param {number[]} shares of the sliders; those beyond `count` stay as they are
 * @param {number} moved its place
 * @param {number} count how many are mixed
 */
export function balanced(shares, moved, count) {
  const mixed = shares.slice(0, count);
  const set = Math.min(100, Math.max(0, Math.round(mixed[moved] || 0)));
  const others = shared(mixed.filter((_, place) => place !== moved).map((share) => Math.max(0, share || 0)), 100 - set);
  others.splice(moved, 0, set);
  return [...others, ...shares.slice(count)];
}

/**
 * Find where an arrow leads, by what is seen: the nearest box in that direction.
 * @param {{left: number, top: number, width: number, height: number}[]} boxes
 * @param {number} from
 * @param {string} key
 */
export function neighbor(boxes, from, key) {
  if (key === "Home") return 0;
  if (key === "End") return boxes.length - 1;
  const middle = ({ left, top, width, height }) => [left + width / 2, top + height / 2];
  const [x, y] = middle(boxes[from]);
  const across = key === "ArrowLeft" || key === "ArrowRight";
  const sign = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
  let [best, nearest] = [from, Infinity];
  boxes.forEach((box, place) => {
    const [u, v] = middle(box);
    const [along, aside] = across ? [sign * (u - x), Math.abs(v - y)] : [sign * (v - y), Math.abs(u - x)];
    const distance = along + 3 * aside;
    if (along > 1 && (across ? aside < box.height / 2 : true) && distance < nearest) [best, nearest] = [place, distance];
  });
  if (best !== from || !across) return best;
  return Math.min(boxes.length - 1, Math.max(0, from + sign)); // the row is over: on to the next
}

/** Write as people type: small letters without accents. */
export const plain = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");

const MINE = "Mine";
const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];

/** Begin the wall with what Gradio gives the script of a component. */
export function openWall({ element, trigger, props, watch }) {
  const find = (name) => /** @type {HTMLElement} */ (element.querySelector(name));
  const [box, hang, said, mix] = [".wall", ".wall-hang", ".wall-said", ".wall-mix"].map(find);
  const groups = /** @type {HTMLSelectElement[]} */ ([...element.querySelectorAll("[data-group]")]);
  const search = /** @type {HTMLInputElement} */ (element.querySelector("input[type=search]"));
  translate(element);
  const most = Number(box.dataset.most);
  const state = { own: "", chosen: [], shares: [], wearer: "", mixing: false, moment: 0 };

  const cards = () => /** @type {HTMLElement[]} */ ([...hang.children]);
  const seen = () => cards().filter((card) => !card.hidden);
  const face = (card) => /** @type {HTMLElement} */ (card.querySelector(".card-face"));
  const tell = (words) => {
    if (said.textContent !== words) said.textContent = words;
  };

  // ---- pictures are fetched when they come in sight ------------------------------------------------------------

  const comers = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        target.querySelectorAll("img[data-src]").forEach((found) => {
          const image = /** @type {HTMLImageElement} */ (found);
          image.src = image.dataset.src || "";
          delete image.dataset.src;
        });
        comers.unobserve(target);
      }
    },
    { root: hang, rootMargin: "176px" },
  );
  const expect = (list) => list.forEach((card) => comers.observe(card));
  expect(cards());

  // ---- which are seen -----------------------------------------------------------------------------------------

  function filter() {
    const words = plain(search.value).split(/\s+/).filter(Boolean);
    const wanted = groups.map(({ value }) => value).filter(Boolean);
    for (const card of cards()) {
      const labels = (card.dataset.labels || "").split("|");
      card.hidden = !wanted.every((label) => labels.includes(label)) || !words.every((word) => (card.dataset.words || "").includes(word));
    }
    const count = seen().length;
    const asked = words.length > 0 || wanted.length > 0;
    for (const group of groups) group.classList.toggle("chosen", group.value !== "");
    tell(
      count === 0
        ? say("No painting is like that. Try another word, or any artist.")
        : asked
          ? say("{count} of {all} paintings.", { count, all: cards().length })
          : "",
    );
    reach();
    show();
  }

  /** One of the cards is the wall's stop for Tab: the chosen one, or the first that is seen. */
  function reach(card = null) {
    const stop = card || seen().find(({ dataset }) => dataset.key === state.chosen[0]) || seen()[0];
    for (const each of cards()) face(each).tabIndex = each === stop ? 0 : -1;
  }

  /** Scroll the wall, and not the page, until the chosen one is seen; without it, to the start. */
  function show() {
    const card = seen().find(({ dataset }) => dataset.key === state.chosen[0]);
    if (!card) return void hang.scrollTo({ top: 0, left: 0 });
    const [place, frame] = [card.getBoundingClientRect(), hang.getBoundingClientRect()];
    if (!place.width) return; // the tab is not open
    const off = (start, end, low, high) => start < low || end > high;
    if (off(place.top, place.bottom, frame.top, frame.bottom)) hang.scrollTop += place.top - frame.top - (frame.height - place.height) / 2;
    if (off(place.left, place.right, frame.left, frame.right)) hang.scrollLeft += place.left - frame.left - (frame.width - place.width) / 2;
  }

  // ---- what is chosen -----------------------------------------------------------------------------------------

  function mark() {
    box.classList.toggle("mixed", state.chosen.length > 1);
    for (const card of cards()) {
      const place = state.chosen.indexOf(card.dataset.key || "");
      const title = card.querySelector(".card-title")?.textContent;
      const share = /** @type {HTMLElement} */ (card.querySelector(".card-share"));
      const plus = /** @type {HTMLElement} */ (card.querySelector(".card-plus"));
      const shown = place >= 0 && state.chosen.length > 1;
      face(card).ariaPressed = String(place >= 0);
      share.hidden = !shown;
      share.textContent = shown ? `${state.shares[place]} %` : "";
      plus.textContent = shown ? "−" : "+";
      plus.hidden = place === 0 && !shown;
      plus.title = shown ? say("Take out of the mix") : say("Mix in");
      plus.ariaLabel = `${shown ? say("Take out") : say("Mix in")} ${title}`;
    }
  }

  /** Choose a card alone, or let it join or leave the mix. */
  function pick(card, mixing) {
    const key = card.dataset.key || "";
    const within = state.chosen.includes(key);
    let keys = [key];
    if (mixing && state.chosen.length) {
      keys = within ? state.chosen.filter((each) => each !== key) : [...state.chosen, key];
      if (keys.length > most) return tell(say("At most {most} paintings are mixed. Take one out first.", { most }));
      if (!keys.length) return;
    }
    state.moment = performance.now();
    state.chosen = keys;
    state.shares = keys.map(() => Math.round(100 / keys.length)); // until the studio answers
    mark();
    reach(card);
    trigger("pick", { keys, key, moment: state.moment });
  }

  hang.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    const card = button?.closest(".card");
    if (card) pick(card, state.mixing || button?.classList.contains("card-plus"));
  });
  function setMixing(mixing) {
    state.mixing = mixing;
    mix.ariaPressed = String(mixing);
    box.classList.toggle("mixing", mixing);
    tell(mixing ? say("Click up to {most} paintings; a second click takes one out.", { most }) : "");
  }
  mix.addEventListener("click", () => setMixing(!state.mixing));

  // ---- keys ---------------------------------------------------------------------------------------------------

  function rove(container, items, reached) {
    container.addEventListener("keydown", (event) => {
      const from = items().findIndex((item) => item.contains(event.target));
      if (from < 0 || event.ctrlKey || event.metaKey || event.altKey || !ARROWS.includes(event.key)) return;
      event.preventDefault();
      reached(items()[neighbor(items().map((item) => item.getBoundingClientRect()), from, event.key)]);
    });
  }
  rove(hang, seen, (card) => {
    reach(card);
    face(card).focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  hang.addEventListener("keydown", (event) => {
    const card = /** @type {HTMLElement} */ (event.target).closest(".card");
    if (!card || !["+", "-"].includes(event.key)) return;
    event.preventDefault();
    if ((event.key === "+") !== state.chosen.includes(/** @type {HTMLElement} */ (card).dataset.key || "")) pick(card, true);
  });

  /** Show all paintings again. */
  function showAll() {
    search.value = "";
    for (const group of groups) group.value = "";
    filter();
  }
  for (const group of groups) group.addEventListener("change", filter);
  search.addEventListener("input", filter);

  // ---- what the studio says -----------------------------------------------------------------------------------

  function receive(message) {
    if (!message || message.moment < state.moment) return; // another click is on its way
    if (message.own !== state.own) {
      cards().forEach((card) => card.dataset.key?.startsWith("own:") && card.remove());
      hang.insertAdjacentHTML("afterbegin", message.own);
      expect(cards().filter(({ dataset }) => dataset.key?.startsWith("own:")));
      state.own = message.own;
      const mine = /** @type {HTMLOptionElement} */ (element.querySelector(`option[value=${MINE}]`));
      mine.hidden = mine.disabled = !message.own;
      showAll();
    }
    if (message.wearer !== state.wearer && state.mixing) setMixing(false); // a region that is chosen begins anew
    state.wearer = message.wearer;
    const other = message.chosen[0] !== state.chosen[0];
    Object.assign(state, { chosen: message.chosen, shares: message.shares, moment: message.moment });
    const [first] = state.chosen; // none where a region keeps the photo
    if (first && other && !seen().some(({ dataset }) => dataset.key === first)) {
      showAll();
    }
    mark();
    reach();
    if (first) show();
  }

  /** Called while a share's slider moves: returns what all of them are now. */
  function balance(moved, further, ...values) {
    const count = Math.min(most, (further || []).length + 1);
    const shares = count > 1 ? balanced(values, moved, count) : values;
    if (state.chosen[1] === (further || [])[0]) state.shares = shares.slice(0, count); // and not a region's
    mark();
    return shares;
  }
  const photo = openPhotoWall({ box, hang, button: find(".wall-photo"), seen, trigger });
  Object.assign(window, { wall: { balance, another: photo.another } });

  let width = 0;
  new ResizeObserver(() => {
    if (!width) {
      show(); // its tab was closed until now
      photo.ask();
    }
    width = hang.clientWidth;
  }).observe(hang);
  watch("value", () => receive(props.value));
  receive(props.value);
}
