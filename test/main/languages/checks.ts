import * as assert from "node:assert/strict";

import type { Machines } from "../fixture";
import { inspectIndex } from "../image";
import type { Stack } from "../stack";

type Index = Awaited<ReturnType<typeof inspectIndex>>;

/** A preview says what would be built, and calls no node. */
export async function checkPreview({ amd64 }: Machines, stack: Stack): Promise<void> {
  const before = await amd64.connections();
  const { code, output } = await stack.preview();
  assert.equal(code, 0, output);
  assert.match(output, /image app would be built/);
  assert.equal(await amd64.connections(), before);
}

/** An update builds both platforms, and has the outputs of the index that it pushed; a second one calls no node. */
export async function checkUpdates(
  { amd64, registry }: Machines,
  stack: Stack,
  tag: string,
  outputsOf: (index: Index) => object,
): Promise<void> {
  const first = await stack.up();
  assert.equal(first.code, 0, first.output);
  const index = await inspectIndex(registry, tag);
  assert.deepEqual(Object.keys(index.platformDigests).sort(), ["linux/amd64", "linux/arm64"]);
  assert.deepEqual(await stack.outputs(), outputsOf(index));
  const before = await amd64.connections();
  const second = await stack.up();
  assert.equal(second.code, 0, second.output);
  assert.doesNotMatch(second.output, /updated|created/);
  assert.equal(await amd64.connections(), before);
}
