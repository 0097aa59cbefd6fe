/** The same images with docker-build's own resource, on the same nodes. */
import { Image, type ImageArgs } from "@pulumi/docker-build";

import { readSpec } from "./images";

const spec = readSpec();
module.exports = Object.fromEntries(
  Object.entries(spec.images).map(([name, args]) => [
    name,
    new Image(name, { ...(args as ImageArgs), builder: spec.builder, push: true, buildOnPreview: false }).digest,
  ]),
);
