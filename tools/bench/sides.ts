import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { hostTool } from "../../test/hosts/hostTools";
import { trusting } from "../../test/main/image";
import { Stack, temporaryDirectory } from "../../test/main/stack";
import type { Cost } from "./meter";
import type { Row } from "./rows";
import { homeWithBuilder, plainBuilder, type World } from "./world";

/** What a side runs: `wrapped` is plain, in a component of its own that does nothing: what Pulumi asks for each component. */
const programs = {
  ours: "ours",
  plain: "plain",
  wrapped: "wrapped",
  bake: "plain",
  native: "ours",
  emulated: "ours",
} as const;

export type SideName = keyof typeof programs;

/** What one run took. */
export interface Run extends Cost {
  seconds: number;
  /** What the nodes were sent of the context, by what BuildKit says of it: to each, the most. */
  sentBytes: number;
  /** Of a node that was woken: from its first answer until its build began, and how much of that is not docker-build's. */
  afterWakeSeconds?: number;
  oursAfterWakeSeconds?: number;
}

/** One of those that are compared: a project with images, and the command that builds what has changed of them. */
export interface Side {
  name: SideName;
  /** Where the project is now. */
  directory(): string;
  /** Writes a file of the project. */
  write(file: string, content: string | Buffer, mode?: number): void;
  /** Takes the project's files to another folder, as another checkout by another user has them. */
  move(): Promise<void>;
  run(): Promise<Run>;
  /** The calls of a run to Pulumi's engine, by their names; none where there is no engine. */
  calls(): Promise<Record<string, number> | undefined>;
}

const units: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };

export async function openSide(world: World, name: SideName, images: readonly string[], row: Row): Promise<Side> {
  const { machines, meter } = world;
  const nodes = await world.nodesOf(row.nodes);
  const isOurs = programs[name] === "ours";
  const platforms = name === "emulated" ? ["linux/arm64"] : nodes.map(({ platform }) => platform);
  const more = name === "emulated" ? { additionalPlatforms: platforms } : {};
  const builder = isOurs ? { nodes: nodes.map((node) => ({ ...node.remoteNode(), ...more })) } : { name: plainBuilder };
  // As users have it: nothing of what makes the tests' own processes start fast.
  const environment = { ...trusting(machines.registry), NODE_OPTIONS: "", TEST_KEPT_MODULES: "" };
  const specs = images.map((image) => {
    const tag = `${machines.registry.host}/${name}-${image}-${crypto.randomBytes(4).toString("hex")}:1`;
    return [image, { context: { location: `./${image}` }, platforms, tags: [tag], ...row.arguments?.(tag) }];
  });
  const spec = { builder, images: Object.fromEntries(specs) as Record<string, ImageSpec> };
  const calls = path.join(temporaryDirectory("calls"), "calls.json");
  const program = path.join(__dirname, "program", programs[name]);
  const open = (place: { project?: string; backend?: string } = {}) => {
    const home = isOurs ? temporaryDirectory("home") : homeWithBuilder(nodes);
    return Stack.create(spec, { ...place, home, program, enter: meter.enter, environment });
  };
  let stack = await open();
  const command = name === "bake" ? await bake(stack, spec.images) : ["pulumi", "up", "--yes", "--skip-preview"];
  const counting = ["/usr/bin/env", `NODE_OPTIONS=--require ${__dirname}/countCalls.js`, `BENCH_CALLS=${calls}`];
  return {
    name,
    directory: () => stack.directory,
    write: (file, content, mode) => stack.write(file, content, mode),
    move: async () => {
      const before = stack;
      stack = await open(before);
      images.forEach((image) => {
        fs.cpSync(path.join(before.directory, image), path.join(stack.directory, image), { recursive: true });
      });
      fs.rmSync(before.directory, { recursive: true });
    },
    run: () => measured(world, stack, command),
    calls: async () => {
      if (name === "bake") {
        return undefined;
      }
      await measured(world, stack, [...counting, ...command]);
      return JSON.parse(fs.readFileSync(calls, "utf8")) as Record<string, number>;
    },
  };
}

interface ImageSpec {
  context: { location: string };
  platforms: string[];
  tags: string[];
}

/** The images as buildx itself builds them, all at once. */
async function bake(stack: Stack, images: Record<string, ImageSpec>): Promise<string[]> {
  const target = Object.fromEntries(
    Object.entries(images).map(([name, { context, platforms, tags }]) => [
      name,
      { context: context.location, platforms, tags, output: ["type=registry"] },
    ]),
  );
  const group = { default: { targets: Object.keys(images) } };
  stack.write("docker-bake.json", JSON.stringify({ group, target }));
  return [await hostTool("buildx"), "bake", "--builder", plainBuilder, "--provenance=false", "--progress=plain"];
}

async function measured({ meter }: World, stack: Stack, command: readonly string[]): Promise<Run> {
  const { result, cost } = await meter.measure(() => stack.startOther(...command).done);
  if (result.code !== 0) {
    throw new Error(`${command.join(" ")} ended with ${result.code}:\n${result.output}`);
  }
  return { ...cost, seconds: result.seconds, sentBytes: sentBytes(result.output) };
}

/** Of a transfer that lasts BuildKit tells more than once: the last counts, which is the most. */
export function sentBytes(output: string): number {
  const told = [...output.matchAll(/transferring context: ([\d.]+)([kMG]?B)/g)];
  return Math.max(0, ...told.map(([, number, unit]) => Number(number) * units[unit]));
}
