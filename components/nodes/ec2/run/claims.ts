/** The claims of a lease as pure values: what is kept, what is left out, how several writers' changes are put together. */
import type { Lease } from "../connection";

/** Of standard parameters: https://docs.aws.amazon.com/general/latest/gr/ssm.html#limits_ssm has 4096 characters. */
const mostCharacters = 4_000;
/** As many updates have a claim by their own name: further ones share one. */
const mostNamed = 24;
/** A claim that is renewed may be so much shorter than it should be: renewals come each 15 seconds or so. */
const slackSeconds = 11;
/** `wake` holds them for a day at most; clocks differ. */
const mostAheadSeconds = 25 * 60 * 60;
/** When the newest of the claims ended that are over: from then on kept nodes count their idle time. */
const ended = "ended";
/** The claim of all who have none by their own name. */
export const sharedClaim = "up-others";

const ofUp = /^up-(?!others$)/;
const ofInstance = /^i-/;

/**
 * The claims in a parameter's text; what is no claim is left out. So is one for longer than anybody holds nodes: whoever may
 * build could write it once, and hold them when the permission is long gone.
 */
export function parseLease(text: string | undefined, nowSeconds = Date.now() / 1_000): Lease {
  try {
    const value = JSON.parse(text ?? "{}") as unknown;
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
    const isClaim = (entry: [string, unknown]): entry is [string, number] =>
      typeof entry[1] === "number" && Math.abs(entry[1]) < nowSeconds + mostAheadSeconds;
    return Object.fromEntries(entries.filter(isClaim));
  } catch {
    return {};
  }
}

/** The claims that hold nodes now. */
export function liveClaims(lease: Lease, nowSeconds: number): Lease {
  return Object.fromEntries(Object.entries(lease).filter(([, until]) => until > nowSeconds));
}

/** Whether some hold nodes without a claim by their own name: then nobody can know who does not. */
export function hasShared(lease: Lease, nowSeconds: number): boolean {
  return (lease[sharedClaim] ?? 0) > nowSeconds;
}

/**
 * A parameter's text, whose size has a bound however many claims there are: those that are over become one, updates beyond
 * a number share one, and so does what does not fit. Those of `own` names are never left out.
 */
export function formatLease(lease: Lease, nowSeconds: number, own: ReadonlySet<string> = new Set()): string {
  const live = new Map(Object.entries(liveClaims(lease, nowSeconds)));
  const over = Object.values(lease).filter((until) => until <= nowSeconds);
  const share = (name: string) => {
    live.set(sharedClaim, Math.max(live.get(sharedClaim) ?? 0, live.get(name) ?? 0));
    live.delete(name);
  };
  const toText = () =>
    JSON.stringify({ ...Object.fromEntries(live), ...(over.length > 0 && { [ended]: Math.max(...over) }) });
  const others = [...live].filter(([name]) => name !== sharedClaim && !own.has(name)).sort(leastFirst);
  const ups = others.filter(([name]) => ofUp.test(name));
  const ownUps = [...own].filter((name) => ofUp.test(name) && live.has(name));
  ups.slice(0, Math.max(0, ups.length + ownUps.length - mostNamed)).forEach(([name]) => share(name));
  for (const [name] of others) {
    if (toText().length <= mostCharacters) {
      break;
    }
    share(name);
  }
  return toText();
}

/** What is left out first: names before instances, whose programs look for their own id; and what ends first. */
function leastFirst([one, oneUntil]: [string, number], [other, otherUntil]: [string, number]): number {
  return Number(ofInstance.test(one)) - Number(ofInstance.test(other)) || oneUntil - otherUntil;
}

/** Whether a claim is in a lease, but for some seconds; or shared, where so many are there that it would be. */
export function isClaimed(lease: Lease, [name, until]: [string, number], nowSeconds: number, factor = 1): boolean {
  const holds = (claim: string) => (lease[claim] ?? 0) >= until - slackSeconds * factor;
  return holds(name) || (isToShare(lease, name, nowSeconds) && holds(sharedClaim));
}

/** The lease with claims added to it, by name where there is room. */
export function withClaims(lease: Lease, claims: readonly [string, number][], nowSeconds: number): Lease {
  const result = { ...lease };
  for (const [name, until] of claims) {
    const claim = isToShare(result, name, nowSeconds) ? sharedClaim : name;
    result[claim] = claim === sharedClaim ? Math.max(result[claim] ?? 0, until) : until;
  }
  return result;
}

/** How many times as long claims hold: the more instances are claimed, the more seldom each claim is written. */
export function crowding(lease: Lease, nowSeconds: number): number {
  const instances = Object.keys(liveClaims(lease, nowSeconds)).filter((name) => ofInstance.test(name));
  return Math.max(1, instances.length / (2 * mostNamed));
}

function isToShare(lease: Lease, name: string, nowSeconds: number): boolean {
  const named = Object.keys(liveClaims(lease, nowSeconds)).filter((each) => ofUp.test(each));
  return ofUp.test(name) && !named.includes(name) && named.length >= mostNamed;
}

/**
 * What a write must be followed by that went over another one unseen: the newest lease with what that other had changed.
 * @param base what both had read.
 */
export function withChanges(
  newest: Lease,
  { base, theirs }: { base: Lease; theirs: Lease },
  nowSeconds: number,
): Lease {
  const kept = Object.fromEntries(
    // What they gave up stays so, unless somebody has claimed it since.
    Object.entries(newest).filter(([name, until]) => name in theirs || base[name] !== until),
  );
  const made = Object.entries(liveClaims(theirs, nowSeconds)).filter(
    (claim) => base[claim[0]] !== claim[1] && !isClaimed(newest, claim, nowSeconds),
  );
  const merged = withClaims(kept, made, nowSeconds);
  return theirs[ended] === undefined ? merged : { ...merged, [ended]: Math.max(theirs[ended], merged[ended] ?? 0) };
}
