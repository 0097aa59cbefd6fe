import * as assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { EC2, type RunInstancesCommandInput } from "@aws-sdk/client-ec2";

import type { Endpoint } from "../../components/transport/endpoint";
import type { RunNode, Waiting } from "../../components/nodes/node";
import type { Progress } from "../../components/support/progress";
import type { Ec2Connection } from "../../components/nodes/ec2/connection";
import { nodeServerName } from "../../components/nodes/daemonAddress";
import { ec2Session } from "../../components/nodes/ec2/run/open";
import { type Cloud, startCloud } from "../cloud/cloud";
import { createAuthority, createNetwork, openRun, skipWithout, type TestRun } from "../hosts";

describe("waking a node on EC2", () => {
  let run: TestRun;
  let cloud: Cloud;
  let ec2: EC2;
  let tls: Ec2Connection["tls"];
  const told: string[] = [];
  const progress: Progress = (message) => void told.push(message);

  before(async function () {
    this.timeout(600_000); // The first run on a machine makes the emulator.
    skipWithout(this, ["namespaces"]);
    run = openRun();
    const authority = await createAuthority();
    const client = await authority.issueClient();
    tls = { ca: authority.certificate, cert: client.certificate, key: client.key };
    const delays = { pending: 0.5, stopping: 0.5 };
    cloud = await startCloud(run, await createNetwork(run), authority, { machines: false, delays });
    run.onClose(() => cloud.stop());
    ec2 = new EC2(cloud.client);
  });

  beforeEach(() => void (told.length = 0));

  afterEach(() => cloud.faults());

  after(() => run?.close());

  async function launch(options: Partial<RunInstancesCommandInput> = {}): Promise<string> {
    const image = cloud.images.find(({ architecture }) => architecture === "arm64")!;
    const { Instances } = await ec2.runInstances({
      ImageId: image.id,
      InstanceType: "c8g.xlarge",
      MinCount: 1,
      MaxCount: 1,
      ...options,
    });
    return Instances![0].InstanceId!;
  }

  async function stopped(): Promise<string> {
    const id = await launch();
    await reaches(id, "running");
    await ec2.stopInstances({ InstanceIds: [id] });
    await reaches(id, "stopped");
    return id;
  }

  async function reaches(id: string, state: string): Promise<void> {
    const isThere = async () => (await cloud.instances()).find((each) => each.id === id)?.state === state;
    while (!(await isThere())) {
      await sleep(50);
    }
  }

  function nodes(ids: string[], changes: Partial<Ec2Connection> = {}): RunNode[] {
    const { endpoint, credentials, region } = cloud.client;
    const connection: Ec2Connection = {
      builderName: "builder",
      accountId: "123456789012",
      region,
      vpcCidr: "10.0.0.0/16",
      securityGroupId: "",
      ingress: { from: "vpc" },
      addressing: "public",
      wakeTimeoutSeconds: 60,
      tls,
      nodes: ids.map((instanceId, at) => ({ name: `arm64-${at}`, platform: "linux/arm64", instanceId })),
      ephemeralNodes: [],
      ...changes,
    };
    const { accessKeyId, secretAccessKey } = credentials;
    const endpoints = { ec2: endpoint, ssm: endpoint, sts: endpoint };
    return ec2Session(connection, { accessKey: accessKeyId, secretKey: secretAccessKey, endpoints }).nodes;
  }

  /** Wakes as hooks do, until there is an address. Says what was waited for. */
  async function wake(node: RunNode): Promise<{ endpoint: Endpoint; waited: string[] }> {
    const waited: string[] = [];
    for (;;) {
      const answer: Endpoint | Waiting = await node.wake(progress);
      if (!("waitingFor" in answer)) {
        return { endpoint: answer, waited };
      }
      waited.push(answer.waitingFor);
      await sleep(200);
    }
  }

  const operations = async () => (await cloud.calls()).map(({ operation }) => operation);

  it("asks about one that runs, and nothing else", async () => {
    const ids = [await launch(), await launch()];
    await Promise.all(ids.map((id) => reaches(id, "running")));
    const pair = nodes(ids);
    await Promise.all(pair.map((node) => node.wake(progress)));
    await cloud.forgetCalls();
    await sleep(600);
    const endpoints = await Promise.all(pair.map((node) => node.wake(progress)));
    assert.deepEqual(await operations(), ["DescribeInstances"]);
    const { publicAddress } = (await cloud.instances()).find(({ id }) => id === ids[1])!;
    const expected = {
      kind: "tcp",
      host: publicAddress,
      port: 1234,
      tls: { ...tls, serverName: nodeServerName },
      builderName: "builder",
    };
    assert.deepEqual(endpoints[1], expected);
    assert.deepEqual(told, []);
  });

  it("starts one that is stopped, once, and says so", async () => {
    const id = await stopped();
    await cloud.forgetCalls();
    const { waited } = await wake(nodes([id])[0]);
    assert.equal((await operations()).filter((operation) => operation === "StartInstances").length, 1);
    assert.deepEqual(told, [`starting node arm64-0 (${id})`]);
    assert.ok(waited.some((each) => each.includes("to start (pending)")));
  });

  it("waits for one that is stopping, and starts it again", async () => {
    const id = await launch();
    await reaches(id, "running");
    await ec2.stopInstances({ InstanceIds: [id] });
    const { waited } = await wake(nodes([id])[0]);
    assert.match(waited[0], /to stop, so that it can be started again/);
    await reaches(id, "running");
  });

  it("finds the address that is asked for, or says what to do", async () => {
    const id = await launch();
    await reaches(id, "running");
    const { privateAddress } = (await cloud.instances()).find((each) => each.id === id)!;
    const { endpoint } = await wake(nodes([id], { addressing: "private" })[0]);
    assert.equal(endpoint.kind === "tcp" && endpoint.host, privateAddress);
    await assert.rejects(wake(nodes([id], { addressing: "ipv6" })[0]), /runs without an IPv6 address\. Fix: /);
  });

  it("fails at once for one that is terminated", async () => {
    const id = await launch();
    await ec2.terminateInstances({ InstanceIds: [id] });
    await reaches(id, "terminated");
    await assert.rejects(
      wake(nodes([id])[0]),
      /node arm64-0 \(i-\w+\) is terminated \(Client\.UserInitiatedShutdown.*\)\. Fix: run `pulumi up --refresh`/,
    );
  });

  it("fails after some seconds for one that EC2 does not know, beside one that it knows", async () => {
    const id = await launch();
    const [known, unknown] = nodes([id, "i-0123456789abcdef0"]);
    await wake(known);
    await assert.rejects(wake(unknown), /node arm64-1 \(i-0123456789abcdef0\) is not there\. Fix: /);
  });

  for (const [code, words] of [
    ["InsufficientInstanceCapacity", /AWS has no free c8g\.xlarge in us-east-1\w now.*Fix: try again later/],
    ["VcpuLimitExceeded", /the quota "Running On-Demand Standard .*" \(L-1216C47A\) in us-east-1.*Fix: ask for more/],
    ["UnauthorizedOperation", /ec2:StartInstances on arn:aws:ec2:us-east-1:123456789012:instance\/i-\w+ by arn:/],
  ] as const) {
    it(`explains ${code}`, async () => {
      const id = await stopped();
      await cloud.faults({ operation: "StartInstances", code, message: "It can't be." });
      await assert.rejects(wake(nodes([id])[0]), words);
    });
  }

  it("waits while AWS is throttled or down", async () => {
    const id = await launch();
    await reaches(id, "running");
    const [node] = nodes([id]);
    await wake(node);
    await cloud.faults({
      operation: "DescribeInstances",
      code: "RequestLimitExceeded",
      message: "Slow down.",
      count: 5,
    });
    await sleep(600);
    const { waited } = await wake(node);
    assert.ok(waited.every((each) => each.includes("RequestLimitExceeded")));
  });

  it("says before anything else that the client's certificate is of no use", async () => {
    const expired = { ...tls, cert: "none" };
    await assert.rejects(wake(nodes(["i-0123456789abcdef0"], { tls: expired })[0]), /`tls\.cert`/);
  });

  it("diagnoses with all that EC2 knows", async () => {
    const id = await launch();
    await reaches(id, "running");
    const diagnosis = await nodes([id])[0].diagnose!();
    assert.match(diagnosis!, new RegExp(`EC2 says: ${id} is running since .*; status checks: .*`));
    assert.match(diagnosis!, /The end of its console:\n {2}booted i-/);
  });
});
