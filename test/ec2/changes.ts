/**
 * What a command of Pulumi did to which resources of AWS, sorted: `updated Instance`. `replaced` stands for all three of its
 * steps.
 */
export function changedResources(output: string): string[] {
  const line =
    /^ *[+~-]* *(?:aws:[\w:/-]*?|pulumi:providers:)(\w+) +\S+ +(created|updated|deleted|replaced)(?! (?:replacement|original))\b/gm;
  return [...output.matchAll(line)].map(([, type, done]) => `${done} ${type}`).sort();
}
