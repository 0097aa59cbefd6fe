import { withHiddenLogins } from "../../support/withoutLogins";
import { leastCharacters } from "../masking";

/**
 * Hides parts of a text in which each character stands for one byte. Stars stand for what is hidden, as many as it had: so
 * places and lengths that are in the bytes stay true.
 */
export type Mask = (text: string) => string;

// What buildx hides in traces, for what no argument holds:
// https://github.com/docker/buildx/blob/v0.35.0/util/desktop/bundle/trace.go
const tokens = /((?:ghtoken|token|access_key_id|secret_access_key|session_token)=)([^\s,]+)/gi;
const githubTokens = /(?:ghu|ghs)_[A-Za-z0-9]{36}|github_pat_\w{82}/g;
const digestPattern = /\bsha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})/g;

/** Bytes that are not ASCII become characters that are no spaces: a byte of `à` alone would be one, and end a password. */
export function charactersOf(bytes: Buffer): string {
  return bytes.toString("latin1").replace(/[\x80-\xff]/g, (byte) => String.fromCharCode(0xe000 + byte.charCodeAt(0)));
}

/** "latin1" takes the lower eight bits of a character. */
export function bytesOf(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

export function masked(bytes: Buffer, mask: Mask): Buffer {
  return bytesOf(mask(charactersOf(bytes)));
}

/**
 * For values alone: they are hidden as they are, and as they are in JSON, also in JSON that is in JSON. A part of a digest is
 * no value: arguments may be as short as `8080`.
 */
export function valueMaskOf(values: readonly string[]): Mask {
  const parts = [...new Set(values.flatMap((value) => [value, ...value.split(/\r?\n/)]).flatMap(formsOf))]
    .filter((part) => part.length >= leastCharacters)
    .sort((one, other) => other.length - one.length)
    .map((part) => charactersOf(Buffer.from(part)));
  return (text) => {
    const found = parts.filter((part) => text.includes(part));
    if (found.length === 0) {
      return text;
    }
    const digests = [...text.matchAll(digestPattern)].map(({ 0: { length }, index }) => ({ index, length }));
    const isInDigest = (at: number, { length }: string) =>
      digests.some((each) => each.length > length && at >= each.index && at + length <= each.index + each.length);
    return found.reduce(
      (all, part) => all.replaceAll(part, (_, at: number) => (isInDigest(at, part) ? part : "*".repeat(part.length))),
      text,
    );
  };
}

/** For a text: also the logins of its URLs, and what buildx hides. */
export function textMaskOf(values: Mask): Mask {
  return (text) =>
    withHiddenLogins(values(text))
      .replace(tokens, (_, name: string, value: string) => name + "*".repeat(value.length))
      .replace(githubTokens, (token) => "*".repeat(token.length));
}

function formsOf(value: string): string[] {
  const forms = [value.trim()];
  for (let depth = 0; depth < 2; depth++) {
    forms.push(...forms.map((each) => JSON.stringify(each).slice(1, -1)).flatMap((each) => [each, asGo(each)]));
  }
  return forms;
}

/** Go's JSON has no signs of HTML: https://pkg.go.dev/encoding/json#Marshal */
function asGo(text: string): string {
  return text.replace(/[<>&]/g, (each) => `\\u00${each.charCodeAt(0).toString(16)}`);
}
