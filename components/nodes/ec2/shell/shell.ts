import type { NodeShell, ShellBuilder } from "../../shell";
import { BuildError } from "../../../support/errors";
import type { Ec2Connection } from "../connection";
import { describePattern } from "../policies/builderPattern";
import { callerRoles, describeRole } from "../policies/policyTable";
import { Ingress } from "../run/callerRules";
import { Forgotten } from "../run/forgotten";
import type { Account } from "./account";
import { readBuilderStatus } from "./builderStatus";
import { findConnection, listBuilders } from "./findBuilders";
import { holdNodes } from "./hold";
import { isEphemeral } from "./nodeInstances";
import { openAccount } from "./openAccount";
import { policy } from "./policy";
import { formatBuilder, formatBuilders } from "./statusText";
import { stopNodes } from "./stop";

/** What the command line does with nodes on EC2. */
export const ec2Shell: NodeShell = {
  options: ["region", "profile", "account"],
  isUsual: true,
  list: async (options) => {
    const account = await openAccount(options);
    const builders = await listBuilders(account);
    return { json: builders, text: formatBuilders(builders, `account ${account.account} in ${account.region}`) };
  },
  find: async (builder, options) => {
    const account = await openAccount(options);
    return builderOf(account, await findConnection(account, builder));
  },
  roles: callerRoles.map((name) => ({ name, who: describeRole(name) })),
  policy,
  describePolicy: ({ builder }) => describePattern(builder),
};

function builderOf(account: Account, connection: Ec2Connection): ShellBuilder {
  const { builderName, wakeTimeoutSeconds } = connection;
  return {
    builderName,
    wakeTimeoutSeconds,
    wakeable: () => {
      if (isEphemeral(connection)) {
        throw new BuildError(
          `builder ${builderName} has no nodes to wake: each \`pulumi up\` that builds launches its own, and terminates them. ` +
            'Fix: for builds outside of `pulumi up` use a builder with `lifecycle: "stop-when-idle"`.',
        );
      }
      return connection.nodes;
    },
    hold: (nodes, minutes, progress, use) => holdNodes(account, connection, nodes, minutes, progress, use),
    stop: (options, progress) => stopNodes(account, connection, options, progress),
    status: async () => {
      const found = await readBuilderStatus(account, connection);
      return { json: found, text: formatBuilder(found, new Date(account.now())) };
    },
    clean: async (progress) => {
      const ingress = new Ingress(account, connection.securityGroupId, "");
      const found = await new Forgotten(connection, account, ingress).removeNow(progress);
      return [
        ...found.rules.map((id) => `removed rule ${id} of ${builderName}`),
        ...found.instances.map((id) => `terminated ${id} of ${builderName}`),
      ];
    },
  };
}
