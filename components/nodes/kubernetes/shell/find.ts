import { BuildError } from "../../../support/errors";
import { matchBuilder } from "../../../support/names";
import type { Node } from "../../node";
import type { KubernetesConnection } from "../connection";
import { KubernetesNode } from "../run/node";
import { parseStored, storedKey, storedLabel, type StoredNode } from "../stored";
import { type Place, told } from "./place";

/** A builder, with those of its nodes that are in the place. */
export interface FoundBuilder extends Omit<KubernetesConnection, "nodes"> {
  wakeTimeoutSeconds: number;
  nodes: readonly (KubernetesNode & Node)[];
  /** The same, as the builder's stack has declared them. */
  declared: readonly (StoredNode["node"] & Node)[];
}

/** All builders with nodes in a place, in the order of their names. */
export async function listBuilders(place: Place): Promise<FoundBuilder[]> {
  const texts = await told(place, place.cluster.listSecrets(place.namespace, storedLabel, storedKey));
  return groupNodes(
    texts.flatMap((text) => parseStored(text, place.namespace) ?? []),
    place,
  );
}

/** The builder that a name, or the beginning of one, means. */
export async function findBuilder(place: Place, name: string): Promise<FoundBuilder> {
  const builders = await listBuilders(place);
  const known = builders.map(({ builderName }) => builderName);
  const builderName = matchBuilder(name, known, place.words, "--namespace and --context");
  const found = builders.find((each) => each.builderName === builderName);
  if (!found) {
    throw new BuildError(`there is no builder ${builderName} in ${place.words}`);
  }
  return found;
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
