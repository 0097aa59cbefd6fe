import * as os from "node:os";

import type { RunNode } from "../../node";
import type { BuildkitdSettings } from "../../../buildkit/toml";
import { ensureDaemon } from "./daemon";
import { isNativeOn, type Platform } from "../../../support/platforms";

/** A local node's arguments, resolved. */
export interface LocalNode {
  name: string;
  platform: Platform;
  additionalPlatforms?: readonly Platform[];
  /** `null`: the daemon stays until it is ended by hand. */
  idleTimeoutMinutes: number | null;
  settings: BuildkitdSettings;
}

/** A daemon on this machine, for one platform. */
export function localRunNode({ name, platform, idleTimeoutMinutes, settings }: LocalNode): RunNode {
  return {
    name,
    platform,
    native: isNativeOn(platform, os.arch()),
    address: "this machine",
    wake: async (progress) => ({
      kind: "unix",
      path: await ensureDaemon(platform, settings, idleTimeoutMinutes, progress),
    }),
  };
}
