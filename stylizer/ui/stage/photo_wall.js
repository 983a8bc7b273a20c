// @ts-check
// The wall on the visitor's own photo: asks for small pictures of it in every style, and hangs them as they come.

const SHOWN = "studio.wall";
const AGAIN = 1000; // ms until the studio is asked what has been painted since

/** @type {((message: {place: string, painted: string[], left: number}) => void) | null} */
let receive = null;

/** Take what the studio says of it. */
export function hear(message) {
  if (message && receive) receive(message);
}

/**
 * Let a button switch between the paintings and the photo in their styles, for as long as this visit.
 * @param {object} wall
 * @param {HTMLElement} wall.box
 * @param {HTMLElement} wall.hang what scrolls
 * @param {HTMLElement} wall.button
 * @param {() => HTMLElement[]} wall.seen the cards that are not filtered out
 * @param {(event: string, data: object) => void} wall.trigger
 */
export function openPhotoWall({ box, hang, button, seen, trigger }) {
  let place = "";
  let asking = 0;

  function clear() {
    hang.querySelectorAll(".card-photo").forEach((image) => image.remove());
    place = "";
  }

  /** Ask for those in sight first, if the wall is looked at. */
  function ask() {
    clearTimeout(asking);
    if (button.ariaPressed !== "true" || document.hidden || !hang.offsetParent) return;
    const frame = hang.getBoundingClientRect();
    const inSight = (card) => {
      const { top, bottom, left, right } = card.getBoundingClientRect();
      return bottom > frame.top && top < frame.bottom && right > frame.left && left < frame.right;
    };
    trigger("look", { first: seen().filter(inSight).map(({ dataset }) => dataset.key) });
  }

  receive = (message) => {
    if (message.place !== place) clear();
    place = message.place;
    const cards = new Map([...hang.querySelectorAll(".card")].map((card) => [card.getAttribute("data-key"), card]));
    for (const key of message.painted) {
      const picture = cards.get(key)?.querySelector(".card-picture");
      if (!picture || picture.querySelector(".card-photo")) continue;
      const image = Object.assign(new Image(), { className: "card-photo", alt: "", decoding: "async" });
      image.onload = () => image.classList.add("here");
      image.src = `${place}/${key}.webp`;
      picture.firstElementChild?.after(image); // and below the painting, which shows itself on hover
    }
    const all = message.painted.length + message.left;
    button.style.setProperty("--done", String(message.left ? message.painted.length / all : 0));
    if (message.left) asking = setTimeout(ask, AGAIN);
  };

  function show(shown) {
    button.ariaPressed = String(shown);
    box.classList.toggle("on-photo", shown);
    ask();
  }
  button.addEventListener("click", () => {
    const shown = button.ariaPressed !== "true";
    sessionStorage.setItem(SHOWN, shown ? "photo" : "");
    show(shown);
  });
  document.addEventListener("visibilitychange", ask);
  show(sessionStorage.getItem(SHOWN) === "photo");

  /** Another photo is there: what hangs is none of it. */
  function another() {
    clear();
    ask();
  }
  return { ask, another };
}
