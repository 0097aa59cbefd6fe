import * as assert from "node:assert/strict";
import { mock } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { type Ec2Connection, tagNames } from "../../../../../components/nodes/ec2/connection";
import { type Ec2Session, sessionWith } from "../../../../../components/nodes/ec2/run/open";
import { Ec2Account } from "./ec2Account";
import { type CallersConnection, callersTls, ec2Connection, ephemeralNode } from "./ec2Connection";
import { minutes, pass, passUntilDone } from "./mockedTime";
import { ParameterStore } from "./parameterStore";

describe("what an update holds on EC2", () => {
  let account: Ec2Account;
  let connection: CallersConnection;
  let tls: Ec2Connection["tls"];
  const told: string[] = [];
  const progress = (message: string) => void told.push(message);

  before(async () => (tls = await callersTls()));

  beforeEach(() => {
    mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.now() });
    told.length = 0;
    [account, connection] = [new Ec2Account(), ec2Connection(tls)];
  });

  afterEach(() => mock.timers.reset());

  const open = (): Ec2Session => sessionWith(connection, () => Promise.resolve(account.clients));

  const ephemeral = (): Ec2Session => {
    connection.ephemeralNodes = [ephemeralNode];
    return open();
  };

  const kept = (state: "running" | "stopped" = "running") => {
    const id = account.addInstance({ State: { Name: state } });
    connection.nodes = [{ name: "arm64", platform: "linux/arm64", instanceId: id }];
    const { nodes, access } = open();
    return { id, node: nodes[0], access };
  };

  const holders = () => Object.keys(account.store.live).filter((name) => name.startsWith("up-"));

  describe("beside others", () => {
    it("removes a rule of a caller that was killed, and of no other", async () => {
      const [gone, own, machine] = ["0a0a0a0a", "0b0b0b0b", "0c0c0c0c"].map((holder) =>
        account.addRule(holder, new Date(Date.now() + minutes(300))),
      );
      const until = Math.floor(Date.now() / 1_000) + 3_600;
      account.store = new ParameterStore(
        JSON.stringify({ "up-0a0a0a0a": until - 7_200, "up-0b0b0b0b": until, "cli-0c0c0c0c": until }),
      );
      const { access } = open();
      await passUntilDone(access.acquire(progress));
      await pass(15);
      assert.ok(account.rules.has(gone), "one look is not enough: a claim may be lost, and come back");
      await pass(30);
      assert.deepEqual(
        [gone, own, machine].map((id) => account.rules.has(id)),
        [false, true, true],
      );
      await passUntilDone(access.release(false));
      assert.deepEqual([...account.rules.keys()], [own, machine]);
    });

    it("removes a rule of a caller that was killed a moment before, when its claim is over", async () => {
      const killed = account.addRule("0a0a0a0a", new Date(Date.now() + minutes(300)));
      const now = Math.floor(Date.now() / 1_000);
      account.store = new ParameterStore(JSON.stringify({ "up-0a0a0a0a": now + 39, "up-0b0b0b0b": now + 3_600 }));
      const own = account.addRule("0b0b0b0b", new Date(Date.now() + minutes(300)));
      const { access } = open();
      await passUntilDone(access.acquire(progress));
      await pass(40);
      assert.ok(account.rules.has(killed));
      await pass(65);
      assert.ok(!account.rules.has(killed) && account.rules.has(own));
      await passUntilDone(access.release(false));
    });

    it("removes none while claims are shared, for nobody knows whose", async () => {
      const rule = account.addRule("0a0a0a0a", new Date(Date.now() + minutes(300)));
      const until = Math.floor(Date.now() / 1_000) + 3_600;
      account.store = new ParameterStore(JSON.stringify({ "up-others": until }));
      await passUntilDone(open().access.acquire(progress));
      await pass(45);
      assert.ok(account.rules.has(rule));
    });

    it("makes room in a group that is full of rules of callers that were killed", async () => {
      for (let at = 0; at < 60; at += 1) {
        account.addRule(at.toString(16).padStart(8, "0"), new Date(Date.now() + minutes(300)));
      }
      await passUntilDone(open().access.acquire(progress));
      assert.deepEqual(account.sources, ["203.0.113.7/32"]);
      assert.match(
        told.join(),
        /the security group is full: waiting whether rules in it are of callers that were killed/,
      );
    });

    it("ends an ephemeral instance that nobody claims and that has not ended itself", async () => {
      const old = { LaunchTime: new Date(Date.now() - minutes(13)) };
      const tags = (builder: string, lifecycle = "ephemeral") => ({
        Tags: [
          { Key: tagNames.builder, Value: builder },
          { Key: tagNames.lifecycle, Value: lifecycle },
        ],
      });
      const own = tags(connection.builderName);
      const forgotten = account.addInstance({ ...old, ...own });
      const claimed = account.addInstance({ ...old, ...own });
      account.addInstance({ ...own, LaunchTime: new Date(Date.now() - minutes(11)) });
      account.addInstance({ ...old, ...tags("other-1a2b3c4d") });
      account.addInstance({ ...old, ...tags(connection.builderName, "persistent") });
      account.store = new ParameterStore(JSON.stringify({ [claimed]: Math.floor(Date.now() / 1_000) + 600 }));
      const { nodes, access } = ephemeral();
      await passUntilDone(access.acquire(progress));
      await nodes[0].wake(progress);
      await pass(45);
      assert.deepEqual(account.did("terminate"), [`terminate ${forgotten}`]);
      assert.match(told.join("\n"), new RegExp(`^terminating ${forgotten}: nobody claims it`, "m"));
    });
  });

  describe("and gives up", () => {
    it("late, because AWS hangs: it takes nothing from what is held after it", async () => {
      const { nodes, access } = ephemeral();
      await passUntilDone(access.acquire(progress));
      await nodes[0].wake(progress);
      const [first] = holders();
      const { getParameter } = account.store.ssm;
      // A renewal that does not even heed its signal.
      account.store.ssm.getParameter = async (...args) => sleep(9_000).then(() => getParameter(...args));
      await pass(18);
      account.store.ssm.getParameter = getParameter;
      await passUntilDone(access.release(true));
      const [launched] = [...account.instances.keys()];
      assert.deepEqual(account.did("terminate"), [`terminate ${launched}`], "at once, not when AWS has answered");

      await passUntilDone(access.acquire(progress));
      await nodes[0].wake(progress);
      await pass(12);
      const [, second] = [...account.instances.keys()];
      assert.equal(account.instances.get(second)?.State?.Name, "running");
      assert.deepEqual(Object.keys(account.store.live), [...holders(), second]);
      assert.equal(holders().length, 1);
      assert.notEqual(holders()[0], first);
    });

    it("between two images: another spot instance is launched, for none was lost", async () => {
      const { nodes, access } = ephemeral();
      for (let image = 0; image < 5; image += 1) {
        await passUntilDone(access.acquire(progress));
        await nodes[0].wake(progress);
        await pass(1);
        await nodes[0].wake(progress);
        await passUntilDone(access.release(true));
      }
      assert.deepEqual(account.did("launch"), Array(5).fill("launch spot"));
      assert.doesNotMatch(told.join(), /lost/);
    });
  });

  describe("at another address than before", () => {
    it("is let in there, and stops no node for that", async () => {
      const { id, node, access } = kept();
      await passUntilDone(access.acquire(progress));
      connection.ingress.address = "198.51.100.1";
      assert.equal(await node.replace!(false, progress), false);
      assert.deepEqual(account.sources, ["203.0.113.7/32", "198.51.100.1/32"]);
      assert.deepEqual(account.did("stop"), []);
      assert.equal(await node.replace!(false, progress), true, "it is silent even so");
      assert.deepEqual(account.did("stop"), [`stop ${id}`]);
      await passUntilDone(access.release(false));
      assert.deepEqual(account.sources, []);
    });

    it("is let in again where its rule was removed", async () => {
      const { node, access } = kept();
      await passUntilDone(access.acquire(progress));
      account.rules.clear();
      assert.equal(await node.replace!(false, progress), false);
      assert.deepEqual(account.sources, ["203.0.113.7/32"]);
    });

    it("that can't be known does not stop a node either", async () => {
      const { node, access } = kept();
      await passUntilDone(access.acquire(progress));
      connection.ingress.address = "no address";
      assert.equal(await node.replace!(false, progress), false);
      assert.match(told.join(), /is silent, and is not stopped: `ingress.address` is "no address"/);
      assert.deepEqual(account.did("stop"), []);
    });

    it("is let in while it waits for a node's first answer, also of an ephemeral one", async () => {
      const sessions = [ephemeral(), ((connection.ephemeralNodes = []), kept())];
      for (const { access, ...session } of sessions) {
        const node = "node" in session ? session.node : session.nodes[0];
        connection.ingress.address = "203.0.113.7";
        await passUntilDone(access.acquire(progress));
        connection.ingress.address = "198.51.100.1";
        for (let second = 0; second < 25; second += 1) {
          await node.wake(progress);
          await pass(1);
        }
        assert.deepEqual(account.sources, ["203.0.113.7/32", "198.51.100.1/32"]);
        await passUntilDone(access.release(true));
      }
    });

    it("gives up no ephemeral instance for that", async () => {
      const { nodes, access } = ephemeral();
      await passUntilDone(access.acquire(progress));
      await nodes[0].wake(progress);
      connection.ingress.address = "198.51.100.1";
      assert.equal(await nodes[0].replace!(false, progress), false);
      assert.deepEqual(account.did("terminate"), []);
      assert.equal(await nodes[0].replace!(false, progress), true);
    });
  });

  describe("and a kept node that never answers", () => {
    it("is stopped, if this update has started it", async () => {
      const { id, node, access } = kept("stopped");
      await passUntilDone(access.acquire(progress));
      await node.wake(progress);
      assert.deepEqual(account.did("start"), [`start ${id}`]);
      await node.giveUp!(progress);
      assert.deepEqual(account.did("stop"), [`stop ${id}`]);
    });

    it("stays, if it ran before", async () => {
      const { node, access } = kept();
      await passUntilDone(access.acquire(progress));
      await node.wake(progress);
      await node.giveUp!(progress);
      assert.deepEqual(account.did("stop"), []);
    });

    it("stays, if somebody else claims it", async () => {
      account.store = new ParameterStore(JSON.stringify({ "up-0a0a0a0a": Math.floor(Date.now() / 1_000) + 60 }));
      const { node, access } = kept("stopped");
      await passUntilDone(access.acquire(progress));
      await node.wake(progress);
      await node.giveUp!(progress);
      assert.deepEqual(account.did("stop"), []);
    });
  });
});
