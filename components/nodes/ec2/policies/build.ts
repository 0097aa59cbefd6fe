import { allow, type Statement } from "./document";
import type { Scope } from "./scope";
import { attachCache, claim, launch, letCallerIn, look, nodes } from "./statements";

/** What hooks look up; the status is for the diagnosis of a node that does not answer. */
export const hooksLookUp = ["ec2:DescribeInstances", "ec2:DescribeInstanceStatus", "ec2:DescribeSecurityGroupRules"];

/** What hooks call for nodes that stay: they start them, and stop one that has fallen silent. */
export function buildStatements(scope: Scope): Statement[] {
  return [
    look(hooksLookUp),
    nodes(scope, ["ec2:GetConsoleOutput", "ec2:StartInstances", "ec2:StopInstances"]),
    letCallerIn(scope),
    claim(scope),
  ];
}

/** What hooks call for nodes that they launch, and terminate. */
export function buildEphemeralStatements(scope: Scope): Statement[] {
  return [
    // Who has the cache volume.
    look([...hooksLookUp, "ec2:DescribeVolumes"]),
    nodes(scope, ["ec2:GetConsoleOutput", "ec2:TerminateInstances"]),
    attachCache(scope),
    letCallerIn(scope),
    claim(scope),
    ...launch(scope),
  ];
}

/** What `multi-platform-image` calls, for nodes of both kinds. */
export function commandLineStatements(scope: Scope): Statement[] {
  return [
    look([...hooksLookUp, "ec2:DescribeLaunchTemplates"]),
    nodes(scope, ["ec2:GetConsoleOutput", "ec2:StartInstances", "ec2:StopInstances", "ec2:TerminateInstances"]),
    letCallerIn(scope),
    claim(scope),
    // It holds the key to the builder's daemons. Hooks have theirs from Pulumi.
    allow("Connection", ["ssm:GetParameter"], scope.parameters("connection")),
  ];
}
