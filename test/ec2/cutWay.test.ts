import * as assert from "node:assert/strict";

import type { BuilderArgs } from "../../components";
import { builderNameOf, meanwhile, startBuild, stepSeconds } from "../farm/builds";
import { execute, skipWithout } from "../hosts";
import { waitFor } from "../main/stack";
import { createAmd64Stack } from "./amd64";
import { destroyInAll } from "./destroy";
import { type Ec2Machines, getEc2 } from "./fixture";
import { hookCalls, instanceOf } from "./node";
import { record } from "./timings";
import { nightly } from "../tier";

const lifecycles = ["stop-when-idle", "ephemeral"] as const satisfies BuilderArgs["lifecycle"][];
/** EC2's status checks are through two minutes after a start: these are shorter. */
const minuteSeconds = 15;

/** Of whoever builds, not of the node: its packets to the node go nowhere, and all else works. */
describe("a way to a node that is cut in the middle of a build", function () {
  this.timeout(600_000);
  let ec2: Ec2Machines;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots"]);
    ec2 = await getEc2({ minuteSeconds });
  });

  afterEach(() => nft("add table inet cut_way\ndelete table inet cut_way\n"));

  const nft = (script: string) => execute(ec2.cloud.enter(["nft", "-f", "-"]), { input: script });

  /** As a firewall does. At an instance's private address, which its public one has become by then. */
  const cutWayTo = (address: string) =>
    nft(
      "table inet cut_way { chain out { type filter hook output priority filter; " +
        `ip daddr ${address} tcp dport 1234 drop; }; }\n`,
    );

  for (const lifecycle of lifecycles) {
    const trial = lifecycle === "ephemeral" ? nightly : { it };
    trial.it(
      `ends no node that EC2 reaches, says whose fault it is, and the same update is green (${lifecycle})`,
      async () => {
        const builder = { lifecycle, idleTimeoutMinutes: 40, wakeTimeoutSeconds: 240 };
        const stack = await createAmd64Stack({ name: `cut-${lifecycle}`, builder });
        const { id, up } = await startBuild(ec2.cloud, stack, "cut");
        const { privateAddress } = await instanceOf(ec2.cloud, builderNameOf(stack), "amd64");
        await ec2.cloud.forgetCalls();
        const begin = Date.now();
        await cutWayTo(privateAddress);
        const isSaid = () => /EC2's status checks reach it, and no connection from this machine does/.test(up.output());
        await meanwhile(up.done, waitFor("the sentence", isSaid, 200));
        const said = (Date.now() - begin) / 1_000;
        await nft("delete table inet cut_way\n");
        const { code, output } = await up.done;
        assert.equal(code, 0, output);
        record(
          lifecycle,
          `the way to the node is cut mid-build, and is there again once that is told (after ${Math.round(said)} s) → the same update succeeds (its step takes ${stepSeconds} s)`,
          (Date.now() - begin) / 1_000,
        );
        assert.match(output, /is silent, and is not (stopped|given up): EC2's status checks reach it/);
        assert.match(
          output,
          /the way to \S+:1234 is cut\. Fix: let this machine's network \(VPN, firewall, route\) reach/,
        );
        const calls = await hookCalls(ec2.cloud);
        assert.ok(calls.includes("DescribeInstanceStatus"), calls.join());
        const ends = calls.filter((call) => /^(Start|Stop|Run|Terminate)Instances$/.test(call));
        // An ephemeral node ends with its update.
        assert.deepEqual(ends, lifecycle === "ephemeral" ? ["TerminateInstances"] : []);
        const all = (await ec2.cloud.instances()).filter(
          ({ tags }) => tags["multi-platform-image:builder"] === builderNameOf(stack),
        );
        assert.deepEqual(
          all.map((each) => [each.id, each.boots]),
          [[id, 1]],
        );
        await destroyInAll(stack);
      },
    );
  }
});
