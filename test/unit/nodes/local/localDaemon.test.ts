import * as assert from "node:assert/strict";

import { reasonToEnd } from "../../../../components/nodes/local/run/ending";
import { buildkitdConfig, localNodeFiles } from "../../../../components/nodes/local/run/daemonFiles";
import { describeStepNetwork, stepNetworkOf } from "../../../../components/nodes/local/run/stepNetwork";

describe("the network of RUN steps on a local node", () => {
  const files = localNodeFiles("/nodes/linux-amd64", "/sockets");
  const settings = { registryMirrors: {}, insecureRegistries: [] };

  it("is a bridge of the daemon's own", () => {
    const network = stepNetworkOf(files.directory, () => []);
    assert.match(network.bridgeName, /^buildkit-[0-9a-f]{6}$/);
    assert.match(network.subnet, /^198\.19\.\d+\.0\/24$/);
    assert.deepEqual(
      stepNetworkOf(files.directory, () => []),
      network,
    );
    assert.notDeepEqual(
      stepNetworkOf("/nodes/linux-arm64", () => []),
      network,
    );
    const lines = `networkMode = "bridge"\nbridgeName = "${network.bridgeName}"\nbridgeSubnet = "${network.subnet}"\n`;
    assert.ok(buildkitdConfig(files, settings, network).includes(`[worker.oci]\nenabled = true\n${lines}gc = true`));
  });

  it("is none that another interface is in", () => {
    const { bridgeName, subnet } = stepNetworkOf(files.directory, () => []);
    const asked: string[] = [];
    const other = stepNetworkOf(files.directory, (own) => {
      asked.push(own);
      return ["127.0.0.1", subnet.replace("0/24", "1"), "fe80::1"];
    });
    assert.deepEqual(asked, [bridgeName]);
    assert.notEqual(other.subnet, subnet);
  });

  it("is the machine's where programs for another are missing, which a start tells", () => {
    assert.doesNotMatch(buildkitdConfig(files, settings), /networkMode|bridge/);
    assert.equal(describeStepNetwork([]), "");
    assert.match(describeStepNetwork(["iptables"]), /on this machine's own network.* because iptables is not on PATH$/);
    assert.match(describeStepNetwork(["a", "b"]), /because a, b are not on PATH$/);
  });
});

describe("the end of a local daemon", () => {
  const minute = 60_000;

  for (const [what, sinceActivity, sinceAnswer, idle, expected] of [
    ["a build a while ago", 4, 0, 5, undefined],
    ["no build for too long", 6, 0, 5, "idle"],
    ["never for being idle", 1000, 0, null, undefined],
    ["silent while it starts", 0, 9, 5, undefined],
    ["silent for long, which counts as busy", 0, 11, 5, "silent"],
    ["silent for long, where it is never idle", 0, 11, null, "silent"],
  ] as const) {
    it(what, () => {
      const since = { activityMilliseconds: sinceActivity * minute, answerMilliseconds: sinceAnswer * minute };
      assert.equal(reasonToEnd(since, idle), expected);
    });
  }
});
