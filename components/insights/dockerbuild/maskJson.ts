import { withHiddenLogins } from "../../support/withoutLogins";
import { isWord } from "./jsonWords";
import { charactersOf, type Mask, masked, textMaskOf } from "./maskText";

const literals = /"([^"\\]*(?:\\[^][^"\\]*)*)"(\s*:)?/g;
const escapes = /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\[^]|[^\\]+/g;
/** What JSON has nowhere outside of its texts, numbers and literals. */
const noJson = /[^\s{}[\]:,\d.eE+-]/;
const noBase64 = /[^A-Za-z0-9+/=]/;
/** Of four bytes, the fewest that are hidden. */
const leastLetters = 8;
const mostLetters = 1_000;
/** JSON of BuildKit's own that is the value of such a key. JSON of anybody's is a text: its keys and numbers are, too. */
const innerJson = /^(?:containerimage\.|cache-(?:im|ex)ports$)/;

/**
 * For JSON: what anybody wrote into it is in its texts, also in base64, as files of a Dockerfile's here-documents. Keys, numbers
 * and words of its format stay, whatever values are: `false`, `8080` and `trace` are ordinary arguments. What has not changed
 * is as it was, byte for byte.
 */
export function jsonMaskOf(values: Mask): Mask {
  const text = textMaskOf(values);
  const json: Mask = (whole) => {
    if (noJson.test(whole.replace(literals, " ").replace(/\b(?:true|false|null)\b/g, ""))) {
      return text(whole);
    }
    let key = "";
    return whole.replace(literals, (_, inner: string, colon?: string) => {
      if (colon !== undefined) {
        key = inner;
        // A program chose it, but an URL may be one.
        return `"${maskedLiteral(inner, withHiddenLogins)}"${colon}`;
      }
      return `"${maskedLiteral(inner, (value) => (isWord(key, value) ? value : ofKey(key, value)))}"`;
    });
  };
  const ofKey = (key: string, value: string): string => {
    const bytes = decoded(value);
    if (bytes) {
      const hidden = text(value);
      // It may be a word, or a value itself; what is long has any four characters by chance.
      if (hidden !== value && (value.length <= mostLetters || /^\*+$/.test(hidden))) {
        return hidden;
      }
      return masked(bytes, isText(bytes) ? (each) => ofKey(key, each) : values).toString("base64");
    }
    return innerJson.test(key) && /^\s*[{[]/.test(value) ? json(value) : text(value);
  };
  return json;
}

function decoded(value: string): Buffer | undefined {
  const bytes = value.length >= leastLetters && !noBase64.test(value) ? Buffer.from(value, "base64") : undefined;
  return bytes?.toString("base64") === value ? bytes : undefined;
}

/** A text's escapes are read before it is masked: of one that is hidden, all characters are. */
function maskedLiteral(literal: string, mask: Mask): string {
  if (!literal.includes("\\")) {
    return mask(literal);
  }
  const parts = (literal.match(escapes) ?? []).map((source) => ({ source, text: unescaped(source) }));
  const whole = mask(parts.map(({ text }) => text).join(""));
  let at = 0;
  return parts
    .map(({ source, text }) => {
      const now = whole.slice(at, (at += text.length));
      return now === text ? source : source === text ? now : "*".repeat(source.length);
    })
    .join("");
}

function unescaped(source: string): string {
  if (!source.startsWith("\\")) {
    return source;
  }
  try {
    return charactersOf(Buffer.from(JSON.parse(`"${source}"`) as string));
  } catch {
    // No escape of JSON.
    return source;
  }
}

/** What is none has no URLs that end where texts end. */
export function isText(bytes: Buffer): boolean {
  return /^[^\x00-\x08\x0e-\x1f]*$/.test(bytes.toString("latin1"));
}
