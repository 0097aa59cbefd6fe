import { ofRun } from "./run";

const taken = new WeakMap<object, Map<string, number>>();

/**
 * A name of a hook that no other has in this program, and the same one in each run: Pulumi knows hooks by name, and images
 * with different parents may have the same name.
 */
export function hookName(image: string, purpose: string): string {
  const counts = ofRun(taken, () => new Map<string, number>());
  const name = `multi-platform-image_${image}_${purpose}`;
  const count = (counts.get(name) ?? 0) + 1;
  counts.set(name, count);
  return count === 1 ? name : `${name}_${count}`;
}
