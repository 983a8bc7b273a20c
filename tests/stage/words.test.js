// Which language a browser is spoken to in, and how.
import assert from "node:assert/strict";
import { test } from "node:test";

import { best, language, say } from "../../stylizer/ui/stage/words.js";

test("a language answers its own code, and one without a country all countries", () => {
  const known = ["zh-CN", "fr"];
  for (const [code, wanted] of [["zh-CN", "zh-CN"], ["fr", "fr"], ["fr-CA", "fr"], ["zh", "en"], ["zh-TW", "en"], ["frr", "en"], ["", "en"]]) {
    assert.equal(best(code, known), wanted, code);
  }
});

test("without a page that offers other languages all is English, with values in their places", () => {
  assert.equal(language, "en");
  assert.equal(say("Strength {strength} percent of {of}.", { strength: 40, of: "the sky" }), "Strength 40 percent of the sky.");
});
