import { isDeepStrictEqual } from "node:util";

import { BuildError } from "../../../support/errors";
import { matchBuilder } from "../../../support/names";
import type { Node } from "../../node";
import type { KubernetesConnection } from "../connection";
import { KubernetesNode } from "../run/node";
import { parseStored, storedKey, storedLabel, storedName, type StoredNode } from "../stored";
import { inWords, type Place } from "./place";

/** A builder, with those of its nodes that are in the place. */
export interface FoundBuilder extends Omit<KubernetesConnection, "nodes"> {
  wakeTimeoutSeconds: number;
  nodes: readonly (KubernetesNode & Node)[];
  /** The same, as the builder's stack has declared them. */
  declared: readonly (StoredNode["node"] & Node)[];
}

/** All builders with nodes in a place, in the order of their names. To list them, nobody's keys are used. */
export async function listBuilders(place: Place): Promise<FoundBuilder[]> {
  return groupNodes(await listStored(place), place);
}

/**
 * The builder that a name, or the beginning of one, means.
 * @throws BuildError also where its nodes' Secrets have several authorities or keys: whoever may make Secrets can add a node to
 * a builder, and nothing says which keys are the builder's own.
 */
export async function findBuilder(place: Place, name: string): Promise<FoundBuilder> {
  const stored = await listStored(place);
  const builders = groupNodes(stored, place);
  const known = builders.map(({ builderName }) => builderName);
  const builderName = matchBuilder(name, known, place.words, "--namespace and --context");
  const found = builders.find((each) => each.builderName === builderName);
  if (!found) {
    throw new BuildError(`there is no builder ${builderName} in ${place.words}`);
  }
  const own = stored.filter((each) => each.builderName === builderName);
  if (!own.every(({ tls }) => isDeepStrictEqual(tls, own[0].tls))) {
    const secrets = own.map(({ node }) => storedName(node.objectName)).join(", ");
    throw new BuildError(
      `builder ${builderName}: its Secrets in ${place.words} have different keys (${secrets}), so one is not its own, or an update replaces them now. Fix: wait for the update, or delete the Secret that \`pulumi up\` of the builder's stack did not make.`,
    );
  }
  return found;
}

async function listStored(place: Place): Promise<StoredNode[]> {
  const secrets = await inWords(place, place.cluster.listSecrets(place.namespace, storedLabel, storedKey));
  return secrets.flatMap((secret) => parseStored(secret, place.namespace) ?? []);
}

function groupNodes(stored: readonly StoredNode[], { cluster }: Place): FoundBuilder[] {
  const names = [...new Set(stored.map(({ builderName }) => builderName))].sort();
  return names.map((builderName) => {
    const own = stored.filter((each) => each.builderName === builderName);
    const [{ tls, wakeTimeoutSeconds }] = own;
    const declared = own.map(({ node, additionalPlatforms }) => ({ ...node, additionalPlatforms }));
    const open = () => Promise.resolve(cluster);
    const nodes = own.map(({ node, additionalPlatforms }) =>
      Object.assign(new KubernetesNode({ builderName, tls }, node, open), { additionalPlatforms }),
    );
    return { builderName, tls, wakeTimeoutSeconds, declared, nodes };
  });
}
