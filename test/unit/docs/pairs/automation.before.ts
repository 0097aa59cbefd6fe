import * as dockerBuild from "@pulumi/docker-build";
import { LocalWorkspace } from "@pulumi/pulumi/automation";

export async function deploy(stackName: string) {
  const program = async () => {
    const services = ["api", "worker"].map(
      (name) =>
        new dockerBuild.Image(name, {
          tags: [`ghcr.io/acme/${stackName}-${name}:1.0`],
          context: { location: `./${name}` },
          platforms: ["linux/amd64", "linux/arm64"],
          push: true,
        }),
    );
    return { refs: services.map(({ ref }) => ref) };
  };
  const stack = await LocalWorkspace.createOrSelectStack({ stackName, projectName: "shop", program });
  return stack.up({ onOutput: console.log });
}
