import * as assert from "node:assert/strict";
import { EventEmitter } from "node:events";

import { hasConsent } from "../../tools/verify/consent";
import { costs, costText, dollarsPerHour } from "../../tools/verify/cost";
import { leftoversOf } from "../../tools/verify/leftovers";
import { runLife } from "../../tools/verify/life";
import { ownPolicy } from "../../tools/verify/documentedPolicies";
import { runExamples } from "../../tools/verify/examples";
import { publishable } from "../../tools/verify/publishable";
import { isGood, reportText } from "../../tools/verify/report";
import { initialSpec, newRunId } from "../../tools/verify/settings";
import { catchSignals } from "../../tools/verify/signals";
import { changeOf, diagnosticsIn } from "../../tools/verify/stack";
import { type VerifyStep, verifySteps } from "../../tools/verify/steps";
import type { CleanUp, Leftover } from "../../tools/verify/world";
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
      "destroy",
    ]);
  });

  for (const [title, step, overrides] of [
    ["a rebuild runs an unchanged step again", "changed file", { layers: randomLayers() }],
    ["a node is stopped by somebody else", "idle", { instances: stoppedBy("Client.UserInitiatedShutdown") }],
    ["the digest is not deployed", "first build", { parameter: () => Promise.resolve("old") }],
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

  it("tells the cost first: below half a dollar, even if everything runs for an hour", () => {
    assert.ok(dollarsPerHour() < 0.5);
    const text = costText();
    for (const { what } of costs) {
      assert.ok(text.includes(what));
    }
    assert.match(text, /1 × EC2 c8g\.large +\$0\.0798 +the node stops/);
    assert.match(text, /Expected: about 20 minutes, \$0\.07; in any case below \$0\.50/);
  });

  it("ends with a table, errors, and commands that remove what is left", () => {
    const facts = { runId: "1", account: "123456789012", region: "eu-west-1", version: "0.1.0", startedAt: "now" };
    const row = { asserts: "it builds", seconds: 61.234 };
    const leftovers = leftoversOf({ ...nothing, roles: ["role"], instances: ["i-1"], repositories: ["r"] });
    const rows = [
      { ...row, name: "first build", result: "ok" as const },
      { ...row, name: "destroy", seconds: 0, result: "failed" as const, error: "no permission\n" },
    ];
    assert.equal(
      reportText(facts, { rows, leftovers: leftovers.slice(0, 2), answers: [] }),
      `# npm run verify:aws: FAILED

Run 1 of version 0.1.0, in account 123456789012, eu-west-1, now.

| step        | seconds | asserted  | result |
| ----------- | ------- | --------- | ------ |
| first build | 61.2    | it builds | ok     |
| destroy     | 0.0     | it builds | failed |

**destroy**: no permission

Still there, and what removes it:

\`\`\`sh
export AWS_REGION=eu-west-1
aws ec2 terminate-instances --instance-ids i-1 && aws ec2 wait instance-terminated --instance-ids i-1   # instance i-1
aws ecr delete-repository --force --repository-name r   # repository r
\`\`\`
`,
    );
    assert.deepEqual(
      leftovers.map(({ what }) => what),
      ["instance i-1", "repository r", "role role"],
    );
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
      ],
    );
    const facts = { runId: "1", account: "123456789012", region: "eu-west-1", version: "0.1.0", startedAt: "now" };
    assert.match(reportText(facts, life), /- Which consoles does .* in which order\? console=tty0 console=ttyS0\n/);
  });

  it("writes a report that can be sent: without accounts, keys and addresses", () => {
    const text =
      "account 123456789012, 123456789012.dkr.ecr.eu-west-1.amazonaws.com/api, arn:aws:iam::123456789012:user/ann.smith " +
      "arn:aws:sts::123456789012:assumed-role/admin/ann@example.com, key ASIA2TESTS4CLOUD7ABC from 203.0.113.7, version 0.1.0";
    assert.equal(
      publishable(text),
      "account ACCOUNT, ACCOUNT.dkr.ecr.eu-west-1.amazonaws.com/api, arn:aws:iam::ACCOUNT:user/NAME " +
        "arn:aws:sts::ACCOUNT:assumed-role/NAME, key KEY from ADDRESS, version 0.1.0",
    );
  });

  it("gives a run with the documented policies its own repository and parameter beside them, and nothing else", () => {
    const { Statement } = ownPolicy("1", "aws", "123456789012");
    assert.deepEqual(
      Statement.flatMap(({ Resource }) => Resource),
      [
        "*",
        "arn:aws:ecr:*:123456789012:repository/multi-platform-image-verify-1",
        "arn:aws:ssm:*:123456789012:parameter/multi-platform-image-verify/1/deployed",
      ],
    );
  });

  it("runs the examples, and destroys each however its `up` ended", async () => {
    const did: string[] = [];
    const open = (folder: string) => {
      const [, example] = /verify-aws-(ecs-fargate|ephemeral-farm)-/.exec(folder) ?? [];
      const up = () => (
        did.push(`up ${example}`),
        example === "ecs-fargate" ? Promise.reject(new Error("no")) : Promise.resolve()
      );
      return Promise.resolve({ up, destroy: () => Promise.resolve(void did.push(`destroy ${example}`)) });
    };
    const rows = await runExamples(open, never, quiet);
    assert.deepEqual(did, ["up ecs-fargate", "destroy ecs-fargate", "up ephemeral-farm", "destroy ephemeral-farm"]);
    assert.deepEqual(
      rows.map(({ name, result }) => `${name}: ${result}`),
      ["example ecs-fargate: failed", "example ephemeral-farm: ok"],
    );
  });

  it("takes stand-ins for the internet from the environment", () => {
    const environment = { VERIFY_AWS_BASE_IMAGE: "registry.test/base", VERIFY_AWS_EC2: '{"registryMirrors":{}}' };
    assert.deepEqual(initialSpec("1", environment), {
      runId: "1",
      platforms: ["linux/arm64", "linux/amd64"],
      idleTimeoutMinutes: 1,
      baseImage: "registry.test/base",
      ec2: { registryMirrors: {} },
    });
    assert.deepEqual(initialSpec("1", { VERIFY_AWS_PLATFORMS: "linux/amd64" }).platforms, ["linux/amd64"]);
    assert.match(newRunId(new Date("2026-11-21T09:08:07Z")), /^2611210908-[0-9a-f]{4}$/);
  });

  it("says why a command failed, and not all that it printed before", () => {
    const resources = "Resources:\n    + 34 created\n    1 errored\n\nDuration: 24s\n";
    const output = `Updating (verify):\n\n + aws:ec2:Instance\nDiagnostics:\n  docker-build:index:Image (verify):\n    error: no quota\n\n${resources}`;
    assert.equal(diagnosticsIn(output), "docker-build:index:Image (verify):\nerror: no quota");
    assert.equal(diagnosticsIn("error: no changes were expected\n"), "error: no changes were expected");
  });

  it("counts what an up changes, not what it looks at", () => {
    const event = (op: string) => ({
      sequence: 1,
      timestamp: 1,
      resOutputsEvent: { metadata: { op, urn: "urn:pulumi:verify::p::aws:ec2/instance:Instance::arm64", type: "t" } },
    });
    const changes = ["same", "refresh", "read", "update"].flatMap((op) =>
      changeOf(event(op) as unknown as Parameters<typeof changeOf>[0]),
    );
    assert.deepEqual(changes, [{ operation: "update", type: "t", name: "arm64" }]);
  });
});

const nothing = {
  instances: [],
  volumes: [],
  groups: [],
  parameters: [],
  repositories: [],
  profiles: [],
  roles: [],
};
