import { getBaseImage } from "../../test/main/fixture";
import { runAfterWake } from "./afterWake";
import { changeWork, writeProgram } from "./compute";
import { changeOne, megabyte, writeDockerfile, writeFiles, writeModules, writeSteps } from "./contexts";
import type { Run, Side, SideName } from "./sides";
import type { NodeChoice, World } from "./world";

/** One line of the benchmark's table: what is built, what changes before each run, and who is compared. */
export interface Row {
  /** What it is in words. */
  title: string;
  /** The first side by the second one, at most. */
  goal?: number;
  images: number;
  /** The first is compared with the second. */
  sides: readonly SideName[];
  /** What seven pairs take on two idle cores, about. */
  minutes: number;
  /** Its runs take minutes: none is made that is not measured, but for the first. */
  isLong?: boolean;
  /** The nodes that build. @default both */
  nodes?: NodeChoice;
  /** Arguments of the images besides. */
  arguments?: (tag: string) => object;
  /** Makes the contexts: the same for each side but for a stamp, so that none finds another's work on the nodes. */
  write(side: Side, image: string): void | Promise<void>;
  /** What a run has to do; without it nothing has changed since the last one. */
  change?(side: Side, image: string): void;
  /** What is done to the nodes, or to the project, before each run. */
  before?(side: Side, world: World): Promise<void>;
  /** How one run is measured, where that is not all of it. */
  run?(side: Side, world: World): Promise<Run>;
}

const pair = ["ours", "plain"] as const;
const withFloor = ["ours", "plain", "wrapped"] as const;

const forgetAll = async (_: Side, { nodes }: World) => {
  await nodes[0].buildctl(["prune", "--all"]);
};

/** An image with a step that takes seconds, on one node: the rows of caches. */
const cached = {
  images: 1,
  sides: pair,
  nodes: "one",
  write: async (side: Side, image: string) => writeSteps(side, image, await getBaseImage()),
  change: changeOne,
} satisfies Partial<Row>;

const cacheOf = (tag: string) => tag.replace(/:1$/, ":cache");

/** The most important first. */
export const rows: Readonly<Record<string, Row>> = {
  "no-op-1": {
    title: "1 image, no change",
    goal: 1.05,
    images: 1,
    sides: withFloor,
    minutes: 2,
    write: writeDockerfile,
  },
  "no-op-20": {
    title: "20 images, no change",
    goal: 1.05,
    images: 20,
    sides: withFloor,
    minutes: 3,
    write: writeDockerfile,
  },
  "changed-1": {
    title: "1 tiny image, changed",
    goal: 1.08,
    images: 1,
    sides: pair,
    minutes: 2,
    write: writeDockerfile,
    change: changeOne,
  },
  "changed-20": {
    title: "20 tiny images, all changed",
    goal: 1.05,
    images: 20,
    sides: ["ours", "plain", "bake"],
    minutes: 6,
    write: writeDockerfile,
    change: changeOne,
  },
  wake: {
    title: "1 tiny image, changed, and its node starts while the update waits for it",
    images: 1,
    sides: pair,
    nodes: "one",
    minutes: 3,
    write: writeDockerfile,
    change: changeOne,
    run: (side, { machines }) => runAfterWake(side, machines.amd64),
  },
  transfer: {
    title: "a context of 120 MB, one byte changed",
    images: 1,
    sides: pair,
    minutes: 2,
    write: (side, image) => writeFiles(side, image, 120, megabyte),
    change: changeOne,
  },
  "files-no-op": {
    title: "a context of 20,000 files, no change",
    goal: 1.08,
    images: 1,
    sides: pair,
    minutes: 2,
    write: (side, image) => writeFiles(side, image, 20_000, 200),
  },
  "files-changed": {
    title: "a context of 20,000 files, one changed",
    goal: 1.08,
    images: 1,
    sides: pair,
    minutes: 3,
    write: (side, image) => writeFiles(side, image, 20_000, 200),
    change: changeOne,
  },
  "large-changed": {
    title: "a context of 300 MB, one file changed",
    goal: 1.05,
    images: 1,
    sides: pair,
    minutes: 3,
    write: (side, image) => writeFiles(side, image, 300, megabyte),
    change: changeOne,
  },
  "modules-no-op": {
    title: "a context with a node_modules of 37,000 files, no change",
    goal: 1.1,
    images: 1,
    sides: pair,
    minutes: 3,
    write: writeModules,
  },
  "cache-warm": { ...cached, title: "a step of seconds, on a node that has its result", minutes: 2 },
  "cache-cold": { ...cached, title: "the same, on a node whose cache is empty", minutes: 3, before: forgetAll },
  "cache-moved": {
    ...cached,
    title: "a context of 60 MB, in a new checkout in another folder, with a new HOME: one byte changed",
    minutes: 2,
    write: (side, image) => writeFiles(side, image, 60, megabyte),
    before: (side) => side.move(),
  },
  "cache-registry": {
    ...cached,
    title: "the step of seconds, on a node whose cache is empty, by a cache in the registry",
    minutes: 3,
    arguments: (tag) => ({
      cacheFrom: [{ registry: { ref: cacheOf(tag) } }],
      cacheTo: [{ registry: { ref: cacheOf(tag), mode: "max", imageManifest: true } }],
    }),
    before: forgetAll,
  },
  computes: {
    title: "a build that computes (Go's parser and printer), by QEMU and natively",
    images: 1,
    sides: ["emulated", "native"],
    minutes: 28,
    isLong: true,
    nodes: "emulating",
    write: writeProgram,
    change: changeWork,
  },
};
