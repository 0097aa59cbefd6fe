import type * as pulumi from "@pulumi/pulumi";

import type { Platform } from "../../support/platforms";
import type { Ec2Platform } from "./arguments";
import type { NodeSettings } from "./connection";
import type { Gp3Volume } from "./gp3";

/** How long the nodes of a builder live. */
export interface NodeLife {
  /** Launched by each update for itself. */
  isEphemeral: boolean;
  idleTimeoutMinutes: number | null;
  maxLifetimeMinutes: number | null;
}

/** A node with every default filled in. */
export interface NormalEc2Node extends NodeLife {
  name: string;
  platform: Ec2Platform;
  additionalPlatforms: readonly Platform[] | undefined;
  /** In order of preference; one, where it is not ephemeral. */
  instanceTypes: readonly pulumi.Input<string>[];
  ami: pulumi.Input<string> | undefined;
  /** Like `instanceTypes`. */
  subnetIds: readonly pulumi.Input<string>[] | undefined;
  capacityType: "spot" | "on-demand";
  rootVolumeSizeGibibytes: number;
  cacheVolume: Gp3Volume;
  maxParallelism: number | undefined;
  buildkit: NodeSettings["buildkit"];
  registryMirrors: Record<string, readonly string[]>;
  insecureRegistries: readonly string[];
}
