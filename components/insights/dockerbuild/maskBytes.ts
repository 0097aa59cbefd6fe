import { withHiddenLogins } from "../../support/withoutLogins";
import { leastCharacters } from "../masking";

/** Bytes in which stars stand for what is hidden, as many as it had: so places and lengths that are in them stay true. */
export type ByteMask = (bytes: Buffer) => Buffer;

// What buildx hides in traces, for what no argument holds:
// https://github.com/docker/buildx/blob/v0.35.0/util/desktop/bundle/trace.go
const tokens = /((?:ghtoken|token|access_key_id|secret_access_key|session_token)=)([^ ,"\\]+)/gi;
const githubTokens = /(?:ghu|ghs)_[A-Za-z0-9]{36}|github_pat_\w{82}/g;
const encoded = /"([A-Za-z0-9+/]{12,}={0,2})"/g;

/** For values alone: they are hidden as they are, and as they are in JSON, also in JSON that is in JSON. */
export function valueMaskOf(values: readonly string[]): ByteMask {
  const parts = [...new Set(values.flatMap((value) => [value, ...value.split(/\r?\n/)]).flatMap(formsOf))]
    .filter((part) => part.length >= leastCharacters)
    .sort((one, other) => other.length - one.length)
    .map((part) => Buffer.from(part).toString("latin1"));
  // One character for each byte.
  return (bytes) =>
    Buffer.from(
      parts.reduce((text, part) => text.replaceAll(part, () => "*".repeat(part.length)), bytes.toString("latin1")),
      "latin1",
    );
}

/** For a text: also the logins of its URLs. */
export function textMaskOf(mask: ByteMask): ByteMask {
  return (bytes) => Buffer.from(withHiddenLogins(mask(bytes).toString("latin1")), "latin1");
}

/** For JSON: also what buildx hides, and what it holds in base64, as files of a Dockerfile's here-documents. */
export function jsonMaskOf(mask: ByteMask): ByteMask {
  const text = textMaskOf(mask);
  return (bytes) => {
    const masked = text(bytes)
      .toString("latin1")
      .replace(tokens, (_, name: string, value: string) => name + "*".repeat(value.length))
      .replace(githubTokens, (token) => "*".repeat(token.length))
      .replace(encoded, (whole, value: string) => {
        const decoded = Buffer.from(value, "base64");
        const inner = isText(decoded) ? text : mask;
        return decoded.toString("base64") === value ? `"${inner(decoded).toString("base64")}"` : whole;
      });
    return Buffer.from(masked, "latin1");
  };
}

function formsOf(value: string): string[] {
  const forms = [value.trim()];
  for (let depth = 0; depth < 2; depth++) {
    forms.push(...forms.map((each) => JSON.stringify(each).slice(1, -1)).flatMap((each) => [each, asGo(each)]));
  }
  return forms;
}

/** What is none has no URLs that end where texts end. */
function isText(bytes: Buffer): boolean {
  return /^[^\x00-\x08\x0e-\x1f]*$/.test(bytes.toString("latin1"));
}

/** Go's JSON has no signs of HTML: https://pkg.go.dev/encoding/json#Marshal */
function asGo(text: string): string {
  return text.replace(/[<>&]/g, (each) => `\\u00${each.charCodeAt(0).toString(16)}`);
}
