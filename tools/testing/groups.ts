/** Each is a folder under test/. */
export const GROUPS = ["unit", "tools", "hosts", "main", "ec2", "farm", "recipes", "kubernetes"] as const;
export type Group = (typeof GROUPS)[number];

export function asGroup(name: string): Group {
  const group = GROUPS.find((candidate) => candidate === name);
  if (!group) {
    throw new Error(`"${name}" is no group of tests: use ${GROUPS.join(", ")}, or none for all.`);
  }
  return group;
}
