import * as crypto from "node:crypto";

import type { Side, SideName } from "./sides";

/** One line of the benchmark's table: what is built, what changes before each run, and who is compared. */
export interface Row {
  /** What it is in words. */
  title: string;
  /** Ours by plain docker-build, at most. */
  goal?: number;
  images: number;
  sides: readonly SideName[];
  /** Makes the contexts: the same for each side but for a stamp, so that none finds another's work on the nodes. */
  write(side: Side, image: string): void;
  /** What a run has to do; without it nothing has changed since the last one. */
  change?(side: Side, image: string): void;
}

const megabyte = 1 << 20;

const stamp = () => `${crypto.randomUUID()}\n`;

/** What seldom changes is a layer of its own, as in most Dockerfiles. */
function writeDockerfile(side: Side, image: string): void {
  side.write(`${image}/Dockerfile`, "FROM scratch\nCOPY seldom /seldom\nCOPY often /\n");
  side.write(`${image}/often`, stamp());
  side.write(`${image}/seldom/stamp`, stamp());
}

function changeOne(side: Side, image: string): void {
  side.write(`${image}/often`, stamp());
}

function writeFiles(side: Side, image: string, count: number, bytes: number): void {
  writeDockerfile(side, image);
  for (let at = 0; at < count; at += 1) {
    const folder = `${image}/seldom/${Math.floor(at / 1000)}/${Math.floor(at / 20) % 50}`;
    side.write(`${folder}/${at}`, crypto.randomBytes(bytes));
  }
}

const pair = ["ours", "plain"] as const;
const withFloor = ["ours", "plain", "wrapped"] as const;

/** As an install leaves it: many small files, deep below, which the image has no use of. */
function writeModules(side: Side, image: string): void {
  side.write(`${image}/Dockerfile`, "FROM scratch\nCOPY often /\n");
  side.write(`${image}/often`, stamp());
  for (let at = 0; at < 37_000; at += 1) {
    side.write(`${image}/node_modules/package-${Math.floor(at / 40)}/dist/${at % 4}/${at}.js`, `exports.at = ${at};\n`);
  }
}

export const rows: Readonly<Record<string, Row>> = {
  "no-op-1": { title: "1 image, no change", goal: 1.05, images: 1, sides: withFloor, write: writeDockerfile },
  "no-op-20": { title: "20 images, no change", goal: 1.05, images: 20, sides: withFloor, write: writeDockerfile },
  "changed-1": {
    title: "1 tiny image, changed",
    goal: 1.08,
    images: 1,
    sides: pair,
    write: writeDockerfile,
    change: changeOne,
  },
  "changed-20": {
    title: "20 tiny images, all changed",
    goal: 1.05,
    images: 20,
    sides: ["ours", "plain", "bake"],
    write: writeDockerfile,
    change: changeOne,
  },
  "files-no-op": {
    title: "a context of 20,000 files, no change",
    goal: 1.08,
    images: 1,
    sides: pair,
    write: (side, image) => writeFiles(side, image, 20_000, 200),
  },
  "files-changed": {
    title: "a context of 20,000 files, one changed",
    goal: 1.08,
    images: 1,
    sides: pair,
    write: (side, image) => writeFiles(side, image, 20_000, 200),
    change: changeOne,
  },
  "large-changed": {
    title: "a context of 300 MB, one file changed",
    goal: 1.05,
    images: 1,
    sides: pair,
    write: (side, image) => writeFiles(side, image, 300, megabyte),
    change: changeOne,
  },
  "modules-no-op": {
    title: "a context with a node_modules of 37,000 files, no change",
    goal: 1.1,
    images: 1,
    sides: pair,
    write: writeModules,
  },
  transfer: {
    title: "a context of 120 MB, one byte changed",
    images: 1,
    sides: pair,
    write: (side, image) => writeFiles(side, image, 120, megabyte),
    change: changeOne,
  },
};
