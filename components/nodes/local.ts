import * as os from "node:os";

import type { RunNode } from "../build/node";
import { ensureDaemon } from "../local/daemon";
import { isNativeOn, type Platform } from "../platforms";

/** A local node's arguments, resolved. */
export interface LocalNode {
  name: string;
  platform: Platform;
  /** `null`: the daemon stays until it is ended by hand. */
  idleTimeoutMinutes: number | null;
}

/** A daemon on this machine, for one platform. */
export function localRunNode({ name, platform, idleTimeoutMinutes }: LocalNode): RunNode {
  return {
    name,
    platform,
    native: isNativeOn(platform, os.arch()),
    address: "this machine",
    wake: async (progress) => ({ kind: "unix", path: await ensureDaemon(platform, idleTimeoutMinutes, progress) }),
  };
}
