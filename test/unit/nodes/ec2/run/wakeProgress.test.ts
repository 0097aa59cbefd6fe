import * as assert from "node:assert/strict";

import type { RunNode } from "../../../../../components/nodes/node";
import type { Relay } from "../../../../../components/transport/relay";
import { wakeNode } from "../../../../../components/session/wakeNodes";
import type { AwsClients } from "../../../../../components/nodes/ec2/run/awsClients";
import type { Ec2Connection } from "../../../../../components/nodes/ec2/connection";
import { Instances } from "../../../../../components/nodes/ec2/run/instances";
import { ec2RunNode } from "../../../../../components/nodes/ec2/run/kept/keptNode";
import { createAuthority } from "../../../../hosts";

const node: RunNode = {
  name: "arm64",
  platform: "linux/arm64",
  address: "EC2 instance i-1",
  wake: () => Promise.resolve({ waitingFor: "instance i-1 to start (pending)" }),
};
const relay = { point: () => undefined } as unknown as Relay;

describe("what is told while a node is waited for", function () {
  this.timeout(30_000);

  it("is what for, how long by now and at most, and how long it took last time and usually takes", async () => {
    const told: string[] = [];
    const usual = () => "a new EC2 instance boots in about 26 s";
    const tell = (message: string) => void told.push(message);
    const waits = [
      wakeNode({ ...node, usual }, relay, 5, tell),
      wakeNode({ ...node, usual }, relay, 5, tell, false, 38.2),
      wakeNode(node, relay, 5, tell, false, 38.2),
    ];
    await Promise.all(waits.map((each) => assert.rejects(each, /did not answer within 5 s/)));
    assert.deepEqual(
      told.map((each) => /^waiting for node arm64, 3 s of at most 5 s \((.*)\): instance i-1 to start/.exec(each)?.[1]),
      [
        "a new EC2 instance boots in about 26 s",
        "38 s last time; a new EC2 instance boots in about 26 s",
        "38 s last time",
      ],
    );
  });

  it("is how long EC2 takes for a new instance, and nothing of one that has run for long", async () => {
    const client = await (await createAuthority()).issueClient();
    let LaunchTime = new Date();
    const answer = () => ({
      Reservations: [{ Instances: [{ InstanceId: "i-1", State: { Name: "pending" }, LaunchTime }] }],
    });
    const ec2 = { describeInstances: () => Promise.resolve(answer()) };
    const clients = () => Promise.resolve({ ec2, arn: () => "", identity: "" } as unknown as AwsClients);
    const connection = {
      builderName: "b",
      wakeTimeoutSeconds: 60,
      tls: { ca: "", cert: client.certificate, key: client.key },
      nodes: [{ name: "arm64", platform: "linux/arm64", instanceId: "i-1" }],
    } as unknown as Ec2Connection;
    const usual = async () => {
      const instances = new Instances(connection, clients);
      const made = ec2RunNode({ connection, node: connection.nodes[0], instances, clients } as never);
      await made.wake(() => undefined);
      return made.usual?.();
    };
    assert.equal(await usual(), "a new EC2 instance boots in about 26 s, then fetches packages and BuildKit");
    LaunchTime = new Date(Date.now() - 3_600_000);
    assert.equal(await usual(), undefined);
  });
});
