import type { TlsMaterial } from "../../transport/endpoint";
import { isPlatform, isPlatformList, type Platform } from "../../support/platforms";
import { isBuilderName, isNodeName } from "../../support/names";
import { isRecord } from "../../support/records";
import type { KubernetesConnectionNode } from "./connection";
import { objectName } from "./names";

/** One text of a Secret. */
export interface SecretText {
  /** The Secret's own. */
  name: string;
  text: string;
}

/** What a node's Secret for the command line holds, which knows a namespace and the beginning of a builder's name. */
export interface StoredNode {
  builderName: string;
  wakeTimeoutSeconds: number;
  tls: TlsMaterial;
  additionalPlatforms?: readonly Platform[];
  node: KubernetesConnectionNode;
}

/** The label of these Secrets, by which the command line lists them. */
export const storedLabel = { "multi-platform-image/connection": "true" };

/** The one key of such a Secret. */
export const storedKey = "connection.json";

/** The name of a node's Secret for the command line, by that of its other objects. */
export function storedName(ownName: string): string {
  return `${ownName}-connection`;
}

/**
 * A node as a Secret of a namespace has it. Its names become paths here: what is not as the builder's own stack wrote it is
 * none. By its name, each node has one Secret: whoever may make Secrets, and change none, puts nothing in its place.
 */
export function parseStored({ name, text }: SecretText, namespace: string): StoredNode | undefined {
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(stored) || !isRecord(stored.node) || !isRecord(stored.tls)) {
    return undefined;
  }
  const { node, builderName, tls } = stored;
  const isWhole =
    isBuilderName(builderName) &&
    isNodeName(node.name) &&
    node.objectName === objectName(builderName, node.name) &&
    name === storedName(node.objectName) &&
    node.namespace === namespace &&
    isPlatform(node.platform) &&
    (stored.additionalPlatforms === undefined || isPlatformList(stored.additionalPlatforms)) &&
    [node.image, tls.ca, tls.cert, tls.key].every((each) => typeof each === "string") &&
    (tls.serverName === undefined || typeof tls.serverName === "string") &&
    isRecord(node.nodeSelector) &&
    Array.isArray(node.tolerations) &&
    typeof stored.wakeTimeoutSeconds === "number";
  return isWhole ? (stored as unknown as StoredNode) : undefined;
}
