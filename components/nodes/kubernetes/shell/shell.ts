import { formatTable } from "../../../support/tables";
import type { NodeShell, ShellBuilder } from "../../shell";
import { formatStatus, readStatus } from "./builderStatus";
import { cleanNodes } from "./clean";
import { findBuilder, type FoundBuilder, listBuilders } from "./find";
import { holdNodes } from "./hold";
import { inWords, openPlace, type Place } from "./place";
import { describeRole, kubernetesRoles, rolePolicy } from "./policy";
import { stopNodes } from "./stop";

/** What the command line does with nodes on Kubernetes. */
export const kubernetesShell: NodeShell = {
  options: ["namespace", "context"],
  // No cluster is called that nobody has named: most kubeconfigs know some that have nothing to do with builds.
  isUsual: false,
  list: async (options) => {
    const place = await openPlace(options);
    const builders = await inWords(place, Promise.all((await listBuilders(place)).map(listed)));
    return { json: builders, text: formatBuilders(builders, place) };
  },
  find: async (builder, options) => {
    const place = await openPlace(options);
    return builderOf(place, await findBuilder(place, builder));
  },
  roles: kubernetesRoles,
  policy: rolePolicy,
  describePolicy: describeRole,
};

interface ListedBuilder {
  builderName: string;
  nodes: { name: string; platform: string; object: string; state: string }[];
}

async function listed({ builderName, nodes, declared }: FoundBuilder): Promise<ListedBuilder> {
  const states = await Promise.all(nodes.map((node) => node.see()));
  return {
    builderName,
    nodes: declared.map(({ name, platform, objectName }, at) => {
      const { kind } = states[at].state;
      return { name, platform, object: objectName, state: kind === "absent" ? "none" : kind };
    }),
  };
}

function formatBuilders(builders: readonly ListedBuilder[], { words }: Place): string {
  if (builders.length === 0) {
    return `There is no builder in ${words}.\n`;
  }
  const rows = builders.flatMap(({ builderName, nodes }) =>
    nodes.map(({ name, platform, object, state }) => [builderName, name, platform, object, state]),
  );
  return formatTable(["BUILDER", "NODE", "PLATFORM", "JOB", "POD"], rows);
}

function builderOf(place: Place, builder: FoundBuilder): ShellBuilder {
  const { builderName, wakeTimeoutSeconds, declared } = builder;
  return {
    builderName,
    wakeTimeoutSeconds,
    wakeable: () => declared,
    hold: (nodes, minutes, progress, use) => holdNodes(place, builder, nodes, minutes, progress, use),
    stop: (options, progress) => stopNodes(place, builder, options, progress),
    status: async () => {
      const found = await readStatus(place, builder);
      return { json: found, text: formatStatus(found) };
    },
    clean: () => cleanNodes(place, builder),
  };
}
