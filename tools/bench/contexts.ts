import * as crypto from "node:crypto";

import type { Side } from "./sides";

/** The files that a row's images are made of, and what changes before each run. */

export const megabyte = 1 << 20;

export const stamp = () => `${crypto.randomUUID()}\n`;

/** What seldom changes is a layer of its own, as in most Dockerfiles. */
export function writeDockerfile(side: Side, image: string): void {
  side.write(`${image}/Dockerfile`, "FROM scratch\nCOPY seldom /seldom\nCOPY often /\n");
  side.write(`${image}/often`, stamp());
  side.write(`${image}/seldom/stamp`, stamp());
}

export function changeOne(side: Side, image: string): void {
  side.write(`${image}/often`, stamp());
}

export function writeFiles(side: Side, image: string, count: number, bytes: number): void {
  writeDockerfile(side, image);
  for (let at = 0; at < count; at += 1) {
    const folder = `${image}/seldom/${Math.floor(at / 1000)}/${Math.floor(at / 20) % 50}`;
    side.write(`${folder}/${at}`, crypto.randomBytes(bytes));
  }
}

/** As an install leaves it: many small files, deep below, which the image has no use of. */
export function writeModules(side: Side, image: string): void {
  side.write(`${image}/Dockerfile`, "FROM scratch\nCOPY often /\n");
  side.write(`${image}/often`, stamp());
  for (let at = 0; at < 37_000; at += 1) {
    side.write(`${image}/node_modules/package-${Math.floor(at / 40)}/dist/${at % 4}/${at}.js`, `exports.at = ${at};\n`);
  }
}

/** A step that takes a few seconds of a core, and what changes after it. */
export function writeSteps(side: Side, image: string, base: string): void {
  const step = `RUN head -c 60000000 /dev/zero | sha256sum > /sum && seq 1 2000000 | sha256sum >> /sum && cat /seldom/stamp >> /sum`;
  side.write(`${image}/Dockerfile`, `FROM ${base}\nCOPY seldom /seldom\n${step}\nCOPY often /\n`);
  side.write(`${image}/often`, stamp());
  side.write(`${image}/seldom/stamp`, stamp());
}
