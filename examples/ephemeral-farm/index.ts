import * as fs from "node:fs";

// Deep imports: all of @pulumi/aws takes two seconds to load.
import { Repository } from "@pulumi/aws/ecr/repository";
import { Builder, MultiPlatformImage } from "pulumi-multi-platform-image";

// One builder for all images, so that its nodes are launched once. Types are in order of preference: where AWS has no
// spot capacity of the first, the next is asked for.
const builder = new Builder("farm", {
  lifecycle: "ephemeral",
  nodes: [
    {
      kind: "ec2",
      platform: "linux/arm64",
      instanceTypes: ["c8g.2xlarge", "c7g.2xlarge"],
      capacityType: "spot",
    },
    {
      kind: "ec2",
      platform: "linux/amd64",
      instanceTypes: ["c7a.2xlarge", "c7i.2xlarge"],
      capacityType: "spot",
    },
  ],
});

// Each folder there is the build context of one image: a new folder is a new image.
const services = fs.readdirSync("services").sort();
const images = services.map(createImage);

export const refs = Object.fromEntries(services.map((service, at) => [service, images[at].ref]));

function createImage(service: string): MultiPlatformImage {
  const repository = new Repository(service, {
    imageTagMutability: "IMMUTABLE",
    // Images outlive their Pulumi resource; without this, `pulumi destroy` stops at the repository.
    forceDelete: true,
  });
  return new MultiPlatformImage(service, { context: `./services/${service}`, repository, builder });
}
