import { checkWholeNumber } from "../../support/numbers";
import { findPackage } from "../../support/packageFiles";
import { isNativeOn } from "../../support/platforms";
import { commonArguments } from "../commonTable";
import type { KindPlan, NodeKind } from "../kind";
import type { LocalNodeArgs } from "./arguments";
import type { LocalFacts } from "./facts";

const effect = "local, would start if it does not run";

/** Loaded when a build needs it. */
function runHalf() {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- import() takes twice as long
  return require("./run/open") as typeof import("./run/open");
}

/** A daemon on the machine that runs Pulumi. */
export const local: NodeKind<LocalNodeArgs, KindPlan, LocalFacts, undefined> = {
  arguments: {
    ...commonArguments,
    insecureRegistries: "plain list",
    maxParallelism: "plain number",
    registryMirrors: "plain record",
  },
  lifecycles: ["persistent", "stop-when-idle"],
  wakeTimeoutSeconds: 180,
  isOnThisMachine: true,
  sharing: "and so of the machine that runs Pulumi alone",
  check: (owner, path, { maxParallelism }) => {
    if (maxParallelism !== undefined) {
      checkWholeNumber(owner, `${path}.maxParallelism`, maxParallelism, 1);
    }
  },
  plan: (_owner, nodes) => {
    if (nodes.length > 0) {
      // The process that ends a daemon is a file of it.
      findPackage();
    }
    return { insecureRegistries: nodes.flatMap(({ insecureRegistries = [] }) => insecureRegistries), effect };
  },
  facts: ({ maxParallelism, registryMirrors = {}, insecureRegistries = [] }, { idleTimeoutMinutes }) => ({
    idleTimeoutMinutes,
    settings: { ...(maxParallelism && { maxParallelism }), registryMirrors, insecureRegistries },
  }),
  describe: ({ platform }) => ({ native: isNativeOn(platform, process.arch) }),
  effect: () => effect,
  open: (nodes, { hasOthers }) => runHalf().openLocal(nodes, hasOthers),
};
