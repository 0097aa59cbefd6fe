/**
 * The Pulumi program of provokedErrors.test.ts: docker-build's own images, each with an error hook that only writes down what
 * it gets, to the file of the image's name.
 */
import * as fs from "node:fs";
import * as path from "node:path";

import * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

const { images } = JSON.parse(fs.readFileSync("spec.json", "utf8")) as {
  images: Record<string, dockerBuild.ImageArgs>;
};

for (const [name, args] of Object.entries(images)) {
  const hook = new pulumi.ErrorHook(name, ({ errors }) => {
    fs.writeFileSync(path.join("errors", name), errors[0] ?? "");
    return false;
  });
  new dockerBuild.Image(name, args, { hooks: { onError: [hook] } });
}
