import type { Platform } from "../../support/platforms";

/**
 * The largest type of each architecture that an account on AWS's free plan may run: what DescribeInstanceTypes lists as
 * free-tier-eligible (https://github.com/RhinoSecurityLabs/cloudgoat/issues/375).
 */
const freeTypes = { arm64: "t4g.small", x86: "m7i-flex.large" };

/**
 * Why the free plan of new accounts refuses a launch, and the fix: the end of a sentence, or undefined for other errors.
 * @see https://github.com/LinkedInLearning/learning-terraform-3087701/issues/345 https://github.com/bitnami/vms/issues/1838
 */
export function freePlanRefusal(
  code: string,
  message: string,
  launch: { node: string; platform: Platform; type: string; argument: "instanceType" | "instanceTypes" },
): string | undefined {
  if (!/not eligible for Free Tier/i.test(message)) {
    return undefined;
  }
  const { node, platform, type, argument } = launch;
  const upgrade = "upgrade the account to the paid plan (https://aws.amazon.com/free/)";
  if (/specified image/i.test(message)) {
    return (
      `the account is on AWS's free plan, which does not allow the node's image (${code}: ${message}). ` +
      `Fix: ${upgrade}, or give node ${node} an \`ami\` that the plan allows, with systemd, cloud-init and Python 3.`
    );
  }
  const freeType = JSON.stringify(platform === "linux/arm64" ? freeTypes.arm64 : freeTypes.x86);
  const allowed = argument === "instanceTypes" ? `[${freeType}]` : freeType;
  return (
    `the account is on AWS's free plan, which does not allow a ${type} (${code}: ${message}). ` +
    `Fix: ${upgrade}, or set \`${argument}: ${allowed}\` for node ${node}, which the plan allows.`
  );
}
