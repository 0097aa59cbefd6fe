import * as assert from "node:assert/strict";

import { costs, costText, dollarsPerHour } from "../../../tools/verify/cost";
import { leftoversOf } from "../../../tools/verify/leftovers";
import { ownPolicy } from "../../../tools/verify/documentedPolicies";
import { publishable } from "../../../tools/verify/publishable";
import { reportText } from "../../../tools/verify/report";
import { initialSpec, newRunId } from "../../../tools/verify/settings";
import { changeOf, diagnosticsIn } from "../../../tools/verify/stack";

describe("what npm run verify:aws says", () => {
  it("tells the cost first: below half a dollar, even if everything runs for an hour", () => {
    assert.ok(dollarsPerHour() < 0.5);
    const text = costText();
    for (const { what } of costs) {
      assert.ok(text.includes(what));
    }
    assert.match(text, /1 × EC2 c8g\.large +\$0\.0798 +the node stops/);
    assert.match(text, /Expected: about 22 minutes, \$0\.07; in any case below \$0\.50/);
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
