import type { BuilderArgs } from "../../components";
import type { Stack } from "../main/stack";
import { buildkitRelease, createStack, getBaseImage, getEc2 } from "./fixture";

/** What the program of these stacks exports. */
export interface Amd64Outputs {
  api: { indexDigest: string; ref: string };
  builderName: string;
  nodes: { name: string; instanceId: string }[];
}

export interface Amd64Options {
  /** Part of the image's tag, so that no two tests push the same. */
  name: string;
  builder?: Partial<BuilderArgs>;
  /** A step of the Dockerfile, after one that takes no time. @default "true" */
  step?: string;
  environment?: NodeJS.ProcessEnv;
  /** Whether the stack's commands start stand-ins of their own, which die with them. @default - they find them running */
  startsPlugins?: boolean;
}

/**
 * A stack with one x86 node, which boots in some seconds: for what does not depend on the architecture. On EC2's arm64 the
 * same code runs; life.test.ts shows it.
 */
export async function createAmd64Stack(options: Amd64Options): Promise<Stack> {
  const stack = await createStack(await amd64Spec(options), {
    environment: options.environment,
    startsPlugins: options.startsPlugins,
  });
  await writeApp(stack, options.step);
  return stack;
}

export async function amd64Spec({ name, builder = {} }: Amd64Options) {
  const { cloud, registry } = await getEc2();
  return {
    builder: {
      nodes: [{ kind: "ec2", platform: "linux/amd64" }],
      idleTimeoutMinutes: 1,
      wakeTimeoutSeconds: 120,
      ...builder,
      ec2: {
        buildkit: await buildkitRelease(),
        ingress: { from: "caller", address: cloud.vpc.callerAddress },
        ...builder.ec2,
      },
    },
    images: { api: { context: "./app", platforms: ["linux/amd64"], tags: [`${registry.host}/${name}:1`] } },
  };
}

/** @param folder the one of the project that paths in its program are relative to */
export async function writeApp(stack: Stack, step = "true", folder = "."): Promise<void> {
  const base = await getBaseImage();
  stack.write(
    `${folder}/app/Dockerfile`,
    `FROM ${base}\nRUN cat /proc/sys/kernel/random/uuid > /made\nRUN cat /proc/uptime > /step && ${step}\n`,
  );
}
