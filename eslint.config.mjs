import tseslint from "typescript-eslint";

import { layers } from "./tools/layers.mjs";

export default tseslint.config(
  // Examples and pairs are what users write, with packages of their own; `tsc` reads them as well.
  {
    ignores: [
      "dist/",
      "node_modules/",
      ".state/",
      ".multi-platform-image/",
      "examples/",
      "test/unit/docs/pairs/",
      "**/*.js",
      "**/*.mjs",
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "max-lines": ["error", 250],
    },
  },
  {
    files: ["components/**"],
    rules: {
      // Each line of Pulumi's log waits for the one before, of whatever stack of this process, and for the URN of its resource,
      // which may wait for a hook or never come (https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/nodejs/log/index.ts).
      "no-restricted-syntax": [
        "error",
        {
          selector: "CallExpression[callee.object.object.name='pulumi'][callee.object.property.name='log']",
          message: "Lines of the log are said by `say` of components/pulumi/log.ts.",
        },
      ],
    },
  },
  ...layers,
);
