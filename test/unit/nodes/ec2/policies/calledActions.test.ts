import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { callerPolicy, type CallerRole } from "../../../../../components/nodes/ec2/policies/policyTable";
import { actionsOf } from "../../../../cloud/policy";

const own = "builders-1a2b3c4d";

describe("what hooks and the command line call", () => {
  /** The actions of the AWS SDK's calls in a folder of `components/`. */
  function called(...folders: string[]): string[] {
    const sources = folders.flatMap((folder) => {
      const full = path.resolve(__dirname, "../../../../../components", folder);
      const files = fs.readdirSync(full, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
      return files.map((file) => fs.readFileSync(path.join(full, file), "utf8"));
    });
    const found = sources.flatMap((source) => [...source.matchAll(/\b(ec2|ssm|sts)\s*\.([a-z]\w+)\(/g)]);
    return found.map(([, service, call]) => `${service}:${call[0].toUpperCase()}${call.slice(1)}`);
  }
  const allowed = (...roles: CallerRole[]) =>
    new Set(roles.flatMap((role) => actionsOf(callerPolicy(role, { builder: own }))));

  it("is what the policies for building and for the command line allow, and no more", () => {
    const actions = new Set(called("nodes/ec2/run", "nodes/ec2/shell", "cli"));
    // Of these EC2 asks, in the course of a launch.
    const consequences = ["ec2:CreateTags", "ec2:RunInstances", "iam:CreateServiceLinkedRole", "iam:PassRole"];
    assert.deepEqual(
      [...allowed("build", "build-ephemeral", "command-line")].filter((each) => !consequences.includes(each)).sort(),
      [...actions].sort(),
    );
  });

  it("of hooks is what the policies for building allow", () => {
    const unknown = called("nodes/ec2/run").filter((action) => !allowed("build", "build-ephemeral").has(action));
    assert.deepEqual(unknown, []);
  });
});
