/** docker-build's own resource in a component that does nothing: what a component costs, whatever is in it. */
import { Image, type ImageArgs } from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

import { readSpec } from "./images";

class Wrapped extends pulumi.ComponentResource {
  readonly digest: pulumi.Output<string>;

  constructor(name: string, args: ImageArgs) {
    super("bench:index:Wrapped", name);
    this.digest = new Image(name, args, { parent: this }).digest;
    this.registerOutputs({ digest: this.digest });
  }
}

const spec = readSpec();
module.exports = Object.fromEntries(
  Object.entries(spec.images).map(([name, args]) => [
    name,
    new Wrapped(name, { ...(args as ImageArgs), builder: spec.builder, push: true, buildOnPreview: false }).digest,
  ]),
);
