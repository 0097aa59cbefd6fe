// https://ecma-international.org/publications-and-standards/standards/ecma-48/
const escapeSequences = /\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\^_]|[()][A-Z0-9])/g;
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/**
 * Words of ssh, daemons and registries without what a terminal obeys: colours, jumps, titles, the clipboard. Lines and tabs
 * stay.
 */
export function plainText(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(escapeSequences, "").replace(controls, "");
}

/** The same in one line, where it has names of files: a CI obeys lines that begin with `::` or `##`. */
export function inOneLine(text: string): string {
  return plainText(text).replaceAll("\n", " ");
}
