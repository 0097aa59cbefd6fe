import * as assert from "node:assert/strict";
import { EventEmitter } from "node:events";

import { hasConsent } from "../../../tools/verify/consent";
import { runLife } from "../../../tools/verify/life";
import { runExamples } from "../../../tools/verify/examples";
import { isGood, reportText } from "../../../tools/verify/report";
import { catchSignals } from "../../../tools/verify/signals";
import { type VerifyStep, verifySteps } from "../../../tools/verify/steps";
import type { CleanUp, Leftover, UpOptions } from "../../../tools/verify/world";
import { goodWorld, randomLayers, stoppedBy } from "./verifyWorld";

const quiet = () => undefined;
const never = new AbortController().signal;

function cleanUpOf(did: string[], leftovers: Leftover[] = [], failures = 0): CleanUp {
  let left = failures;
  return {
    destroy: () => {
      did.push("destroy");
      left -= 1;
      return left < 0 ? Promise.resolve() : Promise.reject(new Error("the lock is held"));
    },
    leftovers: () => Promise.resolve(leftovers),
    pause: () => {
      did.push("pause");
      return Promise.resolve();
    },
  };
}

const steps = (did: string[], ...works: (() => void)[]): VerifyStep[] =>
  works.map((work, at) => ({
    name: `step ${at + 1}`,
    asserts: "something",
    run: () => {
      did.push(`step ${at + 1}`);
      work();
      return Promise.resolve();
    },
  }));

