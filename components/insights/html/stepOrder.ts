import { parseStepName } from "../stepName";

/** A step of the page: its name, and when it began on the node that was first. */
export interface Began {
  name: string;
  start: number;
}

/**
 * Steps by their begin, and those of one stage by their numbers: when a step was found in the cache says nothing.
 */
export function inOrder<T extends Began>(rows: readonly T[]): T[] {
  const parts = rows.map((row) => {
    const { stage = row.name, number = 0 } = parseStepName(row.name) ?? {};
    return { row, stage, number };
  });
  const after = ({ stage, number }: (typeof parts)[number]): number =>
    Math.max(...parts.filter((each) => each.stage === stage && each.number <= number).map(({ row }) => row.start));
  return parts
    .map((part) => ({ ...part, start: after(part) }))
    .sort((one, other) => one.start - other.start || (one.stage === other.stage ? one.number - other.number : 0))
    .map(({ row }) => row);
}
