import { commonArguments } from "../commonTable";
import type { KindPlan, NodeKind } from "../kind";
import type { RemoteNodeArgs } from "./arguments";
import type { RemoteFacts } from "./facts";
import { checkRemote, isReachable } from "./normalise";

const effect = "remote, runs already";

/** Loaded when a build needs it. */
function runHalf() {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- import() takes twice as long
  return require("./run/node") as typeof import("./run/node");
}

/** A daemon that runs already, or a container of a Docker host. */
export const remote: NodeKind<RemoteNodeArgs, KindPlan, RemoteFacts, undefined> = {
  arguments: {
    ...commonArguments,
    driver: "plain text",
    endpoint: "text",
    image: "text",
    tls: { ca: "text", cert: "text", key: "text", serverName: "text" },
  },
  // Nothing ends it.
  lifecycles: ["persistent", "stop-when-idle"],
  wakeTimeoutSeconds: 180,
  isOnThisMachine: false,
  sharing: { isFacts: isReachable },
  check: checkRemote,
  plan: () => ({ insecureRegistries: [], effect }),
  facts: ({ endpoint, tls, driver, image }) => {
    const { ca, cert, key, serverName } = tls ?? {};
    return { endpoint, tls: tls && { ca, cert, key, serverName }, ...(driver && { driver, image }) };
  },
  effect: () => effect,
  open: (nodes) => Promise.resolve({ nodes: nodes.map(runHalf().remoteRunNode) }),
};
