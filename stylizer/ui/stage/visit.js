// @ts-check
// The page around the stages: which visit this tab is, what is said when the server is away, and small manners.
//
// A visit's id stands in the tab's own storage, which a reload keeps, and in a list of the browser's, from which a
// tab that is opened tomorrow takes the newest that no other tab has. A lock of the browser tells which are taken.

import { language, say, translate } from "./words.js";

const OWN = "studio.visit";
const ALL = "studio.visits";
const MOST = 12;
const OFFERED = 3000; // ms
const DAYS = 2; // as long as the studio keeps visits
const LOST = "Connection to the server was lost";

/**
 * Add a visit to those that the browser knows, the newest first.
 * @param {{id: string, seen: number}[]} known
 * @param {string} id
 * @param {number} now milliseconds
 */
export function withVisit(known, id, now) {
  const fresh = known.filter((visit) => visit.id !== id && now - visit.seen < DAYS * 86400e3);
  return [{ id, seen: now }, ...fresh].slice(0, MOST);
}

/**
 * List the visits that a tab may come back to, its own first.
 * @param {string | null} own
 * @param {{id: string, seen: number}[]} known
 * @param {number} now milliseconds
 */
export function candidates(own, known, now) {
  const others = known.filter(({ id, seen }) => id !== own && now - seen < DAYS * 86400e3).map(({ id }) => id);
  return own ? [own, ...others] : others;
}

/** Read a list of the browser's storage; whatever else stands there is none. */
export function readVisits(text) {
  try {
    const found = JSON.parse(text);
    return Array.isArray(found) ? found.filter((visit) => typeof visit?.id === "string" && Number.isFinite(visit.seen)) : [];
  } catch {
    return [];
  }
}

const stored = () => readVisits(localStorage.getItem(ALL) || "");

/** Take a visit for as long as this page lives; tells whether no other tab has it. */
function take(id) {
  return new Promise((done) => {
    const hold = (lock) => {
      done(lock !== null);
      return lock && new Promise(() => {});
    };
    navigator.locks.request(`studio ${id}`, { ifAvailable: true }, hold).catch(() => done(false));
  });
}

/** Find the visit that this tab comes back to; "" for a new one. */
export async function claim() {
  const own = sessionStorage.getItem(OWN);
  if (!navigator.locks) return [own || ""]; // pages that are not secure have none: a tab knows its own visit alone
  for (const id of candidates(own, stored(), Date.now())) {
    if (await take(id)) return [id];
    if (id !== own) continue;
    await new Promise((done) => setTimeout(done, 300)); // the page before this reload may not have let go yet
    if (await take(id)) return [id];
  }
  return [""];
}

export function remember(id) {
  if (!id) return;
  if (id !== sessionStorage.getItem(OWN) && navigator.locks) take(id);
  sessionStorage.setItem(OWN, id);
}

/** Open a tab of the page; a number after its name tells one call from the next. */
export function openTab(said) {
  const name = said.replace(/ \d+$/, "");
  const place = `[data-tab-id="${CSS.escape(name)}"]`;
  /** @type {HTMLElement} */ (document.querySelector(`[role="tab"]${place}`) || document.querySelector(place))?.click();
}

/** Let a later tab come back to this visit, once there is something to come back to. */
function offer() {
  const id = sessionStorage.getItem(OWN);
  const worked = [...document.querySelectorAll(".stage")].some((stage) => Number(/** @type {HTMLElement} */ (stage).dataset.turn) > 0);
  if (id && worked && !document.hidden) localStorage.setItem(ALL, JSON.stringify(withVisit(stored(), id, Date.now())));
}

export function forget() {
  const own = sessionStorage.getItem(OWN);
  sessionStorage.removeItem(OWN);
  localStorage.setItem(ALL, JSON.stringify(stored().filter(({ id }) => id !== own)));
  location.reload();
}

/** Download a file that the studio has made; nothing when a render was stopped. */
export function download(file) {
  if (file?.url) Object.assign(document.createElement("a"), { href: file.url, download: file.orig_name || "" }).click();
}

/** What a link may say. */
const NAMED = "style translate look strength color colors_only stroke detail gentle_faces".split(" ");
let asked = /** @type {string | null} */ (null);

/** Take what the page's address says, once: a reload brings the visit back as it was then. */
export function address(visit) {
  asked ??= location.search; // each tab asks
  const left = new URLSearchParams(asked);
  NAMED.forEach((name) => left.delete(name));
  const rest = left.size ? `?${left}` : "";
  if (rest !== location.search) history.replaceState(null, "", location.pathname + rest);
  return [visit, asked];
}

/** Put a link to this page, with these settings, where the artist can paste it from. */
export async function copyLink(settings) {
  if (settings === null || settings === undefined) return;
  const link = location.origin + location.pathname + (settings ? `?${settings}` : "");
  try {
    await navigator.clipboard.writeText(link);
  } catch {
    window.prompt(say("Copy this link"), link); // pages that are not secure have no clipboard
  }
}

/** Say in a line of our own that the server is away, in place of Gradio's notice, which covers the page. */
function watchConnection() {
  const textContent = say("The connection is lost. Your work is kept; the page comes back by itself.");
  const line = Object.assign(document.createElement("p"), { className: "away", hidden: true, textContent });
  line.setAttribute("role", "status");
  document.body.append(line);
  const look = () => {
    const lost = [...document.querySelectorAll(".toast-body")].filter((toast) => toast.textContent.includes(LOST));
    lost.forEach((toast) => /** @type {HTMLElement} */ (toast).style.setProperty("display", "none", "important"));
    const away = lost.length > 0;
    if (line.hidden === away) line.hidden = !away;
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
}

const PICTURES = {
  "invent-picture": say("The invented picture"),
  "translate-hint-picture": say("The photo in gray, to click colors on"),
};

/** Name thumbnails by their captions, and single pictures; Gradio names them by number, or not at all. */
function nameThumbnails() {
  for (const [id, name] of Object.entries(PICTURES)) {
    const picture = document.querySelector(`#${id} button:has(img)`);
    if (picture && !picture.ariaLabel) picture.ariaLabel = name;
  }
  document.querySelectorAll(".thumbnail-item").forEach((found) => {
    const thumbnail = /** @type {HTMLElement} */ (found);
    const caption = thumbnail.querySelector("img")?.alt;
    if (caption && thumbnail.title !== caption) thumbnail.title = thumbnail.ariaLabel = caption;
  });
}

const THEME = "studio.theme";

/** Begin the page; `masthead` is its header. */
export function openPage(masthead) {
  document.documentElement.lang = language;
  translate(masthead);
  const chosen = localStorage.getItem(THEME);
  if (chosen) document.body.classList.toggle("dark", chosen === "dark");
  masthead.querySelector("button").onclick = () => {
    const dark = document.body.classList.toggle("dark");
    localStorage.setItem(THEME, dark ? "dark" : "light");
  };
  new MutationObserver(nameThumbnails).observe(document.body, { childList: true, subtree: true });
  nameThumbnails();
  watchConnection();
  setInterval(offer, OFFERED);
  window.addEventListener("pagehide", offer);
}
