import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";

import { register, type RegisteredNode, remoteRegistration } from "../../../components/session/registration";
import { Relay } from "../../../components/transport/relay";
import { clean } from "../../../components/cli/clean";
import { configDirectory, ownHolder, readHolder, writeCertificates } from "../../../components/nodes/ownFiles";
import { directName, ownRegistration } from "../../../components/cli/registrations";
import { socketDirectory } from "../../../components/support/socketFolders";

const builderName = "builders-1a2b3c4d";

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) {
    delete process.env[name];
  } else {
    process.env[name] = value;
  }
}

describe("files of the command line", () => {
  const touched = ["HOME", "TMPDIR", "XDG_CONFIG_HOME", "BUILDX_CONFIG", "DOCKER_CONFIG"];
  const before = touched.map((name) => process.env[name]);
  let home: string;

  beforeEach(() => {
    home = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-cli-"));
    touched.forEach((name) => setVariable(name, undefined));
    Object.assign(process.env, { HOME: home, TMPDIR: home });
  });

  afterEach(() => {
    touched.forEach((name, at) => setVariable(name, before[at]));
    fs.rmSync(home, { recursive: true });
  });

  const inHome = () =>
    fs
      .readdirSync(home, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => path.relative(home, path.join(entry.parentPath, entry.name)))
      .sort();

  const direct = (): string => {
    const driverOptions = writeCertificates(builderName, {
      ...{ ca: "the ca", cert: "the cert", key: "the key" },
      serverName: "node.multi-platform-image.internal",
    });
    const nodes: RegisteredNode[] = [
      { name: "arm64", platform: "linux/arm64", endpoint: "tcp://54.214.0.1:1234", driverOptions },
      { name: "amd64", platform: "linux/amd64", endpoint: "tcp://[2600:1f18::1]:1234", driverOptions },
    ];
    return remoteRegistration(directName(builderName), nodes);
  };

  it("are the certificate and its key, for this user alone", () => {
    direct();
    const folder = path.join(home, ".config/multi-platform-image/certificates", builderName);
    assert.deepEqual(fs.readdirSync(folder).sort(), ["ca.pem", "cert.pem", "key.pem"]);
    assert.equal(fs.readFileSync(path.join(folder, "key.pem"), "utf8"), "the key");
    assert.equal(fs.statSync(path.join(folder, "key.pem")).mode & 0o777, 0o600);
    for (let each = folder; each !== home && !each.endsWith(".config"); each = path.dirname(each)) {
      assert.equal(fs.statSync(each).mode & 0o777, 0o700);
    }
  });

  // That it is what `buildx create` writes is shown in test/ec2/cli.test.ts.
  it("register a builder by its nodes' addresses, with options of the driver", () => {
    const folder = path.join(home, ".config/multi-platform-image/certificates", builderName);
    const [arm64, amd64] = (JSON.parse(direct()) as { Nodes: unknown[] }).Nodes;
    assert.deepEqual(arm64, {
      Name: "arm64",
      Endpoint: "tcp://54.214.0.1:1234",
      Platforms: [{ architecture: "arm64", os: "linux" }],
      DriverOpts: {
        cacert: `${folder}/ca.pem`,
        cert: `${folder}/cert.pem`,
        key: `${folder}/key.pem`,
        servername: "node.multi-platform-image.internal",
      },
      Flags: null,
      Files: null,
    });
    assert.equal((amd64 as { Endpoint: string }).Endpoint, "tcp://[2600:1f18::1]:1234");
  });

  for (const name of ["../../../x-1a2b3c4d", "..", "/etc", "x"]) {
    it(`are not written for ${JSON.stringify(name)}, which is no builder's name`, () => {
      assert.throws(
        () => writeCertificates(name, { ca: "the ca", cert: "the cert", key: "the key" }),
        /is no builder's name: .* Fix: /,
      );
      assert.deepEqual(inHome(), []);
    });
  }

  it("are not written where others may write", () => {
    const folder = configDirectory();
    fs.mkdirSync(folder, { recursive: true });
    fs.chmodSync(folder, 0o777);
    assert.throws(
      () => writeCertificates("farm-1a2b3c4d", { ca: "ca", cert: "cert", key: "key" }),
      /may be written to by all users \(mode 777\): nothing is kept there\. Fix: remove it, or set XDG_CONFIG_HOME/,
    );
    assert.throws(() => ownHolder(), /may be written to by all users/);
    assert.deepEqual(fs.readdirSync(folder), []);
    fs.chmodSync(folder, 0o700);
    assert.match(ownHolder(), /^[0-9a-f]{8}$/);
  });

  it("hold one name for this machine", () => {
    assert.equal(readHolder(), undefined);
    const holder = ownHolder();
    assert.match(holder, /^[0-9a-f]{8}$/);
    assert.deepEqual([ownHolder(), readHolder()], [holder, holder]);
  });

  it("tell our registrations from those of others", () => {
    const name = directName(builderName);
    assert.deepEqual(ownRegistration(name, direct()), { name, builderName, kind: "direct", sockets: [] });
    const socket = `${socketDirectory("key")}/arm64.sock`;
    const platform = "linux/arm64";
    const relay = remoteRegistration(builderName, [{ name: "arm64", platform, endpoint: `unix://${socket}` }]);
    assert.deepEqual(ownRegistration(builderName, relay), {
      name: builderName,
      builderName,
      kind: "relay",
      sockets: [socket],
    });
    assert.deepEqual(ownRegistration(name, relay), { name, builderName, kind: "direct", sockets: [socket] });
    // A node set of the builder is the builder's.
    for (const suffix of ["-2", "-index", "-2-index"]) {
      assert.equal(ownRegistration(`${builderName}${suffix}`, relay)?.builderName, builderName);
    }
    const others = [
      remoteRegistration("b", [{ name: "arm64", platform, endpoint: "tcp://10.0.0.1:1234" }]),
      remoteRegistration("b", [{ name: "arm64", platform, endpoint: "unix:///run/buildkit/buildkitd.sock" }]),
      remoteRegistration("b-direct", [
        { name: "arm64", platform, endpoint: "tcp://10.0.0.1:1234", driverOptions: { cacert: "/home/me/ca.pem" } },
      ]),
      '{"Name":"b","Driver":"docker-container","Nodes":[]}',
      "{",
    ];
    assert.deepEqual(
      others.map((text) => ownRegistration("b-direct", text)),
      others.map(() => undefined),
    );
  });

  describe("are cleaned", () => {
    const theirs = JSON.stringify({ Name: "theirs", Driver: "remote", Nodes: [], Dynamic: false });

    /** A builder whose relay is in this process. */
    async function relayed(name: string): Promise<void> {
      const relay = new Relay(name, ["arm64"]);
      await relay.claim();
      const endpoint = relay.registeredEndpoint("arm64");
      register(name, remoteRegistration(name, [{ name: "arm64", platform: "linux/arm64", endpoint }]));
    }

    function dead(name: string): void {
      const directory = socketDirectory(name);
      fs.symlinkSync(path.join(directory, "arm64.00000000.sock"), path.join(directory, "arm64.sock"));
      const endpoint = `unix://${directory}/arm64.sock`;
      register(name, remoteRegistration(name, [{ name: "arm64", platform: "linux/arm64", endpoint }]));
    }

    it("of one builder", async () => {
      register("theirs", theirs);
      register(directName(builderName), direct());
      dead(builderName);
      dead("other-00000000");
      const text = await clean({ builder: "builders" });
      assert.deepEqual(text.split("\n"), [
        `removed builder ${builderName} (relay) from buildx's store`,
        `removed builder ${builderName}-direct (direct) from buildx's store`,
        `removed ${home}/.config/multi-platform-image/certificates/${builderName}`,
        "",
      ]);
      const other = path.relative(home, path.join(socketDirectory("other-00000000"), "arm64.sock"));
      assert.deepEqual(
        inHome(),
        [".docker/buildx/instances/other-00000000", ".docker/buildx/instances/theirs", other].sort(),
      );
      assert.equal(await clean({ builder: "builders" }), "Nothing to remove.\n");
    });

    it("of all that is dead or ours, and of nothing else", async () => {
      register("theirs", theirs);
      register(directName(builderName), direct());
      ownHolder();
      dead("other-00000000");
      await relayed("busy-00000000");
      const text = await clean({});
      assert.match(text, /^kept builder busy-00000000: a `pulumi up` that runs now uses it$/m);
      assert.match(text, /^removed builder other-00000000 \(relay\)/m);
      const left = inHome();
      assert.deepEqual(
        left.filter((file) => !file.startsWith("mpi-")),
        [".docker/buildx/instances/busy-00000000", ".docker/buildx/instances/theirs"],
      );
      assert.equal(left.length, 5, "the link and the two sockets of the relay that lives");
    });

    it("without a socket that somebody listens on", async () => {
      const directory = socketDirectory("local");
      const server = net.createServer();
      await new Promise<void>((resolve) => server.listen(path.join(directory, "buildkitd.sock"), resolve));
      assert.equal(await clean({}), "Nothing to remove.\n");
      assert.ok(fs.existsSync(path.join(directory, "buildkitd.sock")));
      server.close();
    });
  });
});
