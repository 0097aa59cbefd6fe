import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";

import { prepareTools } from "../../tools";
import { execute, pushDebianImage, skipWithout } from "../hosts";
import { getDebianImage, getMachines, type Machines } from "../main/fixture";
import { trusting } from "../main/image";
import { endLocalDaemons, localDaemons } from "../main/processes";
import { Stack } from "../main/stack";
import { readFiles, readManifest } from "./image";

/** Three stages that need nothing of each other; each writes when it began and ended. */
const stages = ["a", "b", "c"];

describe("settings of local nodes", function () {
  this.timeout(300_000);
  let machines: Machines;
  let stack: Stack;
  let insecure: http.Server;

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots", "skopeo"]);
    machines = await getMachines();
    const tools = await prepareTools(["buildkitd", "runc"]);
    await getDebianImage();
    // What a mirror of Docker Hub has under the name of an official image.
    await pushDebianImage(machines.registry, "library/mirrored:1");
    stack = await Stack.create(
      { builder: { nodes: [{ kind: "local", platform: "linux/amd64" }] }, images: {} },
      { environment: trusting(machines.registry), onPath: tools },
    );
  });

  after(async () => {
    insecure?.close();
    await endLocalDaemons(stack);
  });

  async function build(name: string, node: object, dockerfile: string, image: object = {}): Promise<string> {
    stack.write(`${name}/Dockerfile`, dockerfile);
    const app = { context: `./${name}`, platforms: ["linux/amd64"], tags: [`${machines.registry.host}/${name}:1`] };
    const nodes = [{ kind: "local", platform: "linux/amd64", ...node }];
    stack.declare({ builder: { nodes }, images: { [name]: { ...app, ...image } } });
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    return output;
  }

  it("recipe 17: stages that need nothing of each other are built at the same time", async () => {
    await build("parallel", {}, timedStages(await getDebianImage()));
    const times = await timesOf("parallel");
    assert.ok(Math.max(...times.map(([begin]) => begin)) < Math.min(...times.map(([, end]) => end)), String(times));
  });

  it("recipe 17: with maxParallelism 1 one after the other, also those of several platforms", async () => {
    const node = { maxParallelism: 1, additionalPlatforms: ["linux/arm64"] };
    const platforms = ["linux/amd64", "linux/arm64"];
    await build("sequential", node, timedStages(await getDebianImage()), { platforms });
    const times = (await timesOf("sequential")).sort(([one], [other]) => one - other);
    assert.equal(times.length, 2 * stages.length);
    times.slice(1).forEach(([begin], at) => assert.ok(begin >= times[at][1], String(times)));
  });

  it("recipe 20: a mirror is asked before the registry", async () => {
    const node = { registryMirrors: { "docker.io": [machines.registry.host] } };
    await build(
      "mirror",
      node,
      "FROM mirrored:1 AS base\nRUN uname -m > /machine\nFROM scratch\nCOPY --from=base /machine /\n",
    );
    assert.deepEqual(await filesOf("mirror"), { machine: "x86_64\n" });
  });

  it("recipe 20: a registry without TLS is pushed to, and told to be one where docker-build deletes nothing", async () => {
    const host = await serveWithoutTls();
    const output = await build("insecure", { insecureRegistries: [host] }, "FROM scratch\nCOPY Dockerfile /\n", {
      tags: [`${host}/insecure:1`],
      retainOnDelete: false,
    });
    assert.match(
      output,
      /warning: `retainOnDelete: false`: the image will stay in its registry .* which has none\. Fix: /,
    );
    const manifest = await execute(["skopeo", "inspect", "--raw", "--tls-verify=false", `docker://${host}/insecure:1`]);
    assert.match(manifest, /"schemaVersion"/);
  });

  it("recipe 17, 20: nodes that are set up differently are daemons of their own", () => {
    assert.equal(localDaemons(stack).length, 4);
  });

  async function filesOf(name: string): Promise<Record<string, string>> {
    return readFiles(machines.registry, `${machines.registry.host}/${name}:1`);
  }

  /** Of each stage for each platform, when it began and ended, in milliseconds. */
  async function timesOf(name: string): Promise<[begin: number, end: number][]> {
    const tag = `${machines.registry.host}/${name}:1`;
    const { manifests = [] } = await readManifest(machines.registry, tag);
    const refs = manifests.map(({ digest }) => `${tag.replace(":1", "")}@${digest}`);
    const all = await Promise.all((refs.length > 0 ? refs : [tag]).map((ref) => readFiles(machines.registry, ref)));
    return all.flatMap((files) =>
      stages.map((stage): [number, number] => {
        const [begin, end] = files[stage].trim().split("\n").map(Number);
        return [begin, end];
      }),
    );
  }

  /** The run's registry on a port without TLS. */
  async function serveWithoutTls(): Promise<string> {
    const { certificateFolder, url } = machines.registry;
    const https = await import("node:https");
    const ca = fs.readFileSync(path.join(certificateFolder, "ca.crt"));
    insecure = http.createServer((request, response) => {
      const { method, headers } = request;
      const call = https.request(`${url}${request.url}`, { method, headers, ca }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      request.pipe(call.on("error", () => response.destroy()));
    });
    await new Promise<void>((resolve) => insecure.listen(0, machines.network.address, resolve));
    return `${machines.network.address}:${(insecure.address() as AddressInfo).port}`;
  }
});

function timedStages(base: string): string {
  const time = "date +%s%3N";
  const built = stages.map(
    (stage) =>
      `FROM --platform=$BUILDPLATFORM ${base} AS ${stage}\nARG TARGETARCH\nRUN ${time} > /${stage} && sleep 2 && ${time} >> /${stage}\n`,
  );
  return `${built.join("")}FROM scratch\n${stages.map((stage) => `COPY --from=${stage} /${stage} /\n`).join("")}`;
}
