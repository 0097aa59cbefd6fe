import type { Platform } from "../support/platforms";

/** A node of a build, as a report sees it. */
export interface NodeView {
  name: string;
  address: string;
  /** The builder that buildx knows it in. */
  builderName: string;
  platforms: readonly Platform[];
  /** The unix socket by which its daemon is reached. */
  socket: string;
  buildkit: string;
  /** The type of its machine: `m8g.large`. Known of EC2 nodes alone. */
  machine?: string;
  /** How long it was last waited for. */
  wakeMilliseconds: number;
}
