/** What the node's own bootstrap writes before the reason why it can't work. */
const ownPrefix = "multi-platform-image: ";
const failurePrefix = `${ownPrefix}failed: `;
/** What it writes when BuildKit can be used. */
const readyText = `${ownPrefix}buildkitd ready`;

/** The first line that a Linux kernel prints. */
const kernelBanner = /Linux version \d/;

const hidden = "(hidden)";

/** Patterns that are redacted from console output: keys, tokens and passwords. */
const secrets: readonly [pattern: RegExp, replacement: string][] = [
  [/-----BEGIN [A-Z ]*-----[\s\S]*?(-----END [A-Z ]*-----|$)/g, hidden],
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
  [/\b(AKIA|ASIA)[A-Z0-9]{12,}/g, hidden],
  // https://user:password@host, https://token@host
  [/(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/]{1,500}@/gi, `$1${hidden}@`],
  // Whatever is before the word: AWS_SECRET_ACCESS_KEY, db_pass, X-Auth-Token.
  [
    /((?:^|[^a-z])(?:pass|passwd|password|passphrase|pwd|secret|secret[_-]?\w{0,40}|token|authorization|credentials?|(?:api|access|private)[_-]?key)["']?[ \t]{0,20}[:=][ \t]{0,20})\S.*/gi,
    `$1${hidden}`,
  ],
  [/\b(?![0-9a-f]+\b)[A-Za-z0-9+/]{64,}={0,2}/g, hidden],
];

/** A console's text without colours, control characters, progress that was overwritten, and secrets. */
export function cleanConsole(raw: string): string {
  const plain = raw
    .replace(/\r\n/g, "\n")
    .replace(/\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\^_]|[()][A-Z0-9])/g, "")
    .split("\n")
    // What a carriage return was written over.
    .map((line) => line.slice(line.replace(/\r+$/, "").lastIndexOf("\r") + 1))
    .join("\n")
    .replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "");
  return secrets.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), plain);
}

/** The part of a console that the newest boot wrote: it keeps those before, too. */
export function newestBoot(console: string): string {
  const lines = console.split("\n");
  const starts = lines.flatMap((line, at) => (kernelBanner.test(line) ? [at] : []));
  return lines.slice(starts.at(-1) ?? 0).join("\n");
}

/** The reason that a node itself gave for not working. */
export function failureIn(console: string): string | undefined {
  return reasonOf(linesWith(failurePrefix, console).at(-1));
}

/**
 * The same of a node that still runs: the last that it has said in this boot, and nothing that it has repaired since. One
 * whose BuildKit was ready has failed at something else, such as new settings, and builds all the same.
 */
export function presentFailureIn(console: string): string | undefined {
  const own = linesWith(ownPrefix, console);
  return own.some((line) => line.includes(readyText)) ? undefined : reasonOf(own.at(-1));
}

const linesWith = (text: string, console: string): string[] =>
  console.split("\n").filter((line) => line.includes(text));

function reasonOf(line: string | undefined): string | undefined {
  const at = line?.indexOf(failurePrefix) ?? -1;
  return at < 0 ? undefined : line?.slice(at + failurePrefix.length).trim();
}

/** The last lines with something on them. */
export function tail(console: string, lines: number): string[] {
  return console
    .split("\n")
    .map((line) => line.trimEnd())
    .filter(Boolean)
    .slice(-lines);
}
