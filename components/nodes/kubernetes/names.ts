import { shortHash } from "../../support/paths";

/** Of a Job's name: its pods get a hyphen and five letters more, and a label holds 63. */
const mostLetters = 50;

/**
 * The name of all objects of a node, as Kubernetes takes it: lower-case letters, digits and hyphens.
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 */
export function objectName(builderName: string, node: string): string {
  const whole = `${builderName}-${node}`;
  const plain = whole.replace(/[^a-z0-9-]/g, "-");
  if (plain === whole && plain.length <= mostLetters) {
    return plain;
  }
  // What is left out or replaced would make two names one.
  const hash = shortHash(whole);
  return `${plain.slice(0, mostLetters - hash.length - 1).replace(/-+$/, "")}-${hash}`;
}

/** Whether it is a name of an object or of a namespace. */
export function isObjectName(value: unknown): value is string {
  return typeof value === "string" && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value);
}

export const labels = {
  managedBy: { "app.kubernetes.io/managed-by": "multi-platform-image" },
  /** The object name of a node, on its Job and its pod. */
  node: "multi-platform-image/node",
};

/** What a Job was made of: where it differs, the node's settings have changed since. */
export const settingsAnnotation = "multi-platform-image/settings";
