import * as assert from "node:assert/strict";

import type { Machines } from "../fixture";
import { inspectIndex, trusting } from "../image";
import { Stack } from "../stack";

type Index = Awaited<ReturnType<typeof inspectIndex>>;

const platforms = ["linux/amd64", "linux/arm64"];

/** What all languages build here. @param folder the one of the project that paths in its program are relative to */
export function writeApp(stack: Stack, folder = "."): void {
  stack.write(`${folder}/app/Dockerfile`, "FROM scratch\nCOPY greeting /\n");
  stack.write(`${folder}/app/greeting`, "hello\n");
}

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
  assert.deepEqual(Object.keys(index.platformDigests).sort(), platforms);
  assert.deepEqual(await stack.outputs(), outputsOf(index));
  const before = await amd64.connections();
  const second = await stack.up();
  assert.equal(second.code, 0, second.output);
  assert.doesNotMatch(second.output, /updated|created/);
  assert.equal(await amd64.connections(), before);
}

/** A program in TypeScript that is given the same content builds the same index. */
export async function checkSameInTypeScript(machines: Machines, stack: Stack, tag: string): Promise<void> {
  const { amd64, registry } = machines;
  const node = { ...amd64.remoteNode(), additionalPlatforms: ["linux/arm64"] };
  const otherTag = tag.replace(/:[^:]*$/, ":typescript");
  const other = await Stack.create(
    { builder: { nodes: [node] }, images: { app: { context: "./app", platforms, tags: [otherTag] } } },
    { environment: trusting(registry) },
  );
  writeApp(other);
  const { code, output } = await other.up();
  assert.equal(code, 0, output);
  const [one, same] = [await inspectIndex(registry, tag), await inspectIndex(registry, otherTag)];
  assert.equal(one.digest, same.digest);
  assert.equal(contextHash(stack), contextHash(other));
  console.log(`      ${one.digest}`);
}

/** By which docker-build tells whether a content has changed. */
function contextHash(stack: Stack): string {
  const [, hash] = /"contextHash":\s*"([0-9a-f]+)"/.exec(stack.stateText()) ?? [];
  assert.ok(hash, "the state has a hash of the context");
  return hash;
}
