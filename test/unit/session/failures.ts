import type { Remedy } from "../../../components/session/verdict";
import type { Party } from "../../../components/session/answers";

/** A failed build. */
export interface Failure {
  /** How it was made. */
  how: string;
  error: string;
  /** @default false */
  nodeHungUp?: boolean;
  party: Party;
  /** @default "none" */
  remedy?: Remedy;
  /** Part of what is told besides the error. None where the error says all. */
  words?: string;
}
