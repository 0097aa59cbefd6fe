/**
 * The Pulumi program of the tests of shared builders: declares what `spec.json` in its project's folder says. A stack has
 * the builder and exports its connection, or builds with that of another stack.
 */
import * as fs from "node:fs";

import * as pulumi from "@pulumi/pulumi";

import { Builder, type BuilderArgs, type BuilderConnection, MultiPlatformImage } from "../../../components";
import type { MultiPlatformImageArgs } from "../../../components";

interface Spec {
  /** The stack's own builder. */
  builder?: BuilderArgs;
  /** Whose builder it is, where it has none; without, its configuration says how to reach the builder. */
  owner?: string;
  images: Record<string, Omit<MultiPlatformImageArgs, "builder">>;
}

const spec = JSON.parse(fs.readFileSync("spec.json", "utf8")) as Spec;
const builder = spec.builder ? new Builder("farm", spec.builder) : Builder.fromConnection("shared", connection());
const outputs: Record<string, unknown> = { builderName: builder.builderName, nodes: builder.nodes };
for (const [name, args] of Object.entries(spec.images)) {
  const { indexDigest, ref } = new MultiPlatformImage(name, { ...args, builder });
  outputs[name] = { indexDigest, ref };
}
if (spec.builder) {
  outputs.connection = builder.connection;
}
module.exports = outputs;

function connection(): pulumi.Input<BuilderConnection> {
  return spec.owner
    ? new pulumi.StackReference(spec.owner).getOutput("connection")
    : new pulumi.Config().requireSecretObject<BuilderConnection>("connection");
}
