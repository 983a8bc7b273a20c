// @ts-check
// The language of our own HTML and scripts: English as it stands there, or what the studio's file for the
// browser's language says in its place. Gradio's widgets follow the same language.

const CHINESE = "zh-CN";
export const language = globalThis.navigator?.language === CHINESE ? CHINESE : "en";

/** @type {Record<string, string>} */
const known = language === "en" ? {} : await fetched();

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
  if (language === "en") return;
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
