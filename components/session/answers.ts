/** Whose fault a failed build is. "caller": it was cancelled. */
export type Party =
  "caller" | "node" | "provider" | "registry" | "base image" | "Dockerfile" | "disk" | "quota" | "network" | "unknown";

/** Who was asked, as BuildKit's errors begin: https://github.com/moby/buildkit/tree/v0.33.1/util/push and beside it. */
interface Asked {
  pattern: RegExp;
  party: Party;
  /** Who that is, in words. */
  name: (what: string) => string;
}

const asked: readonly Asked[] = [
  {
    pattern: /failed to fetch (?:anonymous|oauth) token: .*?"?(https?:\/\/[^\s"?]+)/,
    party: "registry",
    name: (url) => `the registry's login service ${url}`,
  },
  { pattern: /failed to push (\S+?): /, party: "registry", name: (ref) => `the registry of ${ref}` },
  {
    pattern: /failed to resolve source metadata for (\S+?): /,
    party: "base image",
    name: (ref) => `the registry of base image ${ref}`,
  },
  {
    pattern: /(?:failed to fetch remote|default branch for repository) (\S+?): /,
    party: "Dockerfile",
    name: (url) => `the Git server of ${url}`,
  },
  {
    pattern: /failed to load cache key: (?:Get "([^"]+)"|invalid response status)/,
    party: "Dockerfile",
    name: (url) => (url ? `the server of ${url}, which an ADD names,` : "the server of an ADD's URL"),
  },
  {
    pattern:
      /(?:error writing layer blob|failed to configure \S+ cache (?:importer|exporter)): .*?"(https?:\/\/[^/"]+)/,
    party: "registry",
    name: (url) => `the registry of a cache, ${url},`,
  },
];

/** What it answered, or that it did not, and what to do. The first that matches counts. */
interface Answered {
  pattern: RegExp;
  /** Another than who was asked. */
  party?: Party;
  cause: string;
  fix: string;
}

const reach = "let the nodes reach it (DNS, firewall, proxy): they ask, not this machine";
const login = "log in with `registries` (or `docker login`), as somebody who may do that";

const answers: readonly Answered[] = [
  {
    pattern: /quota|limit.{0,60}exceed|exceed.{0,80}limit/i,
    party: "quota",
    cause: "takes no more: a quota is used up",
    fix: "delete what is not used any more there, or have the quota raised",
  },
  {
    pattern: /tag is immutable|cannot be overwritten|TAG_INVALID/i,
    cause: "has that tag already, and its tags never move",
    fix: "a tag that is new with each content: `repository` without `tags` makes one",
  },
  {
    pattern: /is not authorized to perform: \S+/,
    cause: "refuses: IAM does not allow that",
    fix: "give these credentials the right that the error names (docs/iam.md)",
  },
  {
    pattern: /\b401\b|unauthorized|authentication required|no basic auth/i,
    cause: "wants a login, or refuses the one it got",
    fix: login,
  },
  {
    pattern: /name[_ ]unknown|repository .*does not exist|repository .*not found/i,
    cause: "has no such repository",
    fix: "make it first (`aws.ecr.Repository`), or correct the name",
  },
  { pattern: /\b403\b|denied|forbidden/i, cause: "refuses these credentials", fix: login },
  {
    pattern: /\b413\b/,
    cause: "takes no body of that size",
    fix: "raise the limit of the proxy before it (`client_max_body_size` of nginx), or make smaller layers",
  },
  {
    pattern: /\b405\b|unsupported/i,
    cause: "takes no push",
    fix: "push to a registry of your own: a mirror or a pull-through cache is for reading",
  },
  {
    // The last two are what registries say of any 500: https://distribution.github.io/distribution/spec/api/#errors-2
    pattern: /\b5\d\d [A-Z]|: unknown: unknown error|: unknown$/,
    cause: "is out of order, also after BuildKit's own retries",
    fix: "`pulumi up` again later; the registry's log and its disk tell more",
  },
  {
    pattern: /no such host|could not resolve host|server misbehaving/i,
    party: "network",
    cause: "has a name without an address, where the node looks it up",
    fix: `correct the name, or ${reach}`,
  },
  {
    pattern: /connection refused|couldn't connect to server/i,
    cause: "refuses connections: nothing listens there",
    fix: "start it, or correct the address. `localhost` is the node's own",
  },
  {
    pattern: /certificate|x509/i,
    cause: "shows a certificate that the node does not trust",
    fix: "give the node its CA (`ca` of the registry in buildkitd.toml)",
  },
  {
    pattern: /HTTP response to HTTPS client/,
    cause: "speaks without TLS",
    fix: "`insecureRegistries` of the nodes, or TLS",
  },
  {
    pattern: /malformed HTTP|text\/html|invalid (?:content|checksum) digest|unexpected end of JSON|invalid character/,
    cause: "does not speak as a registry does: something else answers at its address, such as a proxy's page",
    fix: "correct the address, or look at what answers there (`curl -i`)",
  },
  {
    pattern: /timeout|timed out|deadline exceeded|no route to host|network is unreachable|host is down/i,
    party: "network",
    cause: "can't be reached",
    fix: reach,
  },
  {
    pattern: /connection reset by peer|broken pipe|EOF/,
    cause: "hung up",
    fix: "`pulumi up` again; if it hangs up again, its log, or a proxy's before it, tells why",
  },
  {
    pattern: /no match for platform in manifest/,
    cause: "has it not for the platform that is built",
    fix: "another base image or tag, or leave the platform out (docs/base-images.md)",
  },
  {
    pattern: /not found|\b404\b|manifest unknown/i,
    cause: "does not have it",
    fix: "correct the name, tag or digest; a registry may also say so to those that may not read",
  },
];

/** Who of those that a build asks is to blame, or nothing where none was asked. */
export function explainAnswer(error: string): { party: Party; words: string } | undefined {
  for (const { pattern, party, name } of asked) {
    const match = pattern.exec(error);
    const rest = match && error.slice(match.index);
    // An image's own name is part of the error, and may hold any of these words.
    const answer = rest && answers.find((each) => each.pattern.test(rest.replaceAll(match[1] ?? "\n", "")));
    if (answer) {
      const words = `${name(match[1])} ${answer.cause}. No node is to blame. Fix: ${answer.fix}.`;
      return { party: answer.party ?? party, words };
    }
  }
  return undefined;
}
