import * as ts from "typescript";

/** What TSDoc says of a symbol, for readers of every language. */
export function describe(symbol: ts.Symbol | undefined, checker: ts.TypeChecker): string | undefined {
  if (!symbol) {
    return undefined;
  }
  const text = plainLinks(ts.displayPartsToString(symbol.getDocumentationComment(checker)));
  const tags = symbol.getJsDocTags(checker).map(({ name, text: parts }) => ({
    name,
    // A comment of docker-build's own SDK ends with the stars of the next line.
    text: plainLinks(ts.displayPartsToString(parts)).trim(),
  }));
  const defaults = tags
    .filter(({ name }) => name === "default")
    .map((tag) => `Default: ${tag.text.replace(/^- /, "")}.`);
  const links = tags.filter(({ name }) => name === "see").map((tag) => `See ${tag.text}`);
  const whole = [text.trim(), ...defaults, ...links].filter((part) => part !== "").join("\n\n");
  return whole === "" ? undefined : whole;
}

/** `{@link Builder}` means something to TypeScript's readers alone. */
function plainLinks(text: string): string {
  return text.replace(
    /\{@link ([^}|]+)(?:\|([^}]+))?\}/g,
    (_, target: string, label?: string) => label ?? `\`${target.trim()}\``,
  );
}

/** `linux/arm/v7` is `LinuxArmV7`: a name that every language can make its own of. */
export function enumName(value: string): string {
  return value
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}
