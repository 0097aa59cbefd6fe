import * as fs from "node:fs";
import * as path from "node:path";

import type { Progress } from "../support/progress";
import { endHolder, holdersIn } from "../transport/holders";
import { isListening } from "../transport/listening";
import { isBuilderName, matchBuilder } from "../support/names";
import { namesIn } from "../support/paths";
import { ownSocketRoots } from "../support/socketFolders";
import type { CleanOptions } from "./commands";
import { findBuilder } from "./builders";
import { certificatesDirectory, certificatesRoot, configDirectory, holderFile } from "../nodes/ownFiles";
import { withProgress } from "./withProgress";
import { type OwnRegistration, ownRegistrations, removeRegistration } from "./registrations";
import { removeDeadSockets } from "./sockets";

/** Removes what is on this machine, and with `nodes` what killed callers have left in AWS. Says what it was. */
export async function clean({ builder, nodes, ...options }: CleanOptions): Promise<string> {
  const lines = builder === undefined ? await cleanAll() : await cleanBuilder(builder);
  if (nodes && builder !== undefined) {
    const work = (progress: Progress) => findBuilder(builder, options).then((found) => found.clean(progress));
    lines.push(...(await withProgress(`cleaning ${builder}`, work)));
  }
  return lines.length > 0 ? `${lines.join("\n")}\n` : "Nothing to remove.\n";
}

async function cleanBuilder(name: string): Promise<string[]> {
  const registrations = ownRegistrations();
  const known = new Set([...registrations.map((each) => each.builderName), ...namesIn(certificatesRoot())]);
  const isKnown = [...known].some((each) => each === name || each.startsWith(`${name}-`));
  if (!isKnown) {
    return [];
  }
  const builderName = matchBuilder(name, [...known].sort(), "this machine");
  const lines = await removeRegistrations(registrations.filter((each) => each.builderName === builderName));
  return [...lines, ...removeCertificates([builderName])];
}

async function cleanAll(): Promise<string[]> {
  const lines = await removeRegistrations(ownRegistrations());
  lines.push(...removeCertificates(namesIn(certificatesRoot())));
  if (fs.existsSync(holderFile())) {
    fs.rmSync(configDirectory(), { recursive: true });
    lines.push(`removed ${configDirectory()}`);
  }
  for (const root of ownSocketRoots()) {
    const sockets = await Promise.all(namesIn(root).map((name) => removeDeadSockets(path.join(root, name))));
    const count = sockets.reduce((sum, each) => sum + each, 0);
    lines.push(...(count > 0 ? [`removed ${count} dead sockets below ${root}`] : []));
  }
  return lines;
}

async function removeRegistrations(registrations: readonly OwnRegistration[]): Promise<string[]> {
  const lines: string[] = [];
  for (const { name, kind, sockets } of registrations) {
    const folders = new Set(sockets.map((socket) => path.dirname(socket)));
    if (kind === "direct") {
      lines.push(...(await endHolders(folders, name)));
    }
    const listening = await Promise.all(sockets.map(isListening));
    if (listening.includes(true)) {
      lines.push(`kept builder ${name}: a \`pulumi up\` that runs now uses it`);
      continue;
    }
    removeRegistration(name);
    lines.push(`removed builder ${name} (${kind}) from buildx's store`);
    for (const folder of folders) {
      await removeDeadSockets(folder);
    }
  }
  return lines;
}

/** What `wake` has begun on this machine. */
async function endHolders(folders: ReadonlySet<string>, name: string): Promise<string[]> {
  const holders = (await Promise.all([...folders].map(holdersIn))).flat();
  await Promise.all(holders.map((holder) => endHolder(holder, "end")));
  return holders.map(() => `ended the process that carried the connections of builder ${name}`);
}

function removeCertificates(builderNames: readonly string[]): string[] {
  const folders = builderNames.filter(isBuilderName).map(certificatesDirectory);
  // Of a builder whose pods are reached by sockets there are none.
  return folders.filter(fs.existsSync).map((folder) => {
    fs.rmSync(folder, { recursive: true, force: true });
    return `removed ${folder}`;
  });
}
