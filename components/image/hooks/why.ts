import { hashIn } from "../../context/copies";
import { describeChange, readListing } from "../../context/listing";
import { isRecord } from "../../support/records";

/** An image's arguments as docker-build compares them, with known values. */
export type ComparedArgs = Record<string, unknown>;

interface Contexts {
  location?: string;
  named?: Record<string, { location?: string }>;
}

/** In a Git URL that names a commit, that is what the log says. */
const commitPattern = /#([0-9a-f]{7})[0-9a-f]{33,57}(?=$|:)/;
// Compared no more than docker-build does: https://github.com/pulumi/pulumi-docker-build/blob/v0.0.22/provider/internal/image.go
const neverCompared = ["ignoreSecretsInDiffCalculation", "registries"];

/**
 * Why docker-build builds an image, in words: the arguments that differ, and the files where they are known. No values:
 * they may be secrets.
 *
 * @param before the arguments of the last build; none for a new image.
 * @param unknown arguments whose values only the update will have.
 */
export function whyBuilt(before: ComparedArgs | undefined, now: ComparedArgs, unknown: readonly string[] = []): string {
  if (!before) {
    return "it is new, or replaced";
  }
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const differing = keys
    .filter((key) => !neverCompared.includes(key) && !unknown.includes(key) && key !== "context")
    .flatMap((key) => differences(key, before[key], now[key]));
  const contexts = unknown.includes("context")
    ? []
    : contextReasons(before.context as Contexts, now.context as Contexts);
  const logins = unknown.includes("registries") || sameLogins(before, now) ? [] : ["registries"];
  const arguments_ = [...differing, ...logins];
  // A tag that is made of the content differs with it.
  const named = contexts.length > 0 ? arguments_.filter((each) => each !== "tags") : arguments_;
  const reasons = [
    ...contexts,
    ...(named.length > 0 ? [`other ${named.map((each) => `\`${each}\``).join(", ")}`] : []),
    ...(unknown.length > 0 ? [`${unknown.map((each) => `\`${each}\``).join(", ")} known only in the update`] : []),
    ...(now.pull === true ? ["`pull` builds each time"] : []),
  ];
  return reasons.length > 0 ? reasons.join("; ") : silentReason;
}

/** The same of what puts an image's platforms together: its Dockerfile is ours, and names what their nodes have pushed. */
export function whyIndexBuilt(
  before: ComparedArgs | undefined,
  now: ComparedArgs,
  unknown: readonly string[] = [],
): string {
  if (!before) {
    return whyBuilt(before, now);
  }
  const isOther = unknown.includes("dockerfile") || text(before.dockerfile) !== text(now.dockerfile);
  const given = ({ tags, registries, builder, platforms }: ComparedArgs) => ({ tags, registries, builder, platforms });
  const others = whyBuilt(
    given(before),
    given(now),
    unknown.filter((key) => key in given(now)),
  );
  const reasons = [...(isOther ? ["its platforms"] : []), ...(others === silentReason ? [] : [others])];
  return reasons.join("; ") || "its build context";
}

/** What docker-build compares beside the arguments. */
const silentReason =
  "the arguments are those of the last build, so the Dockerfile's text has changed, a file outside of the context that a " +
  "link leads to, an export's file is gone, or a refresh found a tag gone";

/** Paths of what differs: one level below the argument, as deep as users think of it. */
function differences(key: string, before: unknown, now: unknown): string[] {
  if (text(before) === text(now)) {
    return [];
  }
  if (!isRecord(before) || !isRecord(now)) {
    return [key];
  }
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return keys.filter((each) => text(before[each]) !== text(now[each])).map((each) => `${key}.${each}`);
}

function contextReasons(before: Contexts = {}, now: Contexts = {}): string[] {
  const names = [...new Set([...Object.keys(before.named ?? {}), ...Object.keys(now.named ?? {})])];
  return [
    ...locationReason("context", before.location, now.location),
    ...names.flatMap((name) =>
      locationReason(`named context ${name}`, before.named?.[name]?.location, now.named?.[name]?.location),
    ),
  ];
}

function locationReason(subject: string, before: string | undefined, now: string | undefined): string[] {
  if (before === now) {
    return [];
  }
  if (before === undefined || now === undefined) {
    return [`${subject} ${before === undefined ? "is new" : "is gone"}`];
  }
  if (hashIn(before) && hashIn(now)) {
    return [`${subject}: ${describeFiles(before, now)}`];
  }
  const [from, to] = [before, now].map((location) => commitPattern.exec(location)?.[1]);
  const isSameRef = before.replace(commitPattern, "") === now.replace(commitPattern, "");
  return from && to && isSameRef ? [`${subject}: commit ${from} is now ${to}`] : [`${subject} is at another location`];
}

function describeFiles(before: string, now: string): string {
  const [old, current] = [readListing(before), readListing(now)];
  return old && current
    ? describeChange(old, current) || "the same files, in a copy at another path"
    : "its files have changed (which ones is known where it was built last)";
}

function sameLogins(before: ComparedArgs, now: ComparedArgs): boolean {
  const logins = ({ registries }: ComparedArgs) =>
    ((registries ?? []) as { address?: string; username?: string }[]).map(({ address, username }) => [
      address,
      username,
    ]);
  return text(logins(before)) === text(logins(now));
}

/** The same for equal values, in whatever order their keys are. */
function text(value: unknown): string {
  return (
    JSON.stringify(value, (_, each: unknown) =>
      isRecord(each) ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1))) : each,
    ) ?? ""
  );
}
