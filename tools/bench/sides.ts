import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { hostTool } from "../../test/hosts/hostTools";
import { trusting } from "../../test/main/image";
import { Stack, temporaryDirectory } from "../../test/main/stack";
import type { Cost } from "./meter";
import { homeWithBuilder, plainBuilder, platformsOf, type World } from "./world";

/** `wrapped` is plain, in a component of its own that does nothing: what Pulumi asks for each component. */
export type SideName = "ours" | "plain" | "wrapped" | "bake";

/** What one run took. */
export interface Run extends Cost {
  seconds: number;
  /** What the nodes were sent of the context, by what BuildKit says of it: to each, the most. */
  sentBytes: number;
}

/** One of those that are compared: a project with images, and the command that builds what has changed of them. */
export interface Side {
  name: SideName;
  /** Writes a file of the project. */
  write(file: string, content: string | Buffer): void;
  run(): Promise<Run>;
  /** The calls of a run to Pulumi's engine, by their names; none where there is no engine. */
  calls(): Promise<Record<string, number> | undefined>;
}

const programs = path.join(__dirname, "program");
const units: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };

export async function openSide(world: World, name: SideName, images: readonly string[]): Promise<Side> {
  const { machines, nodes, meter } = world;
  const home = name === "ours" ? temporaryDirectory("home") : homeWithBuilder(world);
  const builder = name === "ours" ? { nodes: nodes.map((node) => node.remoteNode()) } : { name: plainBuilder };
  // As users have it: nothing of what makes the tests' own processes start fast.
  const environment = { ...trusting(machines.registry), NODE_OPTIONS: "", TEST_KEPT_MODULES: "" };
  const specs = images.map((image) => [
    image,
    {
      context: { location: `./${image}` },
      platforms: platformsOf(world),
      tags: [`${machines.registry.host}/${name}-${image}-${crypto.randomBytes(4).toString("hex")}:1`],
    },
  ]);
  const spec = { builder, images: Object.fromEntries(specs) as Record<string, ImageSpec> };
  const calls = path.join(home, "calls.json");
  const program = path.join(programs, name === "bake" ? "plain" : name);
  const stack = await Stack.create(spec, { home, program, enter: meter.enter, environment });
  const command = name === "bake" ? await bake(stack, spec.images) : ["pulumi", "up", "--yes", "--skip-preview"];
  const counting = ["/usr/bin/env", `NODE_OPTIONS=--require ${__dirname}/countCalls.js`, `BENCH_CALLS=${calls}`];
  return {
    name,
    write: (file, content) => stack.write(file, content),
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
