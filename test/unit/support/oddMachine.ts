import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";

import { register } from "../../../components/session/registration";
import { Relay } from "../../../components/transport/relay";
import { configDirectory } from "../../../components/nodes/ownFiles";
import { ownRegistrations } from "../../../components/cli/registrations";
import { readRootIgnored } from "../../../components/context/files";
import { stageContext } from "../../../components/context/stage";
import { checkImage } from "../../../components/registry/checkImage";
import { digestOf } from "../../../components/registry/manifest";

/**
 * What an update does on the disk of the machine that it runs on, in its order, as another user. Loaded before that user is taken:
 * this repository need not be open to it.
 */
async function up(): Promise<string[]> {
  const done: string[] = [];
  const { location } = await stageContext("app", readRootIgnored("app"), "app");
  done.push(fs.readFileSync(`${location}/private`, "utf8"));
  const relay = new Relay("key", ["arm64"]);
  await relay.claim();
  done.push(relay.registeredEndpoint("arm64"));
  register("farm-1a2b3c4d", JSON.stringify({ Driver: "remote", Nodes: [{ Endpoint: done[1] }] }));
  done.push(...ownRegistrations().map(({ name }) => name));
  done.push(configDirectory());
  const { problem, platformDigests } = await checkPushed();
  return [...done, problem ?? Object.keys(platformDigests ?? {}).join()];
}

async function checkPushed() {
  const platform = { os: "linux", architecture: "arm64" };
  const bytes = Buffer.from(JSON.stringify({ manifests: [{ digest: "sha256:a", platform }] }));
  const server = http.createServer((_, response) => response.end(bytes)).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const tag = `127.0.0.1:${(server.address() as AddressInfo).port}/app:1`;
  const image = { digest: digestOf(bytes), ref: "", tag, isPushed: true, wasPushedNow: true, logins: [] };
  return checkImage({ ...image, platforms: ["linux/arm64"], insecureRegistries: [] });
}

const { user, umask, directory } = JSON.parse(process.argv[2]) as { user: number; umask: number; directory: string };
process.setgroups?.([]);
process.setgid?.(user);
process.setuid?.(user);
process.umask(umask);
process.chdir(directory);
up().then(
  (done) => process.stdout.write(JSON.stringify({ done }), () => process.exit(0)),
  ({ name, message }: Error) => process.stdout.write(JSON.stringify({ name, message }), () => process.exit(0)),
);
