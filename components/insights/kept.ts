import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { isInStagingFolder, makeInStagingFolder, stagingFolder } from "../context/folders";
import { entryIn, readJsonIfThere, safeName, shortHash, writeFileAtomically } from "../support/paths";
import { isKeptImage } from "./keptShape";
import type { KeptImage, Memory } from "./lastBuild";

/** Where a stack's reports are, in the project's folder. */
export function reportsFolder(stack: string): string {
  return entryIn(`${stagingFolder}/reports`, safeName(stack));
}

function keptFile(stack: string, image: string, urn: string): string {
  return entryIn(`${reportsFolder(stack)}/last`, `${safeName(image)}-${shortHash(urn)}.json`);
}

export function readKept(stack: string, image: string, urn: string): KeptImage | undefined {
  return parseKept(keptFile(stack, image, urn));
}

/** Of another version or shape, nothing: it is written anew by the next build. */
export function parseKept(file: string): KeptImage | undefined {
  const kept = readJsonIfThere<unknown>(file);
  return isKeptImage(kept) ? kept : undefined;
}

/** A failed build leaves what the next one compares with as it was. */
export function keep(urn: string, kept: KeptImage): void {
  const { stack, image } = kept.report;
  const file = keptFile(stack, image, urn);
  makePrivateFolder(path.dirname(file));
  writeFileAtomically(file, JSON.stringify(kept));
}

export function newMemory(): Memory {
  return { version: 1, salt: crypto.randomBytes(16).toString("hex"), platforms: {} };
}

/** A folder of nobody else's. Where it is ours no link leads elsewhere; of another one the user says where it is. */
export function makePrivateFolder(folder: string): void {
  if (isInStagingFolder(folder)) {
    makeInStagingFolder(folder);
  } else {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
}

/** A value as it may be kept: without the salt, which lies beside it and not in any report, nothing can be guessed of it. */
export function salted(salt: string, value: unknown): string {
  return crypto
    .createHash("sha256")
    .update(`${salt} ${JSON.stringify(value) ?? ""}`)
    .digest("hex")
    .slice(0, 24);
}
