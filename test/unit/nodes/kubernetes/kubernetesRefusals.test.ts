import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { parse } from "yaml";

import { buildRules, manageRules, shellRules } from "../../../../components/nodes/kubernetes/policy";
import { rolePolicy } from "../../../../components/nodes/kubernetes/shell/policy";
import { ApiError, permanentError, statusMessage } from "../../../../components/nodes/kubernetes/run/errors";

describe("what Kubernetes' API refuses", () => {
  const asked = { verb: "create", resource: "jobs" };
  const told: [status: number, message: string, expected: RegExp][] = [
    [401, "Unauthorized", /refuses these credentials \(401 Unauthorized\)/],
    [
      403,
      'jobs.batch is forbidden: User "ci" cannot create',
      /no right to create jobs in namespace builds \(.*\)\. Fix: a Role .* \{ apiGroups: \["batch"\], resources: \["jobs"\], verbs: \["create"\] \}, bound to/,
    ],
    [404, 'namespaces "builds" not found', /there is no namespace builds\. Fix: make it/],
    [422, "spec.x: Invalid value", /the cluster refuses its Job: spec\.x: Invalid value/],
  ];
  for (const [status, message, expected] of told) {
    it(`is told with the fix: ${status} ${message}`, () => {
      const error = permanentError("node amd64", "builds", new ApiError(status, message, asked));
      assert.match(error?.message ?? "", expected);
    });
  }

  it("names the group and all verbs of a rule that is missing", () => {
    const forward = { verb: "get and create", resource: "pods/portforward" };
    assert.match(
      permanentError("node amd64", "builds", new ApiError(403, "forbidden", forward))?.message ?? "",
      /\{ apiGroups: \[""\], resources: \["pods\/portforward"\], verbs: \["get", "create"\] \}/,
    );
  });

  it("is no refusal of its Job where a connection to its pod is refused", () => {
    const forward = { verb: "get and create", resource: "pods/portforward" };
    const refusal = (message: string) => permanentError("node amd64", "builds", new ApiError(400, message, forward));
    assert.match(
      refusal("Upgrade request required")?.message ?? "",
      /^node amd64: something .* passes no WebSockets.* \(400 Upgrade request required\)\. Fix: let them through/,
    );
    assert.equal(refusal("pod amd64-x7k2p does not have a host assigned"), undefined);
  });

  it("is waited for where it may pass", () => {
    assert.equal(permanentError("node amd64", "builds", new ApiError(503, "leaderless", asked)), undefined);
    assert.equal(permanentError("node amd64", "builds", new Error("ECONNRESET")), undefined);
  });

  it("is read from JSON and from plain text", () => {
    assert.equal(statusMessage('{"kind":"Status","message":"so"}'), "so");
    assert.equal(statusMessage({ message: "so" }), "so");
    assert.equal(statusMessage("404 page not found\n"), "404 page not found");
    assert.equal(statusMessage(undefined), undefined);
  });
});

describe("the Role of docs/kubernetes.md", () => {
  it("has the rules that are known to be needed, and no others", () => {
    const page = fs.readFileSync(path.join(__dirname, "../../../../docs/kubernetes.md"), "utf8");
    const [, text = ""] = /```yaml\n(apiVersion: rbac[^]*?)```/.exec(page) ?? [];
    const { rules } = parse(text) as { rules: unknown };
    assert.deepEqual(rules, [...buildRules, ...manageRules]);
    // As `policy` prints it.
    assert.equal(rolePolicy({ role: "manage", namespace: "builds" }), text);
    for (const [role, expected] of [
      ["build", buildRules],
      ["command-line", [...buildRules, ...shellRules]],
    ] as const) {
      const printed = parse(rolePolicy({ role, namespace: "builds" })) as { rules: unknown };
      assert.deepEqual(printed.rules, expected);
    }
  });

  it("names a namespace that looks like a number or a word of YAML", () => {
    for (const namespace of ["2024", "null", "on", "1e3"]) {
      const printed = parse(rolePolicy({ role: "build", namespace }), { version: "1.1" }) as {
        metadata: { namespace: unknown };
      };
      assert.equal(printed.metadata.namespace, namespace);
    }
  });
});
