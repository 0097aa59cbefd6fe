import tseslint from "typescript-eslint";

export default tseslint.config(
  // Examples are projects of their own, with their own packages; `tsc` reads them as well.
  { ignores: ["dist/", "node_modules/", ".state/", ".multi-platform-image/", "examples/", "**/*.js", "**/*.mjs"] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "max-lines": ["error", 300],
    },
  },
);
