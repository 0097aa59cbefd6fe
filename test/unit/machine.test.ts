import * as assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { parameterNames } from "../../components/ec2/connection";
import { defaultRelease } from "../../components/nodes/ec2/archives";
import { buildkitdToml } from "../../components/nodes/ec2/buildkitdToml";
import { userData } from "../../components/nodes/ec2/userData";

const root = path.join(__dirname, "../..");
const names = (builder: string, node: string) => ({
  settings: parameterNames.settings(builder, node),
  tls: parameterNames.tls(builder, node),
  lease: parameterNames.lease(builder),
});

// Runs all of the user data but what starts services, and prints the files that it would write.
const unpack = `
import os, re, sys
text = sys.stdin.read().split("<<'PROGRAM' || {\\n")[1].split("\\nPROGRAM\\n")[0]
text = text[:text.index("    for path, text in files.items()")]
exec(text + "    print(json.dumps(files))\\nfinally:\\n    pass\\n")
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

  it("is a shell script that holds the program and its units", () => {
    assert.match(text, /^#!\/bin\/sh\n# Makes this machine a build node/);
    assert.equal(spawnSync("sh", ["-n"], { input: text }).status, 0);
    const programs = fs.readdirSync(path.join(root, "machine")).filter((name) => name.endsWith(".py"));
    const units = fs.readdirSync(path.join(root, "machine/units"));
    assert.deepEqual(
      Object.keys(files).sort(),
      [
        "/etc/multi-platform-image/parameters.json",
        ...programs.map((name) => `/usr/local/lib/multi-platform-image/machine/${name}`),
        ...units.map((name) => `/etc/systemd/system/${name}`),
      ].sort(),
    );
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
maxAge = "168h"
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

[[worker.oci.gcpolicy]]
all = true
reservedSpace = "10%"
minFreeSpace = "22%"
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
  const folder = path.join(root, "machine/tests");
  const suites = fs.readdirSync(folder).filter((name) => /^test_.*\.py$/.test(name));
  for (const suite of suites) {
    it(suite.replace(/^test_|\.py$/g, ""), () => {
      const module = `machine.tests.${suite.replace(".py", "")}`;
      const ended = spawnSync("python3", ["-B", "-m", "unittest", "--buffer", module], { cwd: root, encoding: "utf8" });
      assert.equal(ended.status, 0, ended.stderr);
      assert.doesNotMatch(ended.stderr, /Ran 0 tests/);
    });
  }
});
