// As far as an URL says who logs in: https://url.spec.whatwg.org/#authority-state
const authorityPattern = /^[^\s/?#"]*/;
// A password with a slash or a quote in it makes no URL, and is still one, unless what stands before that can be a port.
const brokenLoginPattern = /^[^\s/?#":@]+:(?!\d*(?:[/?#"]|$))\S*@/;
// https://www.rfc-editor.org/rfc/rfc3986#section-3.1, of a length that none has
const schemePattern = /[a-z0-9+.-]{1,32}$/i;
// They name images, in which `@` stands before a digest.
const imageSchemes = ["docker-image", "oci-layout"];

/**
 * A copy without the logins of URLs. BuildKit leaves them out itself, but not in the steps of `max`: a Git context's URL may
 * have a token before its host. A user's name alone stays for ssh, which has no other way to say it, and it opens nothing.
 */
export function withoutLogins(value: unknown): unknown {
  if (typeof value === "string") {
    return textWithoutLogins(value);
  }
  if (Array.isArray(value)) {
    return value.map(withoutLogins);
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, each]) => [textWithoutLogins(key), withoutLogins(each)] as const);
    return Object.fromEntries(entries);
  }
  return value;
}

/** A text of the same length, in which stars stand for the logins of URLs: for what has lengths and places in it. */
export function withHiddenLogins(text: string): string {
  return textWithoutLogins(text, (login) => "*".repeat(login.length));
}

function textWithoutLogins(text: string, instead: (login: string) => string = () => ""): string {
  const [first, ...rest] = text.split("://");
  const parts = [first];
  for (const part of rest) {
    const scheme = schemePattern.exec((parts.at(-1) ?? "").slice(-32))?.[0] ?? "";
    parts.push(scheme === "" ? part : authorityWithoutLogin(scheme.toLowerCase(), part, instead));
  }
  return parts.join("://");
}

function authorityWithoutLogin(scheme: string, text: string, instead: (login: string) => string): string {
  if (imageSchemes.includes(scheme)) {
    return text;
  }
  const authority = authorityPattern.exec(text)?.[0] ?? "";
  const login = authority.slice(0, authority.lastIndexOf("@") + 1) || (brokenLoginPattern.exec(text)?.[0] ?? "");
  const isUserAlone = /(^|\+)ssh$/.test(scheme) && !login.includes(":");
  return isUserAlone ? text : instead(login) + text.slice(login.length);
}
