/** The Pulumi program of the tests of images that stay: as `spec.json` says, with the former name of an image. */
import * as fs from "node:fs";

import { Builder, type BuilderArgs, MultiPlatformImage, type MultiPlatformImageArgs } from "../../../components";

interface Spec {
  builder: BuilderArgs;
  images: Record<string, MultiPlatformImageArgs & { formerName?: string }>;
}

const spec = JSON.parse(fs.readFileSync("spec.json", "utf8")) as Spec;
const builder = new Builder("builders", spec.builder);
const declared = Object.entries(spec.images).map(([name, { formerName, ...args }]) => {
  const aliases = formerName ? [{ name: formerName }] : [];
  return [name, new MultiPlatformImage(name, { ...args, builder }, { aliases }).ref];
});
module.exports = Object.fromEntries(declared) as Record<string, unknown>;
