import { LocalWorkspace } from "@pulumi/pulumi/automation";
import { Builder, MultiPlatformImage, type NodeArgs } from "pulumi-multi-platform-image";

export async function deploy(stackName: string, nodes: NodeArgs[]) {
  const program = async () => {
    const builder = new Builder("builders", { nodes }); // in each program: it is a resource of its stack
    const services = ["api", "worker"].map((name) => {
      const tags = [`ghcr.io/acme/${stackName}-${name}:1.0`];
      return new MultiPlatformImage(name, { tags, context: `./${name}`, builder });
    });
    return { refs: services.map(({ ref }) => ref) };
  };
  const stack = await LocalWorkspace.createOrSelectStack({ stackName, projectName: "shop", program });
  return stack.up({ onOutput: console.log });
}
