import * as assert from "node:assert/strict";

import { liveClaims, parseLease } from "../../components/nodes/ec2/run/claims";
import { type Ec2Connection, parameterNames } from "../../components/nodes/ec2/connection";
import { skipWithout } from "../hosts";
import { waitFor } from "../main/stack";
import { drawSeeded } from "../seed";
import { nightly, runsAll } from "../tier";
import { type AccessAccount, ingressRules, openAccessAccount } from "./accessAccount";
import { makeBuilderWithNode } from "./accessNodes";
import { killAt, runningOf, startCaller } from "./callers";

/** Of a minute of the nodes' timeouts: they are idle for one. */
const minuteSeconds = 5;
/** A claim of one that was killed holds for as long. */
const leaseSeconds = 40;
/** As many points at the same time: they wait most of their time. */
const lanes = runsAll ? 16 : 6;
const outcomes = ["before", "after"] as const;

interface Point {
  lifecycle: "kept" | "ephemeral";
  at: number;
  when: (typeof outcomes)[number];
  /** Whether the next caller comes when what the killed one left has ended, or at once; and whether it stays for long. */
  isLate: boolean;
  isLong: boolean;
}

describe("a caller that is killed at any of its calls", function () {
  this.timeout(1_500_000);
  let account: AccessAccount;

  before(async function () {
    skipWithout(this, ["namespaces"]);
    account = await openAccessAccount({ minuteSeconds, delays: { pending: 0.5, stopping: 0.5, volumeAttaching: 0.5 } });
  });

  after(() => account?.run.close());

  for (const lifecycle of ["kept", "ephemeral"] as const) {
    const trial = lifecycle === "ephemeral" ? nightly : { it };
    trial.it(`leaves nothing that runs, and the next one builds: ${lifecycle} nodes`, async () => {
      const draw = drawSeeded();
      const calls = await countCalls(lifecycle);
      const all = Array.from({ length: calls }, (_, at) => outcomes.map((when) => ({ at: at + 1, when }))).flat();
      const chosen = runsAll
        ? all
        : all.filter((_, at) => at === Math.floor(draw() * all.length) || draw() < 1 / all.length);
      const points = chosen.map((each): Point => ({ lifecycle, ...each, isLate: draw() < 0.5, isLong: draw() < 0.25 }));
      const reached: string[] = [];
      const violations: string[] = [];
      await inLanes(points, async (point) => {
        const what = await tryPoint(point).catch((error: Error) => {
          violations.push(`${JSON.stringify(point)}: ${error.message}`);
          return "failed";
        });
        reached.push(`${point.at} ${point.when} ${what}`);
      });
      console.log(
        `      ${points.length} points of ${calls} calls, ${violations.length} violations: ${reached.join(", ")}`,
      );
      assert.deepEqual(violations, []);
    });
  }

  /** How many calls a caller makes that is not killed. */
  async function countCalls(lifecycle: Point["lifecycle"]): Promise<number> {
    const connection = await makeBuilderWithNode(account, `count-${lifecycle}`, lifecycle);
    await account.cloud.halt({ agent: "app/counted", at: 1_000, when: "before" });
    const { code, output } = await (await startCaller(account, "counted", connection)).done;
    assert.equal(code, 0, output);
    const [{ count }] = await account.cloud.halts();
    await account.cloud.release("app/counted");
    return count;
  }

  async function tryPoint({ lifecycle, at, when, isLate, isLong }: Point): Promise<string> {
    const name = `${lifecycle}-${at}-${when}`;
    const connection = await makeBuilderWithNode(account, name, lifecycle);
    const reached = await killAt(account, name, connection, { at, when });
    const killed = Date.now();
    await assertSmall(connection, 1);
    if (isLate) {
      await ends(connection, killed + leaseSeconds * 1_000);
      await isOver(connection);
    }
    const next = await (await startCaller(account, `${name}-next`, connection, isLong ? 45 : 0)).done;
    assert.equal(next.code, 0, `at ${reached}, the next one: ${next.output}`);
    // The rule of one that was killed is removed by whoever comes after its claim, and stays for half a minute.
    await assertSmall(connection, isLate && isLong ? 0 : 1);
    await ends(connection, Math.max(Date.now(), killed + leaseSeconds * 1_000));
    await isOver(connection);
    return reached ?? "(over before)";
  }

  /** Nothing runs a while after whoever was there has gone. */
  async function ends(connection: Ec2Connection, since: number): Promise<void> {
    const seconds = (since - Date.now()) / 1_000 + minuteSeconds + 10;
    const { builderName } = connection;
    const isOver = async () => (await runningOf(account.cloud, builderName)).length === 0;
    await waitFor(`the end of the nodes of ${builderName}`, isOver, seconds);
  }

  /** What nobody gave up runs out. */
  async function isOver(connection: Ec2Connection): Promise<void> {
    const isSo = async () => Object.keys(await lease(connection)).length === 0;
    await waitFor(`the last claim on ${connection.builderName} to end`, isSo, leaseSeconds + 5);
  }

  async function assertSmall(connection: Ec2Connection, most: number): Promise<void> {
    const rules = await ingressRules(account.ec2, connection.securityGroupId);
    assert.ok(rules.length <= most, `${rules.length} rules where ${most} may be`);
    const text = await leaseText(connection);
    assert.ok(text.length < 1_000, `a lease of ${text.length} characters`);
  }

  async function leaseText({ builderName }: Ec2Connection): Promise<string> {
    return (await account.ssm.getParameter({ Name: parameterNames.lease(builderName) })).Parameter?.Value ?? "";
  }

  const lease = async (connection: Ec2Connection) =>
    liveClaims(parseLease(await leaseText(connection)), Date.now() / 1_000);
});

async function inLanes<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      await work(next);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
