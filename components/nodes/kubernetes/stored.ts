import type { TlsMaterial } from "../../transport/endpoint";
import type { Platform } from "../../support/platforms";
import { isBuilderName, isNodeName } from "../../support/names";
import { isRecord } from "../../support/records";
import type { KubernetesConnectionNode } from "./connection";
import { isObjectName } from "./names";

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
export function storedName(objectName: string): string {
  return `${objectName}-connection`;
}

/**
 * A node as a Secret of a namespace has it. Its names become paths here: what is not as the builder's own stack wrote it is
 * none.
 */
export function parseStored(text: string, namespace: string): StoredNode | undefined {
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
    isObjectName(node.objectName) &&
    node.namespace === namespace &&
    [node.image, tls.ca, tls.cert, tls.key].every((each) => typeof each === "string") &&
    isRecord(node.nodeSelector) &&
    Array.isArray(node.tolerations) &&
    typeof stored.wakeTimeoutSeconds === "number";
  return isWhole ? (stored as unknown as StoredNode) : undefined;
}
