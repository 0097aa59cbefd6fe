import * as assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { parameterNames } from "../../../../components/nodes/ec2/connection";
import { defaultRelease } from "../../../../components/nodes/ec2/archives";
import { base85 } from "../../../../components/nodes/ec2/declare/base85";
import { buildkitdToml } from "../../../../components/nodes/ec2/buildkitdToml";
import { userData } from "../../../../components/nodes/ec2/declare/userData";

const root = path.join(__dirname, "../../../..");
const names = (builder: string, node: string) => ({
  settings: parameterNames.settings(builder, node),
  tls: parameterNames.tls(builder, node),
  lease: parameterNames.lease(builder),
});

// Runs the user data's program up to the installation, and prints the files that this would be given.
const unpack = `
import sys
text = sys.stdin.read().split("<<'PROGRAM'")[1].split("\\n", 1)[1].split("\\nPROGRAM\\n")[0]
exec(text.replace("\\ninstall(files)", "\\nassert callable(install)\\nprint(json.dumps(files))"))
`;

describe("user data of a node", () => {
  const text = userData(names("build", "arm64"));
  const files = JSON.parse(execFileSync("python3", ["-c", unpack], { input: text, encoding: "utf8" })) as Record<
    string,
    string
  >;

  it("is under EC2's limit with the longest names that Parameter Store takes", () => {
    // 1011 characters: https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
    const longest = userData(names("b".repeat(900), "n".repeat(60)));
    assert.ok(Buffer.byteLength(longest) < 16_384, `it has ${Buffer.byteLength(longest)} bytes`);
  });

  it("is the same each time, and differs between nodes by the names of their parameters alone", () => {
    assert.equal(userData(names("build", "arm64")), text);
    assert.deepEqual(JSON.parse(files["/etc/multi-platform-image/parameters.json"]), {
      settings: "/multi-platform-image/build/nodes/arm64/settings",
      tls: "/multi-platform-image/build/nodes/arm64/tls",
      lease: "/multi-platform-image/build/lease",
    });
  });

  it("is a shell script for each boot that holds the program and its units", () => {
    assert.match(text, /^#cloud-boothook\n#!\/bin\/sh\n# Makes this machine a build node/);
    assert.equal(spawnSync("sh", ["-n"], { input: text }).status, 0);
    const programs = fs
      .readdirSync(path.join(root, "components/nodes/ec2/machine"))
      .filter((name) => name.endsWith(".py"));
    const units = fs.readdirSync(path.join(root, "components/nodes/ec2/machine/units"));
    assert.deepEqual(
      Object.keys(files).sort(),
      [
        "/etc/multi-platform-image/parameters.json",
        ...programs.map((name) => `/usr/local/lib/multi-platform-image/machine/${name}`),
        ...units.map((name) => `/etc/systemd/system/${name}`),
      ].sort(),
    );
  });

  describe("ends a machine", () => {
    const within = text.split("\n(\n")[1].split("\n) <")[0];
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-user-data-"));
    after(() => fs.rmSync(folder, { recursive: true }));

    /** Runs the shell's part after its wait, with programs of the test's own, and says what it did. */
    const run = (state: string, poweroff = "exit 0"): string[] => {
      const log = path.join(folder, "log");
      const files = within
        .replace("sleep 900\n", "")
        .replaceAll("/dev/console", log)
        .replaceAll("/proc/sysrq-trigger", log);
      assert.doesNotMatch(files, /sleep|\/dev\/|\/proc\//);
      fs.writeFileSync(log, "");
      const systemctl = `#!/bin/sh\ncase $1 in\nis-active) ${state} ;;\n*) ${poweroff} ;;\nesac\n`;
      fs.writeFileSync(path.join(folder, "systemctl"), systemctl, { mode: 0o755 });
      const appending = files.replaceAll(` >${log}`, ` >>${log}`);
      const ended = spawnSync("sh", ["-c", appending], { env: { PATH: `${folder}:${process.env.PATH}` } });
      assert.equal(ended.error, undefined);
      return fs.readFileSync(log, "utf8").split("\n").slice(0, -1);
    };

    const told = "multi-platform-image: failed: nothing watches the node, it stops";

    for (const state of ["active", "activating", "deactivating", "reloading"]) {
      it(`not while its watch is ${state}`, () => assert.deepEqual(run(`echo ${state}`), []));
    }
    for (const state of ["inactive", "failed", "unknown", ""]) {
      it(`whose watch is ${state || "not to be asked"}`, () => {
        assert.deepEqual(run(`echo ${state}`, "echo $* >> $0.log"), [told]);
        assert.equal(fs.readFileSync(path.join(folder, "systemctl.log"), "utf8"), "poweroff --force --force\n");
        fs.rmSync(path.join(folder, "systemctl.log"));
      });
    }
    it("by the kernel, where systemd fails", () => assert.deepEqual(run("echo failed", "exit 1"), [told, "o"]));
  });

  it("holds programs that Python can read, without their comments", () => {
    const programs = Object.fromEntries(Object.entries(files).filter(([name]) => name.endsWith(".py")));
    const check = "import ast, json, sys\nfor name, text in json.load(sys.stdin).items(): ast.parse(text, name)";
    const checked = spawnSync("python3", ["-c", check], { input: JSON.stringify(programs), encoding: "utf8" });
    assert.equal(checked.status, 0, checked.stderr);
    for (const [name, content] of Object.entries(programs)) assert.doesNotMatch(content, /^\s*(#|""")/m, name);
  });
});

describe("buildkitd.toml of a node", () => {
  it("is this text by default", () => {
    const toml = buildkitdToml({ registryMirrors: {}, insecureRegistries: [] });
    assert.equal(
      toml.replace(/^#.*\n/gm, ""),
      `root = "/var/lib/buildkit"

[grpc]
address = ["tcp://0.0.0.0:1234", "unix:///run/buildkit/buildkitd.sock"]

[grpc.tls]
ca = "/run/multi-platform-image/tls/ca.pem"
cert = "/run/multi-platform-image/tls/cert.pem"
key = "/run/multi-platform-image/tls/key.pem"

[cdi]
disabled = true

[history]
maxAge = "24h"
maxEntries = 100

[worker.containerd]
enabled = false

[worker.oci]
enabled = true
snapshotter = "overlayfs"
networkMode = "bridge"
bridgeName = "buildkit0"
bridgeSubnet = "192.0.2.0/24"
cniPoolSize = 4
defaultCgroupParent = "system.slice/buildkit.service"
gc = true

[[worker.oci.gcpolicy]]
filters = ["type==source.local", "type==source.git.checkout", "type==exec.cachemount"]
keepDuration = "720h"
maxUsedSpace = "30%"

[[worker.oci.gcpolicy]]
reservedSpace = "10%"
minFreeSpace = "22%"
maxUsedSpace = "100%"

[[worker.oci.gcpolicy]]
all = true
reservedSpace = "10%"
minFreeSpace = "22%"
maxUsedSpace = "100%"
`,
    );
  });

  it("has the limit, mirrors and insecure registries that are asked for", () => {
    const toml = buildkitdToml({
      maxParallelism: 4,
      registryMirrors: { "docker.io": ["mirror.example.com", "second.example.com"] },
      insecureRegistries: ["registry.example.com:5000", "docker.io"],
    });
    assert.match(toml, /^max-parallelism = 4$/m);
    assert.ok(
      toml.endsWith(`
[registry."docker.io"]
mirrors = ["mirror.example.com", "second.example.com"]
http = true

[registry."registry.example.com:5000"]
http = true
`),
    );
  });
});

describe("base85", () => {
  it("is read by Python", () => {
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, at) => (at * 167 + (at >> 3)) % 256));
    const parts = [0, 1, 2, 3, 4, 5, 999, 1000].map((length) => bytes.subarray(0, length));
    const python = "import base64, json, sys; print([base64.b85decode(text).hex() for text in json.load(sys.stdin)])";
    const input = JSON.stringify(parts.map(base85));
    const read = execFileSync("python3", ["-c", python], { input, encoding: "utf8" });
    assert.deepEqual(
      JSON.parse(read.replaceAll("'", '"')),
      parts.map((part) => part.toString("hex")),
    );
    assert.equal(base85(Buffer.alloc(4, 0xff)), "|NsC0");
  });
});

describe("BuildKit's release of a node", () => {
  it("is that of its platform", () => {
    assert.deepEqual(defaultRelease, {
      version: "0.33.1",
      archives: {
        "linux/amd64": {
          url: "https://github.com/moby/buildkit/releases/download/v0.33.1/buildkit-v0.33.1.linux-amd64.tar.gz",
          sha256: "4e044bcd62a0c0bbe6a8c94d73989de2bfe4c04dbc0f9d6021cf96b72cd1d965",
        },
        "linux/arm64": {
          url: "https://github.com/moby/buildkit/releases/download/v0.33.1/buildkit-v0.33.1.linux-arm64.tar.gz",
          sha256: "4e1ba91f139761f249a1fa6c71e632dfdbdafeda416176ecadefbb95225e56c4",
        },
      },
    });
  });
});

describe("the program of a node", () => {
  const folder = path.join(root, "components/nodes/ec2/machine/tests");
  const suites = fs.readdirSync(folder).filter((name) => /^test_.*\.py$/.test(name));
  for (const suite of suites) {
    it(suite.replace(/^test_|\.py$/g, ""), () => {
      const module = `machine.tests.${suite.replace(".py", "")}`;
      const ended = spawnSync("python3", ["-B", "-m", "unittest", "--buffer", module], {
        cwd: path.join(root, "components/nodes/ec2"),
        encoding: "utf8",
      });
      assert.equal(ended.status, 0, ended.stderr);
      assert.doesNotMatch(ended.stderr, /Ran 0 tests/);
    });
  }
});
