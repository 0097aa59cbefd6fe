/** Years that a certificate is good for; of 365 days, like the hours that its provider is given. */
export const certificateYears = { authority: 10, leaf: 2 };

/** A leaf is made anew at half of its life: whoever holds the old one has the other half to take the new one. */
const leafPeriodYears = certificateYears.leaf / 2;

/**
 * A CA is made and trusted one period before it signs, so that whoever holds a connection trusts the next one already. It
 * signs for one period, and must outlive the last leaf of that: two periods and a leaf are its life.
 */
const authorityPeriodYears = (certificateYears.authority - certificateYears.leaf) / 2;

const millisecondsPerYear = 365 * 24 * 60 * 60 * 1_000;

/** Where a CA is kept: the one that signed before, the one that signs, and the one that will. */
export const authoritySlots = [0, 1, 2] as const;

/** Which certificates a builder has at a time, each kind numbered from its first issue. */
export interface Generation {
  leaf: number;
  /** The number of the CA in each slot. */
  authorities: readonly number[];
  /** The slot of the CA that signs. */
  signingSlot: number;
}

/** @param firstIssue when the builder's first certificates were made: an ISO date. A clock that is before it counts as it. */
export function generationAt(firstIssue: string, now: Date): Generation {
  const years = Math.max(0, now.getTime() - Date.parse(firstIssue)) / millisecondsPerYear;
  const period = Math.floor(years / authorityPeriodYears);
  const trusted = [period, period + 1, period + 2];
  return {
    leaf: Math.floor(years / leafPeriodYears) + 1,
    // A number keeps its slot as long as it is trusted, and so its key.
    authorities: authoritySlots.map((slot) => trusted.find((number) => number % authoritySlots.length === slot)!),
    signingSlot: (period + 1) % authoritySlots.length,
  };
}
