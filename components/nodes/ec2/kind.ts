import { findPackage } from "../../support/packageFiles";
import { isRecord } from "../../support/records";
import { isNodeName } from "../../support/names";
import { commonArguments } from "../commonTable";
import type { KindPlan, NodeKind } from "../kind";
import type { Ec2NodeArgs } from "./arguments";
import type { Ec2Connection, Ec2Facts } from "./connection";
import { normaliseEc2, type NormalEc2 } from "./normalise";

/** What a build does to a node that each update launches for itself, or to one that stays. */
const effects = { launched: "EC2, would be launched", kept: "EC2, would wake if asleep" };

/* eslint-disable @typescript-eslint/no-require-imports -- loaded when they are called; import() takes twice as long */
/** With it come modules of the aws and tls providers: no other nodes need those, and a constructor can't wait. */
const declaring = () => require("./declare/nodes") as typeof import("./declare/nodes");
/** How hooks reach AWS. */
const provider = () => require("./declare/provider") as typeof import("./declare/provider");
const shell = () => require("./shell/shell") as typeof import("./shell/shell");
const running = () => require("./run/open") as typeof import("./run/open");
/* eslint-enable @typescript-eslint/no-require-imports */

/** EC2 instances: kept ones that stop and start, or ephemeral ones. */
export const ec2: NodeKind<Ec2NodeArgs, NormalEc2 & KindPlan, Ec2Facts, Ec2Connection> = {
  arguments: {
    ...commonArguments,
    ami: "text",
    cacheVolumeIops: "plain number",
    cacheVolumeSizeGibibytes: "plain number",
    cacheVolumeThroughputMebibytes: "plain number",
    capacityType: "plain text",
    instanceType: "text",
    instanceTypes: "plain list",
    maxParallelism: "plain number",
    rootVolumeSizeGibibytes: "plain number",
    subnetId: "text",
    subnetIds: "plain list",
  },
  lifecycles: ["persistent", "stop-when-idle", "ephemeral"],
  wakeTimeoutSeconds: 180,
  isOnThisMachine: false,
  sharing: {
    isFacts: () => true,
    problemOf: (connection, builderName, names) => {
      if (isRecord(connection) && connection.builderName !== builderName) {
        return "has a `builderName` that no builder has, or another one in `ec2`";
      }
      const known = namesIn(connection);
      if (!known.every(isNodeName)) {
        return "has a node in `ec2` whose name no node has";
      }
      const missing = names.find((name) => !known.includes(name));
      return missing === undefined ? undefined : `has no instance for node ${missing} in \`ec2\``;
    },
  },
  // What they are is looked at together with what is common to them.
  check: () => undefined,
  plan: (owner, nodes, settings, { lifecycle, idleTimeoutMinutes, maxLifetimeMinutes }) => {
    if (nodes.length > 0) {
      // The program of the node is files of it.
      findPackage();
    }
    const isEphemeral = lifecycle === "ephemeral";
    const life = { isEphemeral, idleTimeoutMinutes, maxLifetimeMinutes };
    const normal = normaliseEc2(owner, nodes, settings ?? {}, life);
    return {
      ...normal,
      insecureRegistries: normal.nodes.flatMap(({ insecureRegistries }) => insecureRegistries),
      effect: isEphemeral ? effects.launched : effects.kept,
    };
  },
  facts: () => ({}),
  describe: ({ name }, connection) => ({
    instanceId: connection?.nodes.find((each) => each.name === name)?.instanceId,
  }),
  effect: ({ instanceId }) => (instanceId === undefined ? effects.launched : effects.kept),
  declare: ({ component, name, builderName, life: { wakeTimeoutSeconds } }, plan) =>
    declaring().createEc2Nodes(component, name, { ...plan, builderName, wakeTimeoutSeconds }),
  open: async (nodes, { connection, component }) =>
    running().openEc2(nodes, connection, await provider().awsSettings(component)),
  shell: () => shell().ec2Shell,
};

function namesIn(connection: unknown): unknown[] {
  const lists = isRecord(connection) ? [connection.nodes, connection.ephemeralNodes] : [];
  return lists.flatMap((list) => (Array.isArray(list) ? list.map((node: unknown) => isRecord(node) && node.name) : []));
}
