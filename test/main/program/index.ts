/**
 * The Pulumi program of the tests: declares what `spec.json` in its project's folder says. Values that begin with
 * `file:` are read from that file; with `output:`, as an output; with `secret:`, as a secret; with `env:` from that variable,
 * as a secret.
 */
import * as fs from "node:fs";

import { Provider, type ProviderArgs } from "@pulumi/docker-build/provider";
import * as pulumi from "@pulumi/pulumi";

import { Builder, type BuilderArgs, MultiPlatformImage, type MultiPlatformImageArgs } from "../../../components";

interface Spec {
  builder: BuilderArgs | { name: string };
  images: Record<string, Omit<MultiPlatformImageArgs, "builder">>;
  /** Of a docker-build provider that the program makes for its images. */
  provider?: ProviderArgs;
  /** Which outputs of the images are exported. */
  outputs?: ("indexDigest" | "ref" | "platformDigests" | "report" | "cost")[];
  /** Whether a line of the log is about each image, and so waits for it, with all lines after it. */
  logs?: boolean;
}

const spec = withFiles(JSON.parse(fs.readFileSync("spec.json", "utf8"))) as Spec;
const builder = "name" in spec.builder ? spec.builder : new Builder("builders", spec.builder);
const provider = spec.provider && new Provider("own", spec.provider);
const outputs: Record<string, unknown> = {};
let previous: MultiPlatformImage | undefined;
for (const [name, args] of Object.entries(spec.images)) {
  // One after the other, in the order of the spec, so that tests know which is first.
  const image = new MultiPlatformImage(name, { ...args, builder }, { provider, dependsOn: previous ? [previous] : [] });
  // One that is not pushed and has no tag has none.
  const hasRef = args.push !== false || args.tags !== undefined;
  const exported = (spec.outputs ?? ["indexDigest", "ref", "platformDigests"]).filter(
    (each) => each !== "ref" || hasRef,
  );
  outputs[name] = Object.fromEntries(exported.map((output) => [output, image[output]]));
  if (spec.logs) {
    void pulumi.log.info("a line that waits for the image", image.image);
  }
  previous = image;
}
if (builder instanceof Builder) {
  outputs.builderName = builder.builderName;
  outputs.nodes = builder.nodes;
}
module.exports = outputs;

function withFiles(value: unknown): unknown {
  if (typeof value === "string") {
    const [, scheme, name] = /^(file|output|secret|env):(.*)$/s.exec(value) ?? [];
    if (!scheme) {
      return value;
    }
    const text = scheme === "env" ? process.env[name] : fs.readFileSync(name, "utf8");
    return scheme === "file" ? text : scheme === "output" ? pulumi.output(text) : pulumi.secret(text);
  }
  if (Array.isArray(value)) {
    return value.map(withFiles);
  }
  return value && typeof value === "object"
    ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withFiles(each)]))
    : value;
}
