import js from "@eslint/js";
import globals from "globals";

export default [
  js.configs.recommended,
  {
    files: ["stylizer/ui/stage/*.js"],
    languageOptions: { globals: globals.browser },
    rules: { eqeqeq: "error", "no-var": "error", "prefer-const": "error", "no-shadow": "error", "max-len": ["error", 140] },
  },
  { files: ["tests/stage/*.js"], languageOptions: { globals: globals.nodeBuiltin } },
];
