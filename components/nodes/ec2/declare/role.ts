import { InstanceProfile } from "@pulumi/aws/iam/instanceProfile";
import { Role } from "@pulumi/aws/iam/role";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy";
import * as pulumi from "@pulumi/pulumi";

/** Who may be the role: EC2's instances. */
export const assumeRolePolicy = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

/**
 * What a node may do in AWS: read its own parameters, and nothing else. It stops itself by powering off, and registries'
 * credentials come with each build from the caller.
 *
 * Without a statement on KMS: the key `aws/ssm` lets everyone decrypt who may read the parameter.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
 */
export function nodePolicy(parameterArns: readonly string[]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "ssm:GetParameters", Resource: parameterArns }],
  });
}

/** The role of one node, as the profile that its instance gets. */
export function createInstanceProfile(
  name: string,
  args: {
    /** Of the role and of the profile: policies know by it whose they are. */
    physicalName: pulumi.Input<string>;
    parameterArns: pulumi.Input<string[]>;
    tags: Record<string, pulumi.Input<string>>;
  },
  opts: pulumi.CustomResourceOptions,
): InstanceProfile {
  const role = new Role(
    name,
    // An update that was killed may have made its policy, which Pulumi then does not know: IAM deletes no role that has one.
    { name: args.physicalName, assumeRolePolicy, forceDetachPolicies: true, tags: args.tags },
    opts,
  );
  new RolePolicy(name, { role: role.name, policy: pulumi.output(args.parameterArns).apply(nodePolicy) }, opts);
  return new InstanceProfile(name, { name: args.physicalName, role: role.name, tags: args.tags }, opts);
}