describe("npm run verify:aws", () => {
  it("runs the whole life in its order, then destroys", async () => {
    const did: string[] = [];
    const life = await runLife(verifySteps, goodWorld(did), cleanUpOf(did), never, quiet);
    assert.deepEqual(
      life.rows.map(({ name, result, error }) => `${name}: ${error ?? result}`),
      [
        "first build: ok",
        "questions: ok",
        "up, nothing changed: ok",
        "preview: ok",
        "changed file: ok",
        "idle: ok",
        "up --refresh, nodes stopped: ok",
        "wake with cache: ok",
        "changed idle time: ok",
        "ephemeral nodes: ok",
        "destroy: ok",
        "nothing left: ok",
      ],
    );
    assert.deepEqual(did, [
      "up",
      "up expectNoChanges",
      "preview",
      "up",
      "sleep after a look",
      "up refresh expectNoChanges",
      "up",
      "up",
      "up",
      "destroy",
    ]);
  });

  for (const [title, step, overrides] of [
    ["a rebuild runs an unchanged step again", "changed file", { layers: randomLayers() }],
    ["a node is stopped by somebody else", "idle", { instances: stoppedBy("Client.UserInitiatedShutdown") }],
    ["the digest is not deployed", "first build", { parameter: () => Promise.resolve("old") }],
    [
      "an instance is left once nodes are ephemeral",
      "ephemeral nodes",
      { instances: stoppedBy("Client.InstanceInitiatedShutdown") },
    ],
    ["a preview shows a change", "preview", { previewNothing: () => Promise.reject(new Error("1 to update")) }],
  ] as const) {
    it(`fails if ${title}, and destroys all the same`, async () => {
      const did: string[] = [];
      const life = await runLife(verifySteps, goodWorld(did, overrides), cleanUpOf(did), never, quiet);
      const failed = life.rows.filter(({ result }) => result === "failed").map(({ name }) => name);
      assert.deepEqual(failed, [step]);
      assert.equal(did.at(-1), "destroy");
      assert.equal(isGood(life), false);
    });
  }

  it("runs no step after one that fails, and tries to destroy three times", async () => {
    const did: string[] = [];
    const fail = () => {
      throw new Error("no capacity");
    };
    const left: Leftover = { what: "volume vol-1", command: "aws ec2 delete-volume --volume-id vol-1" };
    const life = await runLife(steps(did, quiet, fail, quiet), goodWorld([]), cleanUpOf(did, [left], 3), never, quiet);
    assert.deepEqual(
      life.rows.map(({ result }) => result),
      ["ok", "failed", "not run", "failed", "failed"],
    );
    assert.deepEqual(
      did.filter((each) => each !== "pause"),
      ["step 1", "step 2", "destroy", "destroy", "destroy"],
    );
    assert.deepEqual(life.leftovers, [left]);
  });

  for (const [signals, stopped, interrupted] of [
    [["SIGINT"], true, false],
    [["SIGINT", "SIGINT"], true, true],
    [["SIGTERM"], true, true],
    [["SIGHUP"], true, true],
  ] as const) {
    it(`destroys after ${signals.join(" and ")}, and ${interrupted ? "ends" : "does not end"} what runs`, async () => {
      const did: string[] = [];
      const source = new EventEmitter();
      const { stop, interrupt, release } = catchSignals(quiet, source);
      const send = () => signals.forEach((signal) => source.emit(signal));
      const life = await runLife(steps(did, quiet, send, quiet), goodWorld([]), cleanUpOf(did), stop, quiet);
      assert.deepEqual(did, ["step 1", "step 2", "destroy"]);
      assert.equal(isGood(life), false);
      assert.deepEqual([stop.aborted, interrupt.aborted], [stopped, interrupted]);
      release();
      assert.deepEqual(source.eventNames(), []);
    });
  }

  it("refuses where nobody can be asked, and asks where somebody can", async () => {
    const answers: string[] = [];
    const ask = (question: string) => {
      answers.push(question);
      return Promise.resolve(" Yes ");
    };
    await assert.rejects(hasConsent({ yes: false, isInteractive: false, ask }), /nobody can be asked.*-- --yes/);
    assert.deepEqual(answers, []);
    assert.equal(await hasConsent({ yes: true, isInteractive: false, ask }), true);
    assert.deepEqual(answers, []);
    assert.equal(await hasConsent({ yes: false, isInteractive: true, ask }), true);
    assert.equal(await hasConsent({ yes: false, isInteractive: true, ask: () => Promise.resolve("") }), false);
  });

  it("asks what only an account can tell, and a question without an answer fails nothing", async () => {
    const silent = { addressFamily: () => Promise.reject(new Error("no way")), hasDocumentedPolicies: true };
    const life = await runLife(verifySteps, goodWorld([], silent), cleanUpOf([]), never, quiet);
    assert.equal(isGood(life), true);
    assert.deepEqual(
      life.answers.map(({ answer }) => answer),
      [
        "console=tty0 console=ttyS0",
        "settings read at 9.3 s",
        "yes: it is allowed",
        "no: the first build has let this machine in, with security-group/* alone",
        "could not be asked: no way",
        "yes: ephemeral nodes were launched with build-ephemeral alone",
        "yes: it is allowed",
        "no: AWS refuses it",
      ],
    );
    const facts = { runId: "1", account: "123456789012", region: "eu-west-1", version: "0.1.0", startedAt: "now" };
    assert.match(reportText(facts, life), /- Which consoles does .* in which order\? console=tty0 console=ttyS0\n/);
  });

  it("runs the examples, and destroys each however its update ended", async () => {
    const did: string[] = [];
    const open = (folder: string) => {
      const [, example] = /verify-aws-(ecs-fargate|ephemeral-farm)-/.exec(folder) ?? [];
      const up = ({ expectNoChanges }: UpOptions) => (
        did.push(`${expectNoChanges ? "no-op" : "up"} ${example}`),
        example === "ecs-fargate" ? Promise.reject(new Error("no")) : Promise.resolve()
      );
      return Promise.resolve({ up, destroy: () => Promise.resolve(void did.push(`destroy ${example}`)) });
    };
    const rows = await runExamples(open, never, quiet);
    const farm = ["up", "no-op", "destroy"].map((command) => `${command} ephemeral-farm`);
    assert.deepEqual(did, ["up ecs-fargate", "destroy ecs-fargate", ...farm]);
    assert.deepEqual(
      rows.map(({ name, result }) => `${name}: ${result}`),
      ["example ecs-fargate: failed", "example ephemeral-farm: ok"],
    );
  });
});
