import * as fs from "node:fs";
import * as path from "node:path";

import { remoteRegistration } from "../../components/session/registration";
import { type BuildHost, missingRequirements, serverName, startNamespaceNode } from "../../test/hosts";
import { endAll } from "../../test/main/atEnd";
import { getMachines, type Machines } from "../../test/main/fixture";
import { temporaryDirectory } from "../../test/main/stack";
import { startEmulatingNode } from "./compute";
import { Meter } from "./meter";

/** What the rows of the benchmark share: two nodes and a registry on this machine, and the meter. */
export interface World {
  machines: Machines;
  nodes: readonly BuildHost[];
  /** Those that build a row's images. One that emulates is started with the first row that asks. */
  nodesOf(choice?: NodeChoice): Promise<readonly BuildHost[]>;
  meter: Meter;
  close(): Promise<void>;
}

/** Both nodes; the one of this machine's platform; one of that platform that runs steps of arm64 by QEMU. */
export type NodeChoice = "both" | "one" | "emulating";

export const plainBuilder = "plain";

/** The nodes of `npm test`: one of this machine's platform, and one that says that it is of the other, and copies files. */
export async function openWorld(): Promise<World> {
  const missing = missingRequirements(["namespaces"]);
  if (missing.length > 0) {
    throw new Error(`the benchmark's nodes need what is not here: ${missing.join("; ")}`);
  }
  try {
    const machines = await getMachines();
    const { run, network, authority, registry, amd64 } = machines;
    const arm64 = await startNamespaceNode(run, network, authority, {
      name: "arm64",
      platform: "linux/arm64",
      registries: registry.trusted,
    });
    const meter = new Meter(`${run.name}-bench`);
    const close = async () => {
      meter.close();
      await endAll();
    };
    const nodes = [amd64, arm64];
    let emulating: Promise<BuildHost> | undefined;
    const nodesOf = async (choice: NodeChoice = "both") => {
      if (choice === "emulating") {
        return [await (emulating ??= startEmulatingNode(machines))];
      }
      return choice === "one" ? [amd64] : nodes;
    };
    return { machines, nodes, nodesOf, meter, close };
  } catch (error) {
    await endAll();
    throw error;
  }
}

/** A HOME whose buildx knows the nodes, as `buildx create` with the remote driver and `--append` leave it. */
export function homeWithBuilder(nodes: readonly BuildHost[]): string {
  const home = temporaryDirectory("home");
  const registered = nodes.map((node) => ({
    name: node.platform.replace("/", "-"),
    endpoint: node.endpoint,
    platform: node.platform,
    driverOptions: certificateFiles(home, node),
  }));
  const instances = path.join(home, ".docker/buildx/instances");
  fs.mkdirSync(instances, { recursive: true });
  fs.writeFileSync(path.join(instances, plainBuilder), remoteRegistration(plainBuilder, registered));
  return home;
}

function certificateFiles(home: string, node: BuildHost): Record<string, string> {
  const folder = path.join(home, node.platform.replace("/", "-"));
  fs.mkdirSync(folder, { mode: 0o700 });
  const file = (name: string, text: string) => {
    fs.writeFileSync(path.join(folder, name), text, { mode: 0o600 });
    return path.join(folder, name);
  };
  return {
    cacert: file("ca.pem", node.ca),
    cert: file("client.pem", node.clientCertificate),
    key: file("client-key.pem", node.clientKey),
    servername: serverName,
  };
}
