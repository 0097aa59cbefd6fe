import * as assert from "node:assert/strict";

import { EC2Client, StartInstancesCommand } from "@aws-sdk/client-ec2";

import { pushDebianImage, waitUntil } from "../hosts";
import { skipWithout } from "../hosts/requirements";
import type { Stack } from "../main/stack";
import { nightly, trials } from "../tier";
import { type Amd64Outputs, createAmd64Stack } from "./amd64";
import { destroyInAll } from "./destroy";
import { type Ec2Machines, getEc2 } from "./fixture";
import { waitForState } from "./node";

const state = "/var/lib/buildkit";
const metadata = "169.254.169.254";

describe("what a node withstands", function () {
  this.timeout(900_000);
  let ec2: Ec2Machines;
  let stack: Stack | undefined;
  let instanceId: string;
  let base: string;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots", "skopeo"]);
    ec2 = await getEc2();
    // With bash, which opens connections by itself.
    base = await pushDebianImage(ec2.registry);
    stack = await createAmd64Stack({ name: "withstands", builder: { idleTimeoutMinutes: 60 } });
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    instanceId = (await stack.outputs<Amd64Outputs>()).nodes[0].instanceId;
  });

  after(() => destroyInAll(stack));

  const shell = (script: string): Promise<string> => ec2.cloud.run(instanceId, ["bash", "-c", script]);
  const lines = async (script: string): Promise<string[]> =>
    (await shell(script)).split("\n").filter((line) => line !== "");

  const buildctl = "/opt/buildkit/current/buildctl --addr unix:///run/buildkit/buildkitd.sock";

  /** Builds on the node itself, apart from any caller, and says what the steps printed. */
  const build = (...steps: string[]): Promise<string> => {
    const dockerfile = [`FROM ${base}`, ...steps].join("\n");
    const folders = "--local context=$folder --local dockerfile=$folder";
    return shell(`folder=$(mktemp -d) && cat > $folder/Dockerfile << 'END'
${dockerfile}
END
${buildctl} build --no-cache --progress=plain --frontend dockerfile.v0 ${folders} 2>&1`);
  };

  const ready = (): Promise<string> =>
    waitUntil("the daemon", () => shell(`${buildctl} --timeout 2 debug workers`), { timeoutMilliseconds: 60_000 });

  it("lets no RUN step reach the instance metadata, the daemon or the machine, and lets it reach the rest", async () => {
    const [own] = (await ec2.cloud.instances()).filter(({ id }) => id === instanceId);
    const unreachable = [
      `${metadata} 80`,
      `${own.privateAddress} 1234`,
      // The bridge's own address, at which the machine is the step's gateway.
      "192.0.2.1 1234",
    ];
    const registry = ec2.registry.host.split(":");
    const connect = (target: string): string => {
      const [host, port] = target.split(" ");
      return `timeout 3 bash -c "echo > /dev/tcp/${host}/${port}" 2>/dev/null && echo "reached ${host}" || echo "not ${host}"`;
    };
    const said = await build(`RUN ${[...unreachable, registry.join(" ")].map(connect).join("; ")}`);
    for (const target of unreachable) assert.match(said, new RegExp(`^#.* not ${target.split(" ")[0]}$`, "m"), said);
    assert.match(said, new RegExp(`^#.* reached ${registry[0]}$`, "m"), said);
  });

  it("lets no RUN step reach one of another build", async () => {
    const listener = [
      "socket(S, PF_INET, SOCK_STREAM, 0)",
      "bind(S, sockaddr_in(8000, INADDR_ANY))",
      "listen(S, 9)",
      'while (accept(C, S)) { exit if (<C> // "") =~ /the end/ }',
    ].join("; ");
    const listening = build(`RUN timeout 300 perl -MSocket -e '${listener}'`);
    // Where it is, in the network of its own. The machine itself gets no answer from a step.
    const inside = (command: string) => `nsenter --net --target=$(pgrep -xf "[p]erl -MSocket .*") ${command}`;
    const connect = (text: string, address: string) => `timeout 5 bash -c "echo ${text} > /dev/tcp/${address}/8000"`;
    await waitUntil("the listener", () => shell(inside(connect("look", "127.0.0.1"))), { timeoutMilliseconds: 90_000 });
    const [address] = (await shell(inside("ip -4 -o address show dev eth0"))).match(/192\.0\.2\.\d+/) ?? [];
    assert.ok(address);
    const look = (): Promise<string> => build(`RUN ${connect("look", address)} && echo reached it || echo not reached`);
    const said = await look();
    assert.match(said, /^#.* not reached$/m, said);
    // So it is the firewall, and nothing else: with br_netfilter, its rule for the way through the machine holds here, too.
    const routed = (action: string) => `iptables -t raw ${action} MULTI-PLATFORM-IMAGE -d 192.0.2.0/24 -j DROP`;
    await shell(`ebtables-nft -P FORWARD ACCEPT && ${routed("-D")}`);
    const without = await look();
    await shell(`ebtables-nft -P FORWARD DROP && ${routed("-A")}`);
    assert.match(without, /^#.* reached it$/m, without);
    await shell(inside(connect("the end", "127.0.0.1")));
    await listening;
  });

  it("does not fetch the instance metadata for a build either", async () => {
    await assert.rejects(build(`ADD http://${metadata}/latest/meta-data/ /metadata`), /failed to solve/);
  });

  it("refuses the host's network and privileges", async () => {
    await assert.rejects(build("RUN --network=host true"), /network\.host is not allowed/);
    await assert.rejects(build("RUN --security=insecure true"), /security\.insecure is not allowed/);
  });

  it("has its private key in one file for root alone, and in no process list, log or user data", async () => {
    const key = "/run/multi-platform-image/tls/key.pem";
    assert.deepEqual(await lines(`stat -c '%a %U' ${key} $(dirname ${key}); findmnt -no FSTYPE -T ${key}`), [
      "600 root",
      "700 root",
      "tmpfs",
    ]);
    // A line of the key's own, which no other PEM has; the command itself must not be found by it.
    const line = `$(sed -n 2p ${key})`;
    const folders = "/etc /opt /usr/local /var/lib/multi-platform-image /var/lib/cloud /var/log /tmp /root /run";
    const found = `pattern=$(mktemp /dev/shm/XXXXXX) && echo "${line}" > $pattern`;
    assert.deepEqual(
      await lines(`${found}; grep -rlsIF -f $pattern ${folders}; rm $pattern`),
      [key],
      "the key is in another file, too",
    );
    const elsewhere =
      "{ cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ; journalctl --no-pager; } 2>/dev/null | tr '\\0' '\\n'";
    assert.deepEqual(await lines(`${found}; ${elsewhere} | grep -cF -f $pattern; rm $pattern`), ["0"]);
  });

  it("comes back from kill -9 each time, and nothing of the killed steps is left", async () => {
    for (let kill = 0; kill < trials(5); kill += 1) {
      const cut = build("RUN sleep 987").then(
        () => assert.fail("the build outlived its daemon"),
        () => undefined,
      );
      const step = "pgrep -xf 'sleep 987'";
      await waitUntil("the step", () => shell(step), { timeoutMilliseconds: 60_000 });
      await shell("kill -9 $(systemctl show -p MainPID --value buildkit)");
      await cut;
      await ready();
      assert.deepEqual(await lines(`${step} || true`), []);
    }
    const left = [
      `find ${state}/runc-overlayfs/executor -mindepth 1 -maxdepth 1 -type d`,
      `grep ${state}/runc /proc/self/mountinfo /proc/$(systemctl show -p MainPID --value buildkit)/mountinfo || true`,
      "ls /run/runc 2>/dev/null || true",
      "find /sys/fs/cgroup/system.slice/buildkit.service/system.slice -mindepth 3 -type d 2>/dev/null || true",
    ];
    for (const script of left) assert.deepEqual(await lines(script), [], script);
    await build("RUN true");
  });

  // BuildKit mends the last two by itself.
  const databases = ["runc-overlayfs/containerdmeta.db", "runc-overlayfs/metadata_v2.db", "cache.db", "history.db"];
  for (const [at, database] of databases.entries()) {
    (at === 0 ? it : nightly.it)(`starts with an empty cache when ${database} is corrupt`, async () => {
      await shell(`systemctl stop buildkit
dd if=/dev/urandom of=${state}/${database} bs=4096 count=3 conv=notrunc 2>/dev/null
systemctl start --no-block buildkit`);
      await ready();
      await build("RUN true");
    });
  }

  it("said so on its console", async () => {
    const said = await ec2.cloud.console(instanceId);
    assert.match(said, /multi-platform-image: failed: buildkitd did not start 3 times in a row: .*invalid database/);
    assert.match(said, /multi-platform-image: the cache was put aside/);
  });

  it("mends at its next boot what a power cut left of its programs", async () => {
    const units = "/etc/systemd/system";
    await shell(`: > ${units}/multi-platform-image-watch.service
: > /usr/local/lib/multi-platform-image/machine/prepare.py
: > $(realpath /opt/buildkit/current)/buildkitd
rm ${units}/multi-user.target.wants/multi-platform-image-prepare.service`);
    await ec2.cloud.kill(instanceId);
    await waitForState(ec2.cloud, instanceId, "stopped", 60);
    await new EC2Client(ec2.cloud.client).send(new StartInstancesCommand({ InstanceIds: [instanceId] }));
    await waitForState(ec2.cloud, instanceId, "running", 60);
    await waitUntil("the daemon", ready, { timeoutMilliseconds: 120_000 });
    await build("RUN true");
    assert.equal((await shell("systemctl is-active multi-platform-image-watch")).trim(), "active");
  });

  it("ends when its watch hangs again and again", async () => {
    // The unit's own numbers, but for the watchdog's three minutes.
    await shell(`folder=/run/systemd/system/multi-platform-image-watch.service.d && mkdir -p $folder
printf '[Service]\nWatchdogSec=1s\nRestartSec=100ms\nExecStart=\nExecStart=/bin/sh -c "systemd-notify --ready; exec sleep infinity"\nNotifyAccess=all\n' > $folder/hangs.conf
systemctl daemon-reload && systemctl restart multi-platform-image-watch`);
    await waitForState(ec2.cloud, instanceId, "stopped", 90);
  });
});
