import { BuildError } from "../../support/errors";

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const longestRoleName = 64;

/**
 * The name of a node's role, and of its instance profile. Which roles a caller may pass, a policy says by their names alone
 * (`iam:PassRole` knows no tags), so the name is the builder's, and differs from those of others: "@" is in no
 * builder's name.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
 */
export function nodeRoleName(builderName: string, node: string): string {
  const name = `${builderName}@${node}`;
  if (name.length > longestRoleName) {
    throw new BuildError(
      `node ${node}: its role in IAM would be named ${name}, which has ${name.length} characters: ` +
        `${longestRoleName} are allowed. Fix: give the builder or the node a shorter name.`,
    );
  }
  return name;
}

/** All roles of a builder, as IAM's policies name them. */
export function nodeRolePattern(builderName: string): string {
  return `${builderName}@*`;
}
