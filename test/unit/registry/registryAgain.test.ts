import * as assert from "node:assert/strict";
import * as http from "node:http";
import type { AddressInfo } from "node:net";

import { again, retryAfter } from "../../../components/registry/again";
import { checkImage } from "../../../components/registry/checkImage";
import { digestOf } from "../../../components/registry/manifest";

describe("what is asked again", () => {
  const failing = (isPassing: boolean, wanted?: number) => {
    const waits: number[] = [];
    let now = 0;
    let count = 0;
    const clock = {
      now: () => now,
      wait: (milliseconds: number) => {
        now += milliseconds;
        waits.push(milliseconds);
        return Promise.resolve();
      },
    };
    const told: string[] = [];
    const patience = { milliseconds: 60_000, log: (problem: string) => void told.push(problem) };
    const work = () => Promise.reject<number>(new Error(`failure ${++count}`));
    const failureOf = () => ({ isPassing, retryAfterMilliseconds: wanted });
    return { waits, told, result: again(work, failureOf, patience, clock) };
  };

  it("is asked for the whole time, later and later, and fails with the last answer", async () => {
    const { waits, told, result } = failing(true);
    await assert.rejects(result, { message: "failure 10" });
    assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000, 10_000, 5_000]);
    assert.deepEqual(told, ["failure 1"]);
  });

  it("is asked when the other side wants to be, and at the end of the time at the latest", async () => {
    const { waits, result } = failing(true, 45_000);
    await assert.rejects(result, { message: "failure 3" });
    assert.deepEqual(waits, [45_000, 15_000]);
  });

  it("is asked once where its failure stays", async () => {
    const { waits, told, result } = failing(false);
    await assert.rejects(result, { message: "failure 1" });
    assert.deepEqual([waits, told], [[], []]);
  });

  it("is asked after the time in seconds, or the date, of Retry-After", () => {
    const now = Date.parse("2030-01-01T00:00:00Z");
    assert.deepEqual(
      ["7", "Tue, 01 Jan 2030 00:00:09 GMT", "Mon, 31 Dec 2029 00:00:00 GMT", "soon", undefined].map((each) =>
        retryAfter(each, now),
      ),
      [7_000, 9_000, 0, undefined, undefined],
    );
  });
});

describe("the index that was just pushed", () => {
  const platform = { os: "linux", architecture: "amd64" };
  const bytes = Buffer.from(JSON.stringify({ manifests: [{ digest: "sha256:aaa", platform }] }));
  let answers: (number | "cut")[];
  let requests: number;
  const server = http.createServer((request, response) => {
    requests += 1;
    const answer = answers.shift() ?? 200;
    if (answer === "cut") {
      request.socket.destroy();
    } else {
      response.writeHead(answer, { "retry-after": "0" }).end(answer === 200 ? bytes : "");
    }
  });

  before(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  beforeEach(() => (requests = 0));
  after(() => server.close());

  const told: string[] = [];
  const check = (path: string, wasPushedNow = true) =>
    checkImage(
      {
        digest: digestOf(bytes),
        ref: "",
        tag: `127.0.0.1:${(server.address() as AddressInfo).port}/${path}-${process.pid}-${Date.now()}:1`,
        isPushed: true,
        wasPushedNow,
        platforms: ["linux/amd64"],
        logins: [],
        insecureRegistries: [],
      },
      (message) => told.push(message),
    );

  for (const answer of [404, 429, 500, 503, "cut"] as const) {
    it(`is read again after ${answer}`, async () => {
      told.length = 0;
      answers = [answer];
      const { problem, platformDigests } = await check(`app-${answer}`);
      assert.deepEqual([problem, platformDigests, requests], [undefined, { "linux/amd64": "sha256:aaa" }, 2]);
      assert.match(told.join(), /^the registry .*\. It was pushed just now, and is read again for up to 60 s\.$/);
    });
  }

  for (const answer of [401, 403, 400] as const) {
    it(`is not read again after ${answer}, and another update is advised`, async () => {
      answers = [answer, answer];
      const { problem, isUnread } = await check(`app-${answer}`);
      assert.match(problem ?? "", new RegExp(`status ${answer}`));
      assert.deepEqual([isUnread, requests], [true, 1]);
    });
  }

  it("is not read again where it was pushed earlier", async () => {
    answers = [404];
    const { problem, isUnread } = await check("earlier", false);
    assert.match(problem ?? "", /the registry does not have/);
    assert.deepEqual([isUnread, requests], [false, 1]);
  });
});
