import * as crypto from "node:crypto";

import * as pulumi from "@pulumi/pulumi";

import { BuildError } from "../support/errors";
import { PlainResourceError } from "./resourceError";
import { resolvedOr } from "./resolved";

/** What stands in for AWS where a unit test's mocks answer a look-up with less than it has, as `call: (args) => args.inputs`. */
const standIns = {
  getCallerIdentity: { accountId: "123456789012", arn: "arn:aws:iam::123456789012:root" },
  getRegion: { region: "us-east-1" },
  getVpc: { id: "vpc-mocked", cidrBlock: "172.31.0.0/16" },
  getSubnet: { vpcId: "vpc-mocked", availabilityZone: "us-east-1a" },
  getSubnets: { ids: ["subnet-mocked"] },
  getAmi: { rootDeviceName: "/dev/xvda" },
  getParameter: { value: "ami-mocked" },
  getInstanceType: { supportedArchitectures: ["arm64", "x86_64"] },
  getInstanceTypeOfferings: { locations: ["us-east-1a"], region: "us-east-1" },
  getAuthorizationToken: { password: "mocked" },
};

/**
 * Whether this program runs with the SDK's mocks, as in unit tests: nothing is built, no registry is asked, and hooks can't be
 * registered. The SDK has no function for it; its monitor for tests alone has the `mocks` that it was given.
 * @see https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/nodejs/runtime/mocks.ts
 */
export function isMocked(): boolean {
  const monitor = pulumi.runtime.getMonitor();
  return monitor === undefined || "mocks" in monitor;
}

/** Where a repository is whose URL the mocks leave out. */
export function mockedRepository(name: string): string {
  return `${standIns.getCallerIdentity.accountId}.dkr.ecr.${standIns.getRegion.region}.amazonaws.com/${name}`;
}

/** A digest as stable as the name that it stands for: what an image has whose mock has none. */
export function mockedDigest(name: string): string {
  return `sha256:${crypto.createHash("sha256").update(name).digest("hex")}`;
}

/** An output as it is; with mocks that leave it out, also in a preview of theirs, what stands in for it. */
export function orMocked<T>(output: pulumi.Output<T>, standIn: pulumi.Input<T>): pulumi.Output<T> {
  if (!isMocked()) {
    return output;
  }
  const mocked = resolvedOr<T | undefined>(output, undefined);
  return pulumi
    .output(mocked)
    .apply((value) => (value === undefined || value === null || value === "" ? standIn : value)) as pulumi.Output<T>;
}

/** What a look-up answers; with mocks, with what stands in for what they leave out. */
export function lookedUp<T extends object>(lookUp: keyof typeof standIns, answer: pulumi.Output<T>): pulumi.Output<T> {
  if (!isMocked()) {
    return answer;
  }
  const mocked = resolvedOr<object>(answer, {}).catch((error: Error) => {
    // The SDK keeps no word of what a mock threw.
    throw error.message
      ? error
      : new BuildError(`the mocks have no answer to ${lookUp}: their \`call\` threw, or returned no object`);
  });
  return pulumi.output(mocked.then((known) => ({ ...standIns[lookUp], ...known }))) as unknown as pulumi.Output<T>;
}

const components = new Set<string>();

/**
 * Has what goes wrong with a component under mocks end the test that runs, with its sentence. Otherwise the test would wait for
 * ever for an output: Pulumi rejects promises that nobody holds, and Mocha drops such a rejection where nobody listens.
 * @see https://github.com/mochajs/mocha/blob/v11.7.5/lib/runner.js (`unhandled`)
 */
export function failTestsOf(component: string): void {
  if (components.size === 0) {
    process.on("unhandledRejection", (reason) => {
      const isLeftToOthers = process.listenerCount("unhandledRejection") > 1;
      // With a listener here, Node would no longer end a process that has no runner of tests.
      const isWithoutRunner = process.listenerCount("uncaughtException") === 0;
      if (!isLeftToOthers && (isWithoutRunner || isOfComponent(reason))) {
        throw reason;
      }
    });
  }
  components.add(component);
}

/** The SDK notes at an error which resource it is of: `resource:NAME[TYPE]`. */
function isOfComponent(reason: unknown): boolean {
  const { promise } = (reason ?? {}) as { promise?: { _debugCtx?: string } };
  const [, name] = /^resource:([^[]*)\[/.exec(promise?._debugCtx ?? "") ?? [];
  const isChild = [...components].some((each) => name === each || name?.startsWith(`${each}-`));
  return reason instanceof PlainResourceError || isChild;
}
