/** The images with this component, as a user would write it. */
import { Builder, type BuilderArgs, MultiPlatformImage, type MultiPlatformImageArgs } from "../../../components";
import { readSpec } from "./images";

const spec = readSpec();
const builder = new Builder("builders", spec.builder as BuilderArgs);
module.exports = Object.fromEntries(
  Object.entries(spec.images).map(([name, args]) => [
    name,
    new MultiPlatformImage(name, { ...(args as MultiPlatformImageArgs), builder }).indexDigest,
  ]),
);
