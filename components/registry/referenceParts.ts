/** The parts of a reference as users write them, with Docker Hub's own names filled in. */
export interface ReferenceParts {
  domain: string;
  repository: string;
  tag?: string;
  digest?: string;
}

const longestName = 255;

// Each text fits them in one way alone, so that they never try another: the ones that they come from do not, and the npm
// package with those takes years for some texts of 60 characters.
const domainPattern =
  /^(?:[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*(?:\.[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/;
const repositoryPattern = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;
const identifierPattern = /^[0-9a-f]{64}$/;

/**
 * The parts of `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]`, by Docker's rules, or what is wrong with it.
 * @see https://github.com/distribution/reference/blob/v0.6.0/normalize.go (`ParseNormalizedNamed`)
 */
export function referenceParts(text: string): ReferenceParts | { problem: string } {
  if (identifierPattern.test(text)) {
    return { problem: "64 hexadecimal digits are an image's ID" };
  }
  const { domain, rest } = splitDomain(text);
  const [, name = "", tag, digest] = /^([^:@]*)(?::([^@]*))?(?:@(.*))?$/s.exec(rest) ?? [];
  const repository = domain === "docker.io" && !name.includes("/") ? `library/${name}` : name;
  if (name !== name.toLowerCase()) {
    return { problem: "a repository's name is lower-case" };
  }
  if (domain.length + 1 + repository.length > longestName) {
    return { problem: `a name has at most ${longestName} characters` };
  }
  const isSound =
    domainPattern.test(domain) &&
    repositoryPattern.test(repository) &&
    (tag === undefined || tagPattern.test(tag)) &&
    (digest === undefined || digestPattern.test(digest));
  return isSound ? { domain, repository, tag, digest } : { problem: "it is no reference" };
}

/** What stands before the first slash is a registry where no folder of Docker Hub could have that name. */
function splitDomain(text: string): { domain: string; rest: string } {
  const end = text.indexOf("/");
  const first = text.slice(0, Math.max(end, 0));
  if (!/[.:]/.test(first) && first !== "localhost") {
    return { domain: "docker.io", rest: text };
  }
  return { domain: first === "index.docker.io" ? "docker.io" : first, rest: text.slice(end + 1) };
}
