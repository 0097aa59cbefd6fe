import type { LaunchPart } from "./launches";
import type { Outputs, Spec } from "./settings";

/** A resource that an update made, changed or deleted. */
export interface Change {
  operation: string;
  type: string;
  name: string;
}

/** An instance of the run, as EC2 describes it. */
export interface NodeInstance {
  id: string;
  name: string;
  state: string;
  /** Why it is in its state: `Client.InstanceInitiatedShutdown` for one that has stopped itself. */
  reason: string;
}

/** Something of the run that is still there, and what removes it. */
export interface Leftover {
  what: string;
  command: string;
}

export interface UpOptions {
  refresh?: boolean;
  /** Any change is an error. */
  expectNoChanges?: boolean;
}

/** What steps do and see: a stack of one builder and one image, and the AWS account that it is in. */
export interface World {
  /** Those that nodes are made for. */
  platforms: readonly string[];
  /** Changes what the program declares. */
  declare: (change: Partial<Spec>) => void;
  /** Changes the last file that the image copies. */
  writeMessage: (text: string) => void;
  up: (options?: UpOptions) => Promise<Change[]>;
  /** A preview in which any change is an error. */
  previewNothing: () => Promise<void>;
  outputs: () => Promise<Outputs>;
  instances: () => Promise<NodeInstance[]>;
  parameter: (name: string) => Promise<string>;
  /** The same, with the rights of the run's program. */
  parameterAsCaller: (name: string) => Promise<void>;
  /** What a node's console says by now. */
  console: () => Promise<string>;
  /** Of the address that AWS sees this machine at. */
  addressFamily: () => Promise<number>;
  /** Whether the run has the documented policies and no other right. */
  hasDocumentedPolicies: boolean;
  /** Whether AWS takes a part of an ephemeral node's launch for its template's: asked of the role with these policies. */
  isOfTemplate: (part: LaunchPart) => Promise<boolean>;
  /** Digests of each platform's layers, from the registry, in their order. */
  layers: (outputs: Outputs) => Promise<Record<string, string[]>>;
  /** Waits, and ends early with an error when the user wants to stop. */
  sleep: (milliseconds: number) => Promise<void>;
}

/** How a run ends, whatever happened. */
export interface CleanUp {
  destroy: () => Promise<void>;
  leftovers: () => Promise<Leftover[]>;
  /** Between two tries. */
  pause: () => Promise<void>;
}
