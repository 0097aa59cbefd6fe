/** A test that shows a row: the file below test/ without its ending, or machine/NAME; and its title, … for a value in it. */
export type Proof = readonly [file: string, title: string];

/** How a row stands. What does not hold says why, and what its reader can do by themselves. */
export type Standing =
  /** It holds, and tests show it. */
  | { state: "ok"; proofs: readonly [Proof, ...Proof[]] }
  /** It does not hold wholly or at all, or no test shows it. */
  | { state: "weak" | "broken"; reason: string; way: string; proofs?: readonly Proof[] }
  /** It is so by design, and the documents say so. */
  | { state: "documented"; reason: string; way: string; proofs?: readonly Proof[] };

/** What somebody could do to something that is worth keeping. */
export type Threat = { asset: string; threat: string } & Standing;

/** What could go wrong by itself. */
export type Fault = { part: string; fault: string; outcome: string } & Standing;
