import type { Platform } from "../support/platforms";
import type { Progress } from "../support/progress";
import type { Endpoint } from "../transport/endpoint";

/** What every node is, whatever its kind. */
export interface Node {
  readonly name: string;
  readonly platform: Platform;
  /** What it builds besides: see `additionalPlatforms` of the arguments. */
  readonly additionalPlatforms?: readonly Platform[];
}

/** A node in the words of messages. */
export interface DescribedNode extends Node {
  /** Those of them that it runs under emulators which its daemon does not list. */
  readonly emulatedPlatforms?: readonly Platform[];
  /** False for a `local` node of a foreign platform; unknown until its daemon answers for a `remote` one. */
  readonly native?: boolean;
  /** Where the node is reached, in words that hold no secret. */
  readonly address: string;
}

/** A node's name and address, as messages begin. */
export function title(node: DescribedNode): string {
  return `node ${node.name} (${node.platform}, ${node.address})`;
}

/** A node that has no address yet: what is waited for, as the end of "waiting for node arm64: …". */
export interface Waiting {
  readonly waitingFor: string;
}

/** A node as hooks see it: a name, a platform, and a way to start it. */
export interface RunNode extends DescribedNode {
  /** What must be held while it is used, where it is not simply reachable: one for all nodes of its kind. */
  readonly access?: Access;
  /**
   * Has the node's machine and daemon started, where that is ours to do, and says where the daemon is or will be.
   * Called before each build, and each second while the node does not answer: cheap, and no wait of its own.
   * @throws BuildError for what waiting can't mend.
   */
  wake(progress: Progress): Promise<Endpoint | Waiting>;
  /**
   * Has another machine at the next `wake`, or the same one started anew: for a node that answered before and is silent
   * now. Says whether it will.
   * @param isInUse whether connections to the old one are still open: it may only have stopped to take new work.
   */
  replace?(isInUse: boolean, progress: Progress): Promise<boolean>;
  /** The type of its machine, as far as that is known by now: `m8g.large`. */
  machine?(): string | undefined;
  /** How long its machine usually takes to answer, for the line that says what is waited for. */
  usual?(): string | undefined;
  /** Why a node that did not answer in time may not have, as far as its cloud knows. */
  diagnose?(): Promise<string | undefined>;
  /** The node did not answer in time, and is not waited for any more: what `wake` has started must not run for ever. */
  giveUp?(progress: Progress): Promise<void>;
}

/** What a caller holds while it builds, for all nodes of a kind in a builder: a way in, and a claim that keeps them awake. */
export interface Access {
  /** Before a build; again for each build at the same time. */
  acquire(progress: Progress): Promise<void>;
  /**
   * After a build, however it ended. The last one gives up what is held; after a failure at once, for nobody may come.
   * Never throws.
   */
  release(hasFailed: boolean): Promise<void>;
}
