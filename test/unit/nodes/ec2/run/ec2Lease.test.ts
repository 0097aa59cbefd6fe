import * as assert from "node:assert/strict";

import {
  formatLease,
  hasShared,
  liveClaims,
  parseLease,
  withChanges,
} from "../../../../../components/nodes/ec2/run/claims";
import type { Lease } from "../../../../../components/nodes/ec2/connection";
import { LeaseClaim } from "../../../../../components/nodes/ec2/run/lease";
import { ParameterStore } from "./parameterStore";

const now = 1_795_000_000;
const claims = (count: number, prefix: string, until: number): Lease =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`${prefix}${at.toString(16).padStart(8, "0")}`, until]));
const instances = (count: number, until: number) => claims(count, "i-000000000", until);

describe("the claims of a lease", () => {
  it("are read for what is a claim", () => {
    assert.deepEqual(parseLease('{"a": 12, "b": "x"}'), { a: 12 });
    assert.deepEqual(parseLease("{"), {});
    assert.deepEqual(parseLease(undefined), {});
    assert.deepEqual(parseLease("null"), {});
  });

  it("are for a day at most: none that was written once holds nodes for good, or stops who looks", () => {
    const day = 24 * 60 * 60;
    const text = `{"cli-a": ${now + day}, "up-others": ${now + 2 * day}, "up-b": 9e99, "up-c": 1e999, "up-d": -9e99}`;
    assert.deepEqual(parseLease(text, now), { "cli-a": now + day });
  });

  it("that are over become one, however many they are", () => {
    const over = { ...claims(500, "up-", now - 10), ...instances(499, now - 20), last: now - 5 };
    assert.equal(formatLease({ ...over, "up-a": now + 40 }, now), `{"up-a":${now + 40},"ended":${now - 5}}`);
    assert.equal(formatLease({}, now), "{}");
  });

  it("are shared by updates beyond a number, but for the writer's own", () => {
    const text = formatLease({ ...claims(200, "up-", now + 40), "up-own": now + 30 }, now, new Set(["up-own"]));
    const lease = parseLease(text, now);
    assert.equal(lease["up-own"], now + 30);
    assert.equal(lease["up-others"], now + 40);
    assert.ok(text.length < 1_000, `${text.length} characters`);
  });

  it("are never more than a parameter takes, and say so of those that are left out", () => {
    const lease = { ...claims(20, "cli-", now + 3_600), ...instances(200, now + 40), "i-own": now + 20 };
    const text = formatLease(lease, now, new Set(["i-own"]));
    assert.ok(text.length <= 4_096, `${text.length} characters`);
    const left = liveClaims(parseLease(text, now), now);
    assert.equal(left["i-own"], now + 20);
    assert.ok(hasShared(left, now));
    assert.equal(Math.max(...Object.values(left)), now + 3_600, "nobody's time is cut");
    assert.ok(Object.keys(left).filter((name) => name.startsWith("i-")).length > 100);
  });

  it("are numbers by names, as nodes of earlier releases read them", () => {
    const text = formatLease({ ...claims(50, "up-", now + 40), ...instances(9, now + 40), over: now - 5 }, now);
    assert.ok(Object.values(JSON.parse(text) as object).every((until) => typeof until === "number"));
  });

  it("of two writers at once are put together: what was made, and what was given up", () => {
    const base = { "up-a": now + 20, "cli-b": now + 600 };
    // One gave up cli-b and added up-c; the other had not seen that, and renewed up-a.
    const theirs = { "up-a": now + 20, "up-c": now + 40, ended: now };
    const newest = { "up-a": now + 40, "cli-b": now + 600 };
    assert.deepEqual(withChanges(newest, { base, theirs }, now), { "up-a": now + 40, "up-c": now + 40, ended: now });
  });
});

describe("a claim in a lease", () => {
  const seconds = () => Date.now() / 1_000;
  const open = (store: ParameterStore, name = "up-own", ids: string[] = []) =>
    new LeaseClaim(store.clients, "builder", name, () => ids);

  it("is made in a lease full of claims that are over, and leaves it small", async () => {
    const over = claims(1_000, "up-", Math.floor(seconds()) - 60);
    const store = new ParameterStore(JSON.stringify(over));
    await open(store, "up-own", ["i-1", "i-1 cold"]).hold(40);
    assert.deepEqual(Object.keys(store.live), ["up-own", "i-1", "i-1 cold"]);
    assert.ok(store.text.length < 1_000, `${store.text.length} characters`);
  });

  it("is not written where it is there already, and is by the time that it is renewed", async () => {
    const store = new ParameterStore();
    await open(store).hold(40);
    await open(store).hold(40);
    assert.equal(store.writes, 1);
    await open(store).hold(52);
    assert.equal(store.writes, 2);
  });

  it("is not written where as many others have one, and they share one that is long enough", async () => {
    const until = Math.floor(seconds()) + 40;
    const store = new ParameterStore(JSON.stringify({ ...claims(24, "up-", until), "up-others": until }));
    await open(store).hold(40);
    assert.equal(store.writes, 0);
    await open(store, "up-own", ["i-1"]).hold(40);
    assert.ok("i-1" in store.live);
  });

  it("tells when it was given up, and cuts nobody's time", async () => {
    const store = new ParameterStore(JSON.stringify({ "up-other": Math.floor(seconds()) + 30 }));
    const [own, other] = [open(store), open(store, "up-other")];
    await own.hold(40);
    await own.release();
    assert.deepEqual(Object.keys(store.live), ["up-other"]);
    await other.release();
    const [end] = Object.values(parseLease(store.text));
    assert.deepEqual(Object.keys(parseLease(store.text)), ["ended"]);
    assert.ok(Math.abs(end - seconds()) <= 2);
  });

  it("is waited for where Parameter Store is busy", async () => {
    const store = new ParameterStore("{}", undefined, 1);
    await open(store, "up-first").hold(40);
    const second = open(store).hold(40);
    setTimeout(() => store.pass(1_000), 300);
    await second;
    assert.deepEqual(Object.keys(store.live), ["up-first", "up-own"]);
  });

  it("is taken at the next try where Parameter Store fails once", async () => {
    const store = new ParameterStore();
    const { getParameter } = store.ssm;
    let fails = 2;
    store.ssm.getParameter = (...given) => {
      if (fails-- > 0) {
        const answer = { $metadata: { httpStatusCode: 500 } };
        return Promise.reject(Object.assign(new Error("We encountered an internal error"), answer));
      }
      return getParameter(...given);
    };
    await open(store).hold(40);
    assert.deepEqual(Object.keys(store.live), ["up-own"]);
  });
});
