import * as assert from "node:assert/strict";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { execute, skipWithout } from "../hosts";
import { type HostProcess, startProcess } from "../hosts/hostProcess";
import { getDebianImage, getMachines, type Machines } from "../main/fixture";
import { trusting } from "../main/image";
import { Stack, temporaryDirectory } from "../main/stack";
import { readConfiguration, readFiles, readManifest } from "./image";

const annotations = { "org.opencontainers.image.source": "https://example.com/app" };
const secrets = { file: "of a file", variable: "of a variable", value: "of the program" };

describe("arguments of docker-build", function () {
  this.timeout(300_000);
  let machines: Machines;
  let stack: Stack;
  let agent: HostProcess;
  let files: Record<string, string>;
  let output: string;
  let ref: string;

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots", "skopeo", "ssh"]);
    machines = await getMachines();
    const folder = temporaryDirectory("arguments");
    const socket = path.join(folder, "agent.sock");
    agent = await startAgent(folder, socket);
    fs.writeFileSync(path.join(folder, "token"), secrets.file, { mode: 0o600 });
    stack = await Stack.create(spec(folder, socket), {
      environment: { ...trusting(machines.registry), TOKEN: secrets.variable },
    });
    stack.write("app/docker/Dockerfile", dockerfile(await getDebianImage()));
    stack.write("app/greeting", "hello\n");
    stack.write("shared/word", "named\n");
    const up = await stack.up();
    output = up.output;
    assert.equal(up.code, 0, output);
    // A tag and a digest at once is nothing that skopeo takes.
    ref = (await stack.outputs<{ app: { ref: string } }>()).app.ref.replace(":1@", "@");
    files = await readFiles(machines.registry, ref);
  });

  after(() => agent?.stop());

  function spec(folder: string, socket: string) {
    const image = {
      context: { location: "./app", named: { shared: { location: "./shared" } } },
      dockerfile: { location: "./app/docker/Dockerfile" },
      platforms: ["linux/amd64"],
      tags: [`${machines.registry.host}/arguments:1`],
      push: false,
      exports: [{ image: { push: true, annotations } }],
      labels: { "org.opencontainers.image.title": "an application", "com.example.team": "build" },
      buildArgs: { VERSION: "1.2.3" },
      target: "app",
      addHosts: ["other.example:203.0.113.7"],
      network: "none",
      secrets: { file: `secret:${folder}/token`, variable: "env:TOKEN", value: secrets.value },
      ssh: [{ id: "default", paths: [socket] }],
    };
    return { builder: { nodes: [machines.amd64.remoteNode()] }, images: { app: image } };
  }

  it("recipe 8: labels are in the image's configuration", async () => {
    const { config } = await readConfiguration(machines.registry, ref);
    assert.deepEqual(config.Labels, {
      "org.opencontainers.image.title": "an application",
      "com.example.team": "build",
    });
  });

  it("recipe 8: annotations are in the manifest", async () => {
    const manifest = await readManifest(machines.registry, ref);
    assert.deepEqual(manifest.annotations, annotations);
  });

  it("recipe 8: build arguments reach the steps, and the target is the last stage that is built", () => {
    assert.equal(files["version"], "1.2.3\n");
    assert.doesNotMatch(output, /RUN false/);
  });

  it("recipe 8: the Dockerfile may lie elsewhere, and a named context is a folder beside the context", () => {
    assert.equal(files["greeting"], "hello\n");
    assert.equal(files["word"], "named\n");
  });

  it("recipe 8: addHosts is in /etc/hosts of each step", () => {
    assert.match(files["hosts"], /^203\.0\.113\.7\s+other\.example$/m);
  });

  it('recipe 8: with network "none" a step has no interface but its loopback', () => {
    assert.deepEqual(files["interfaces"].match(/^ *\w+(?=:)/gm)?.map((name) => name.trim()) ?? ["lo"], ["lo"]);
  });

  it("recipe 8: secrets of a file, of a variable and of the program reach the steps, and no log, state or image", async () => {
    for (const [name, value] of Object.entries(secrets)) {
      assert.equal(files[`secrets/${name}`].split(" ")[0], crypto.createHash("sha256").update(value).digest("hex"));
    }
    const isTold = (value: string) =>
      output.includes(value) || Object.values(files).some((text) => text.includes(value));
    assert.deepEqual(Object.values(secrets).filter(isTold), []);
    const kept = stack.stateText();
    // What a program writes in clear is in clear in the state, too: a secret comes from pulumi.secret or the config.
    assert.deepEqual(
      [secrets.file, secrets.variable].filter((value) => kept.includes(value)),
      [],
    );
    const image = JSON.stringify(await readConfiguration(machines.registry, ref));
    assert.deepEqual(
      Object.values(secrets).filter((value) => image.includes(value)),
      [],
    );
  });

  it("recipe 8: ssh forwards the caller's agent to the steps that ask for it", () => {
    assert.equal(files["keys"], "1 tests of forwarding\n");
  });

  it("recipe 8: a second up finds nothing changed", async () => {
    const again = await stack.up();
    assert.equal(again.code, 0, again.output);
    assert.doesNotMatch(again.output, /updated|created|is awake/);
  });

  async function startAgent(folder: string, socket: string): Promise<HostProcess> {
    const key = path.join(folder, "key");
    await execute(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "tests of forwarding", "-f", key]);
    const started = startProcess(machines.run, ["ssh-agent", "-D", "-a", socket], { log: path.join(folder, "log") });
    const add = ["sh", "-euc", 'until [ -S "$SSH_AUTH_SOCK" ]; do sleep 0.1; done; ssh-add -q "$1"', "sh", key];
    await execute(add, { env: { ...process.env, SSH_AUTH_SOCK: socket }, timeoutMilliseconds: 30_000 });
    return started;
  }
});

// Asks for the agent's keys as ssh-add does, in 11 bytes: https://datatracker.ietf.org/doc/html/draft-miller-ssh-agent
const askAgent = `
use strict;
socket(my $agent, 1, 1, 0) or die;
connect($agent, pack("Sa*", 1, $ENV{SSH_AUTH_SOCK})) or die;
syswrite($agent, pack("NC", 1, 11));
sysread($agent, my $head, 4);
my $body = "";
while (length($body) < unpack("N", $head)) { sysread($agent, $body, 65536, length($body)) or die; }
my ($type, $count, $key, $comment) = unpack("CN(N/a*)(N/a*)", $body);
print "$count $comment\\n";
`;

const dockerfile = (base: string) => `FROM ${base} AS build
ARG VERSION
WORKDIR /out
RUN echo "$VERSION" > version && cp /etc/hosts hosts && cat /proc/net/dev > interfaces
COPY greeting .
COPY --from=shared word .
RUN --mount=type=secret,id=file --mount=type=secret,id=variable --mount=type=secret,id=value \\
  mkdir secrets && for name in file variable value; do sha256sum /run/secrets/$name > secrets/$name; done
COPY <<'PERL' /ask
${askAgent}
PERL
RUN --mount=type=ssh perl /ask > keys
FROM scratch AS app
COPY --from=build /out /
FROM build AS beyond
RUN false
`;
