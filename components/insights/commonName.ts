/** A step's name without its platform, which BuildKit names where a node builds several: the same step on each. */
export function commonName(name: string): string {
  return name.replace(/^\[\w+\/[\w/]+(?:->[\w/]+)? /, "[");
}
