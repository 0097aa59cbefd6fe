import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { countActiveBuilds, readDaemonInfo } from "../buildkit/client";
import type { Endpoint } from "./endpoint";
import { Relay } from "./relay";

const answerTimeoutMilliseconds = 3_000;

/** What the daemon of a node says that can be reached. */
export interface DaemonState {
  version: string;
  activeBuilds: number;
}

/** A relay of this command alone: that of a running update stays as it is. */
export async function withRelay<T>(nodeNames: readonly string[], use: (relay: Relay) => Promise<T>): Promise<T> {
  const relay = new Relay(`command ${crypto.randomUUID()}`, nodeNames);
  try {
    await relay.claim();
    return await use(relay);
  } finally {
    fs.rmSync(path.dirname(relay.socket(nodeNames[0])), { recursive: true, force: true });
  }
}

/** Asks daemons by their nodes' names. Undefined for one that does not answer from here. */
export async function askDaemons(
  endpoints: ReadonlyMap<string, Endpoint>,
): Promise<Map<string, DaemonState | undefined>> {
  const names = [...endpoints.keys()];
  if (names.length === 0) {
    return new Map();
  }
  return withRelay(names, async (relay) => {
    const answers = names.map(async (name): Promise<[string, DaemonState | undefined]> => {
      relay.point(name, endpoints.get(name));
      return [name, await ask(relay.socket(name)).catch(() => undefined)];
    });
    return new Map(await Promise.all(answers));
  });
}

async function ask(socket: string): Promise<DaemonState> {
  const { version } = await readDaemonInfo(socket, answerTimeoutMilliseconds);
  return { version, activeBuilds: await countActiveBuilds(socket, answerTimeoutMilliseconds) };
}
