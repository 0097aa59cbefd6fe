import { join } from "node:path";

import { waitUntil } from "../hosts/command";
import { startProcess } from "../hosts/hostProcess";
import { freePort } from "../hosts/registry";
import type { TestRun } from "../hosts/testRun";
import { prepareEnvironment, region } from "./emulator";

/** A bucket of S3's API, which moto serves, over HTTP and for anyone who signs. */
export interface Bucket {
  readonly name: string;
  readonly region: string;
  readonly endpointUrl: string;
  /** The keys of all objects, in S3's order. */
  keys(): Promise<string[]>;
}

/** @param address where it listens: the network's own, so that all hosts reach it */
export async function startBucket(run: TestRun, address: string, name: string): Promise<Bucket> {
  const environment = await prepareEnvironment();
  const port = await freePort(address);
  const endpointUrl = `http://${address}:${port}`;
  const listen = ["--host", address, "--port", String(port)];
  const server = startProcess(run, [join(environment, "bin/python"), "-B", "-m", "moto.server", ...listen], {
    log: join(run.folder, `s3-${port}.log`),
    env: { PATH: process.env.PATH },
  });
  await waitUntil(
    `S3 at ${endpointUrl}`,
    async () => {
      if (server.running) await ask("PUT", `${endpointUrl}/${name}`);
    },
    { timeoutMilliseconds: 60_000, pauseMilliseconds: 200 },
  );
  if (!server.running) throw new Error(`S3 at ${endpointUrl} ended at once: ${server.log()}`);
  return {
    name,
    region,
    endpointUrl,
    keys: async () => {
      const listing = await ask("GET", `${endpointUrl}/${name}?list-type=2`);
      return [...listing.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key);
    },
  };
}

async function ask(method: string, url: string): Promise<string> {
  const answer = await fetch(url, { method });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
  return text;
}
