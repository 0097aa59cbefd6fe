/** The middle of some figures, and how far they lie apart. */
export interface Spread {
  median: number;
  least: number;
  most: number;
}

export function spreadOf(figures: readonly number[]): Spread {
  const sorted = [...figures].sort((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
  return { median, least: sorted[0], most: sorted[sorted.length - 1] };
}

/** Each figure by the one that was measured beside it: what slows the machine down slows both. */
export function ratioOf(figures: readonly number[], others: readonly number[]): Spread {
  return spreadOf(figures.map((figure, at) => figure / others[at]));
}
