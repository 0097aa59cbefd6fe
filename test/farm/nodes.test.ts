import * as assert from "node:assert/strict";
import * as crypto from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { EC2 } from "@aws-sdk/client-ec2";
import { SSM } from "@aws-sdk/client-ssm";

import {
  coldClaim,
  type Ec2Connection,
  type Ec2EphemeralNode,
  type Lease,
  parameterNames,
} from "../../components/nodes/ec2/connection";
import { fleetRequest, launchSteps } from "../../components/nodes/ec2/run/ephemeral/fleet";
import { destroyInAll } from "../ec2/destroy";
import { buildkitRelease, createStack, type Ec2Machines, getBaseImage, getEc2 } from "../ec2/fixture";
import { waitForSleep, waitForState } from "../ec2/node";
import { createAuthority, skipWithout } from "../hosts";
import { type Stack, waitFor } from "../main/stack";

const inAnHour = () => Math.ceil(Date.now() / 1_000) + 3_600;

// Instances are launched as hooks do it, and then left to themselves: what follows is all their own doing.
describe("an ephemeral node, by itself", function () {
  this.timeout(600_000);
  let ec2: Ec2Machines;
  let client: EC2;
  let ssm: SSM;
  let stack: Stack;
  let builderName: string;
  let node: Ec2EphemeralNode;
  let base: string;
  /** The one with the cache volume, the one without, and the one that nobody claims. */
  let warm: string;
  let cold: string;
  let idle: string;
  /** A console is not kept for long after its instance. */
  let lastWords: Promise<void>;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots", "skopeo"]);
    ec2 = await getEc2();
    base = await getBaseImage();
    [client, ssm] = [new EC2(ec2.cloud.client), new SSM(ec2.cloud.client)];
    stack = await createStack({
      builder: {
        nodes: [{ kind: "ec2", platform: "linux/amd64" }],
        lifecycle: "ephemeral",
        idleTimeoutMinutes: 1,
        ec2: { buildkit: await buildkitRelease(), ingress: { from: "caller", address: ec2.cloud.vpc.callerAddress } },
      },
      images: {},
    });
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    ({ builderName } = await stack.outputs<{ builderName: string }>());
    const text = await readParameter(parameterNames.connection(builderName));
    [node] = (JSON.parse(text) as Ec2Connection).ephemeralNodes;
    [warm, cold, idle] = await Promise.all([launch("spot"), launch("on-demand"), launch("on-demand")]);
    await writeLease({
      "up-00000001": inAnHour(),
      [warm]: inAnHour(),
      [cold]: inAnHour(),
      [coldClaim(cold)]: inAnHour(),
      [coldClaim(idle)]: inAnHour(),
    });
    lastWords = says(idle, /the node stops: it was idle for 1 minutes/, 300);
    lastWords.catch(() => undefined);
  });

  after(() => destroyInAll(stack));

  it("waits for its volume until it is told to go without it", async () => {
    await says(cold, /buildkitd ready at/);
    assert.match(await ec2.cloud.console(cold), /cold cache: the volume vol-\w+ is not for this node/);
    assert.deepEqual(await mounted(cold), []);
    await says(warm, /BuildKit verified at/);
    assert.doesNotMatch(await ec2.cloud.console(warm), /cold cache|cache ready|buildkitd ready/);
    await client.attachVolume({ InstanceId: warm, VolumeId: node.cacheVolume.id, Device: "/dev/sdf" });
    await says(warm, /buildkitd ready at/);
    assert.match((await mounted(warm)).join(), / \/var\/lib\/buildkit ext4 /);
  });

  it("stays without it when it prepares itself again", async () => {
    await shell(cold, "systemctl restart multi-platform-image-prepare");
    const isOver = async () =>
      (await shell(cold, "systemctl is-active multi-platform-image-prepare || true")) !== "active\n";
    await waitFor("the preparation", isOver, 60);
    assert.equal(await shell(cold, "systemctl show -p Result --value multi-platform-image-prepare"), "success\n");
    assert.deepEqual(await mounted(cold), []);
  });

  it("lets nobody in with a certificate that was revoked, and cuts what was let in before", async () => {
    const tls = parameterNames.tls(builderName, "amd64");
    const before = await readParameter(tls);
    const authority = await createAuthority("another");
    const server = await authority.issueServer({ names: ["node.multi-platform-image.internal"] });
    const ca = authority.certificate;
    const cut = assert.rejects(startBuild(cold, 21), /Unavailable/);
    await waitForSleep(ec2.cloud, cold, 21);
    const daemon = await mainProcess(cold);
    const Value = JSON.stringify({ ca, cert: server.certificate, key: server.key });
    await ssm.putParameter({ Name: tls, Value, Overwrite: true });
    await readAgain(cold);
    await says(cold, /all certificates were revoked: those in their place are applied now/);
    await cut;
    await waitFor("another daemon", async () => !["0\n", daemon].includes(await mainProcess(cold)), 60);
    assert.equal((await shell(cold, "cat /run/multi-platform-image/tls/ca.pem")).trim(), ca.trim());
    await ssm.putParameter({ Name: tls, Value: before, Overwrite: true });
  });

  it("takes no more work once AWS reclaims it, ends what it has, and is gone before AWS takes it", async () => {
    const build = startBuild(warm, 22);
    await waitForSleep(ec2.cloud, warm, 22);
    const begin = Date.now();
    await ec2.cloud.spotNotice(warm, 110);
    await says(warm, /the node stops: AWS reclaims the node at 20\d\d-\d\d-\d\dT[\d:]+Z/);
    const noticed = (Date.now() - begin) / 1_000;
    const listens = () => shell(warm, "ss -Htln 'sport = :1234'");
    await waitFor("the port to close", async () => (await listens()) === "", 20);
    const closed = (Date.now() - begin) / 1_000;
    await build;
    const built = (Date.now() - begin) / 1_000;
    await waitForState(ec2.cloud, warm, "terminated", 120);
    const ended = (Date.now() - begin) / 1_000;
    console.log(
      `      noticed after ${noticed} s, port closed ${closed} s, build done ${built} s, terminated ${ended} s`,
    );
    assert.ok(ended < 105, `it took ${ended} s`);
    const said = (await ec2.cloud.console(warm)).split("multi-platform-image: the node stops")[1];
    assert.doesNotMatch(said, /failed:/);
  });

  it("powers off when nobody claims it, whoever claims others, and is terminated", async () => {
    await lastWords;
    await waitForState(ec2.cloud, idle, "terminated", 60);
    assert.equal(await stateOf(cold), "running");
  });

  it("powers off when its builder is destroyed, after what it builds", async () => {
    // Long enough for a busy machine to come to the question below before it ends.
    const build = startBuild(cold, 50);
    await waitForSleep(ec2.cloud, cold, 50);
    await ssm.deleteParameter({ Name: parameterNames.settings(builderName, "amd64") });
    await readAgain(cold);
    await sleep(18_000);
    assert.doesNotMatch(await ec2.cloud.console(cold), /the node stops/);
    await build;
    const begin = Date.now();
    await says(cold, /the node stops: its builder is gone/);
    await waitForState(ec2.cloud, cold, "terminated", 60);
    console.log(`      terminated ${(Date.now() - begin) / 1_000} s after its build`);
  });

  /** Of a profile that was just made, EC2 knows a little later. */
  async function launch(capacityType: Ec2EphemeralNode["capacityType"]): Promise<string> {
    let id: string | undefined;
    await waitFor(
      "a launch",
      async () => {
        const request = fleetRequest(node, launchSteps(node)[0], capacityType, crypto.randomUUID());
        const { Instances } = await client.createFleet(request);
        id = Instances?.[0]?.InstanceIds?.[0];
        return id !== undefined;
      },
      60,
    );
    return id!;
  }

  async function writeLease(lease: Lease): Promise<void> {
    const Name = parameterNames.lease(builderName);
    await ssm.putParameter({ Name, Value: JSON.stringify(lease), Overwrite: true });
  }

  async function readParameter(Name: string): Promise<string> {
    const { Parameter } = await ssm.getParameter({ Name, WithDecryption: true });
    return Parameter!.Value!;
  }

  const shell = (id: string, script: string): Promise<string> => ec2.cloud.run(id, ["bash", "-c", script]);

  const stateOf = async (id: string) => (await ec2.cloud.instances()).find((each) => each.id === id)?.state;

  const mainProcess = (id: string) => shell(id, "systemctl show -p MainPID --value buildkit");

  /** In place of waiting for the minute to be over. */
  const readAgain = (id: string) => shell(id, "systemctl restart multi-platform-image-watch");

  async function mounted(id: string): Promise<string[]> {
    return (await shell(id, "grep ' /var/lib/buildkit ' /proc/mounts || true")).split("\n").filter(Boolean);
  }

  async function says(id: string, what: RegExp, seconds = 120): Promise<void> {
    await waitFor(`${id} to say ${what}`, async () => what.test(await ec2.cloud.console(id)), seconds);
  }

  /** A build on the node itself, apart from any caller. */
  async function startBuild(id: string, seconds: number): Promise<void> {
    const buildctl = "/opt/buildkit/current/buildctl --addr unix:///run/buildkit/buildkitd.sock";
    const said = await shell(
      id,
      `folder=$(mktemp -d) && printf 'FROM ${base}\\nRUN sleep ${seconds}\\n' > $folder/Dockerfile
${buildctl} build --no-cache --progress=plain --frontend dockerfile.v0 --local context=$folder --local dockerfile=$folder 2>&1`,
    );
    assert.match(said, /DONE/);
  }
});
