import type { Platform } from "../platforms";
import type { Endpoint } from "./endpoint";

/** Tells the user what is going on. A passing line is about a wait, and gives way to the next. */
export type Progress = (message: string, isPassing?: boolean) => void;

/** A node in the words of messages. */
export interface DescribedNode {
  readonly name: string;
  readonly platform: Platform;
  /** False for a `local` node of a foreign platform; unknown until its daemon answers for a `remote` one. */
  readonly native?: boolean;
  /** Where the node is reached, in words that hold no secret. */
  readonly address: string;
}

/** A node as hooks see it: a name, a platform, and a way to have it awake. */
export interface RunNode extends DescribedNode {
  /**
   * Has the node's machine and daemon started, where that is ours to do, and says where the daemon is or will be.
   * Called before each build, and again when the node was lost: cheap for a node that is awake.
   */
  wake(progress: Progress): Promise<Endpoint>;
}
