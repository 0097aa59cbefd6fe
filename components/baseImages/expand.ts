/** Values by name; `undefined` stands for one that is not known here. */
export type Values = ReadonlyMap<string, string | undefined>;

// ${NAME}, and ${NAME:-word}, ${NAME-word}, ${NAME:+word}, ${NAME+word}
const braced = /^([A-Za-z_]\w*)(?:(:?[-+])(.*))?$/s;

// Nothing that names an image is so long, and a few variables of each other's values grow without end.
const longestCharacters = 10_000;
const deepestWords = 50;

/**
 * A word of a Dockerfile with its variables replaced, as BuildKit does it; nothing where it has a form that is not
 * followed here (patterns, escapes), a value that is not known, or no end in sight.
 *
 * @see https://docs.docker.com/reference/dockerfile/#environment-replacement
 */
export function expand(word: string, values: Values, depth = 0): string | undefined {
  if (/[\\`']/.test(word) || word.length > longestCharacters || depth > deepestWords) {
    return undefined;
  }
  let expanded = "";
  for (let rest = word; rest !== "";) {
    const [plain] = /^[^$]*/.exec(rest) ?? [""];
    expanded += plain.replaceAll('"', "");
    rest = rest.slice(plain.length);
    if (rest === "") {
      break;
    }
    const name = /^\$([A-Za-z_]\w*)/.exec(rest);
    const end = rest.startsWith("${") ? closingBrace(rest) : -1;
    if (!name && end < 0) {
      return undefined;
    }
    const value = name ? valueOf(name[1], values) : expandBraced(rest.slice(2, end), values, depth);
    if (value === undefined || expanded.length + value.length > longestCharacters) {
      return undefined;
    }
    expanded += value;
    rest = rest.slice(name ? name[0].length : end + 1);
  }
  return expanded;
}

function expandBraced(inside: string, values: Values, depth: number): string | undefined {
  const [, name, operator, word = ""] = braced.exec(inside) ?? [];
  if (name === undefined) {
    return undefined;
  }
  const value = valueOf(name, values);
  if (operator === undefined || value === undefined) {
    return value;
  }
  const isSet = operator.startsWith(":") ? value !== "" : values.has(name);
  if (operator.endsWith("+")) {
    return isSet ? expand(word, values, depth + 1) : "";
  }
  return isSet ? value : expand(word, values, depth + 1);
}

/** One that is not set is empty. */
function valueOf(name: string, values: Values): string | undefined {
  return values.has(name) ? values.get(name) : "";
}

function closingBrace(text: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "}" && --depth === 0) {
      return at;
    }
    if (text[at] === "{") {
      depth++;
    }
  }
  return -1;
}
