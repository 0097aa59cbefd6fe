import * as os from "node:os";

import type { Node, RunNode } from "../../node";
import type { LocalFacts } from "../facts";
import { ensureDaemon } from "./daemon";
import { isNativeOn } from "../../../support/platforms";

/** A daemon on this machine, for one platform. */
export function localRunNode(node: Node & LocalFacts): RunNode {
  const { name, platform, additionalPlatforms, idleTimeoutMinutes, settings } = node;
  return {
    name,
    platform,
    additionalPlatforms,
    native: isNativeOn(platform, os.arch()),
    address: "this machine",
    wake: async (progress) => ({
      kind: "unix",
      path: await ensureDaemon(platform, settings, idleTimeoutMinutes, progress),
    }),
  };
}
