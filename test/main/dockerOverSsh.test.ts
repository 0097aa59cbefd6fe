import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { startArguments } from "../../components/nodes/remote/run/container";
import { containerImage } from "../../components/buildkit/containerImage";
import {
  type DockerEngine,
  execute,
  loadBuildkitImage,
  type SshHost,
  skipWithout,
  startDockerEngine,
  startDockerSshHost,
  startSshd,
} from "../hosts";
import { getBaseImage, getMachines, type Machines } from "./fixture";
import { inspectIndex, trusting } from "./image";
import { Stack, temporaryDirectory, waitFor } from "./stack";

const container = "multi-platform-image-buildkit";
const platform = "linux/amd64";

describe("a remote node whose host has Docker alone, over ssh", function () {
  this.timeout(300_000);
  let machines: Machines;
  let engine: DockerEngine;
  let ssh: SshHost;
  let stack: Stack;

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots", "skopeo", "docker engine", "ssh"]);
    machines = await getMachines();
    engine = await startDockerEngine(machines.run, machines.network);
    await loadBuildkitImage(machines.run, engine, machines.registry, containerImage);
    ssh = await startDockerSshHost(machines.run, machines.network, engine);
    stack = await stackOf(ssh, {}, 60);
  });

  it("recipe 3, 24: the first build makes BuildKit's container there, builds in it and pushes", async () => {
    assert.deepEqual(await containers(), []);
    assert.match(await builds("first"), /node amd64 \(linux\/amd64, ssh:\/\/root@.*\) is awake: BuildKit v0\.33\.1/);
    assert.deepEqual(
      (await containers()).map(({ Names, Image, State, Mounts: [{ Name }] }) => ({ Names, Image, State, Name })),
      [{ Names: [`/${container}`], Image: containerImage, State: "running", Name: container }],
    );
  });

  it("recipe 3: the next build uses the same container, and its cache", async () => {
    const [before] = await containers();
    assert.match(await builds("second"), /CACHED/);
    assert.deepEqual(await ids(), [before.Id]);
  });

  it("recipe 3: a container that was stopped is started again", async () => {
    const [before] = await containers();
    await engine.request("POST", `/containers/${container}/stop?t=5`);
    assert.match(await builds("third"), /CACHED/);
    assert.deepEqual(await ids(), [before.Id]);
  });

  it("recipe 3: a container that was removed is made anew, with its cache", async () => {
    const [before] = await containers();
    await remove();
    assert.match(await builds("fourth"), /CACHED/);
    assert.notDeepEqual(await ids(), [before.Id]);
  });

  it("a container that ends during a build is started again, and the same update finishes", async () => {
    await write("fifth", "sleep 4");
    const up = stack.start("up", "--yes", "--skip-preview");
    await waitFor("the RUN step", () => /RUN sleep/.test(up.output()));
    await engine.request("POST", `/containers/${container}/kill`);
    const { code, output } = await up.done;
    assert.equal(code, 0, output);
    assert.match(output, /node (amd64|of the builder) was lost during the build; waking it to build again/);
  });

  it("four who come at once make one container", async () => {
    await remove();
    const endpoint = { kind: "ssh", host: ssh.address, port: String(ssh.port), user: "root" } as const;
    const command = [path.join(ssh.binFolder, "ssh"), ...startArguments(endpoint, containerImage)];
    await Promise.all([1, 2, 3, 4].map(() => execute(command)));
    assert.deepEqual(
      (await containers()).map(({ State }) => State),
      ["running"],
    );
  });

  it("a pull that outlasts the wait goes on there, and the message says so", async () => {
    await remove();
    const message = await refusal("slow", wrapped('if [ "$1" = run ]; then sleep 8; fi; exec'));
    assert.match(
      message,
      /within 5 s .* still waiting for Docker there to run the container .* to pull moby\/buildkit:/,
    );
    await waitFor("the container", async () => (await containers()).some(({ State }) => State === "running"), 20);
  });

  it("an image that can't be pulled: Docker's words, and the fix", async () => {
    await remove();
    const image = `${machines.registry.host}/absent:1`;
    const { code, output } = await (await stackOf(ssh, { image })).up();
    assert.notEqual(code, 0, output);
    assert.match(output, /still waiting for the container .* there: docker: Error response from daemon: .* x509: /);
    assert.match(output, /Fix: let that host reach the registry of `image`/);
  });

  it("no docker on the host: said at once, with the fix", async () => {
    const folder = temporaryDirectory("path");
    fs.symlinkSync("/bin/sh", path.join(folder, "sh"));
    const message = await refusal("none", { PATH: folder });
    assert.match(message, /ssh:\/\/root@.*\): there is no program `docker` on the PATH .* Fix: install Docker there; /);
  });

  it("a user who may not use Docker: said at once, with the fix", async () => {
    const message = await refusal("refused", wrapped("exec setpriv --reuid 65534 --clear-groups --"));
    assert.match(message, /permission denied while trying to connect .* Fix: let the user of `endpoint` use Docker/i);
  });

  it("Docker that does not run: waited for, and its words told", async () => {
    const environment = { PATH: `${engine.clientFolder}:/usr/bin:/bin`, DOCKER_HOST: "unix:///run/absent.sock" };
    const message = await refusal("stopped", environment);
    assert.match(message, /within 5 s .* there: docker: Cannot connect to the Docker daemon at unix:\/\/\/run\/absent/);
    assert.match(message, /Fix: start Docker on that host\./);
  });

  async function stackOf(
    { endpoint, binFolder }: SshHost,
    more: { image?: string },
    wakeTimeoutSeconds = 5,
  ): Promise<Stack> {
    const nodes = [{ kind: "remote", platform, endpoint, driver: "docker-container", ...more }];
    const app = { context: "./app", platforms: [platform], tags: [tag()] };
    const made = await Stack.create(
      { builder: { nodes, wakeTimeoutSeconds }, images: { app } },
      { environment: trusting(machines.registry), programs: binFolder },
    );
    made.write("app/Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
    return made;
  }

  const tag = () => `${machines.registry.host}/docker-over-ssh:1`;

  async function write(file: string, step: string): Promise<void> {
    stack.write("app/file", file);
    stack.write("app/Dockerfile", `FROM ${await getBaseImage()}\nRUN ${step}\nCOPY file /\n`);
  }

  async function builds(file: string): Promise<string> {
    await write(file, "true");
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    const { app } = await stack.outputs<{ app: { indexDigest: string } }>();
    assert.equal(app.indexDigest, (await inspectIndex(machines.registry, tag())).digest);
    return output;
  }

  async function refusal(name: string, environment: { PATH: string; DOCKER_HOST?: string }): Promise<string> {
    const host = await machines.network.addHost(name);
    const { code, output } = await (await stackOf(await startSshd(machines.run, host, environment), {})).up();
    assert.notEqual(code, 0, output);
    return output;
  }

  /** What leads to Docker's client by another program. */
  function wrapped(beginning: string): { PATH: string; DOCKER_HOST: string } {
    const folder = temporaryDirectory("path");
    const script = `#!/bin/sh\n${beginning} ${engine.clientFolder}/docker "$@"\n`;
    fs.writeFileSync(path.join(folder, "docker"), script, { mode: 0o755 });
    return { PATH: `${folder}:/usr/bin:/bin`, DOCKER_HOST: engine.endpoint };
  }

  function remove(): Promise<string> {
    return engine.request("DELETE", `/containers/${container}?force=true`);
  }

  async function ids(): Promise<string[]> {
    return (await containers()).map(({ Id }) => Id);
  }

  async function containers() {
    const listed = await engine.request("GET", "/containers/json?all=true");
    return JSON.parse(listed) as {
      Id: string;
      Names: string[];
      Image: string;
      State: string;
      Mounts: [{ Name: string }];
    }[];
  }
});
