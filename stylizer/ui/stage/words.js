// @ts-check
// The language of our own HTML and scripts: English as it stands there, or what the studio's file for the
// browser's language says in its place. Gradio's widgets follow the same language.

const ENGLISH = "en";

/** The languages that the studio has files of, as its page's head names them. */
const offered = globalThis.document?.querySelector("meta[name=languages]")?.getAttribute("content") ?? "";

/**
 * Return the language that answers a code such as fr-CA: it, or else fr, if it is among those `known`.
 * @param {string} code
 * @param {string[]} known
 */
export function best(code, known) {
  return [code, code.split("-")[0]].find((each) => known.includes(each)) ?? ENGLISH;
}

export const language = best(globalThis.navigator?.language ?? "", offered.split(" ").filter(Boolean));

/** @type {Record<string, string>} */
const known = language === ENGLISH ? {} : await fetched();

async function fetched() {
  try {
    return (await (await fetch(new URL(`${language}.json`, import.meta.url))).json()).stage;
  } catch {
    return {}; // without its file the page speaks English
  }
}

/**
 * Say a sentence in the visitor's language, with values in the place of their names in braces.
 * @param {string} sentence
 * @param {Record<string, string | number>} [values]
 */
export function say(sentence, values = {}) {
  return (known[sentence] ?? sentence).replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

const NAMES = ["title", "aria-label", "placeholder", "aria-valuetext"];

/**
 * Say all that stands in an element in the visitor's language.
 * @param {Element} element
 */
export function translate(element) {
  if (language === ENGLISH) return;
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.nodeValue || "";
    const sentence = text.trim();
    if (known[sentence]) texts.currentNode.nodeValue = text.replace(sentence, known[sentence]);
  }
  for (const found of [element, ...element.querySelectorAll(NAMES.map((name) => `[${name}]`).join())]) {
    for (const name of NAMES) {
      const sentence = found.getAttribute(name);
      if (sentence && known[sentence]) found.setAttribute(name, known[sentence]);
    }
  }
}
