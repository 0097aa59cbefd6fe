import { createHash } from "node:crypto";
import * as protobuf from "protobufjs";

import { controlDescriptor } from "./protocol";

/** A graph of steps, as BuildKit's API takes it: https://github.com/moby/buildkit/blob/v0.33.1/solver/pb/ops.proto */
export interface Definition {
  /** Each step, encoded; the last one only names the result. */
  def: Uint8Array[];
  metadata: Record<string, { ignore_cache: boolean }>;
}

/** One step that writes a file of zeros, and does so each time it is asked. */
export function fileOf(bytes: number): Definition {
  const type = protobuf.Root.fromJSON(controlDescriptor as unknown as protobuf.INamespace).lookupType("pb.Op");
  const encode = (step: object) => type.encode(type.create(step)).finish();
  const mkfile = { path: "/file", mode: 0o600, data: new Uint8Array(bytes) };
  // -1 stands for an empty file system: https://github.com/moby/buildkit/blob/v0.33.1/solver/llbsolver/ops/file.go
  const step = encode({ file: { actions: [{ input: -1, secondaryInput: -1, output: 0, mkfile }] } });
  const digest = `sha256:${createHash("sha256").update(step).digest("hex")}`;
  return { def: [step, encode({ inputs: [{ digest, index: 0 }] })], metadata: { [digest]: { ignore_cache: true } } };
}
