import * as pulumi from "@pulumi/pulumi";

import { Builder, type BuilderArgs } from "../../../../../components";

export type Inputs = Record<string, unknown>;

interface Recorded {
  type: string;
  name: string;
  inputs: Inputs;
}

export const recorded: Recorded[] = [];
export const asked: { token: string; inputs: Inputs }[] = [];

const architectures: Record<string, string[]> = {
  "m8g.large": ["arm64"],
  "m7a.large": ["x86_64"],
  "m7i.large": ["x86_64"],
};

/** What AWS answers to look-ups. */
const answers: Record<string, (inputs: Inputs) => Inputs> = {
  "aws:index/getCallerIdentity:getCallerIdentity": () => ({
    accountId: "123456789012",
    arn: "arn:aws:iam::123456789012:user/dev",
  }),
  "aws:index/getRegion:getRegion": () => ({ region: "eu-west-1" }),
  "aws:ec2/getVpc:getVpc": () => ({ id: "vpc-1", cidrBlock: "172.31.0.0/16" }),
  "aws:ec2/getSubnet:getSubnet": ({ id }) => ({ id, vpcId: "vpc-2", availabilityZone: "eu-west-1c" }),
  "aws:ec2/getSubnets:getSubnets": () => ({ ids: ["subnet-b", "subnet-a"] }),
  "aws:ec2/getInstanceType:getInstanceType": ({ instanceType }) => ({
    supportedArchitectures: architectures[String(instanceType)],
  }),
  "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": () => ({
    locations: ["eu-west-1b", "eu-west-1a"],
    region: "eu-west-1",
  }),
  "aws:ssm/getParameter:getParameter": ({ name }) => ({ value: `ami of ${String(name)}` }),
};

const computed: Record<string, (name: string, inputs: Inputs) => Inputs> = {
  "tls:index/privateKey:PrivateKey": (name) => ({ privateKeyPem: `key of ${name}` }),
  "tls:index/selfSignedCert:SelfSignedCert": (name) => ({ certPem: `certificate of ${name}` }),
  "tls:index/certRequest:CertRequest": (name) => ({ certRequestPem: `request of ${name}` }),
  "tls:index/locallySignedCert:LocallySignedCert": (name) => ({ certPem: `certificate of ${name}` }),
};

export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

/** All that was recorded of a type, by the resources' names. */
export function made(type: string): Record<string, Inputs> {
  return Object.fromEntries(recorded.filter((each) => each.type === type).map(({ name, inputs }) => [name, inputs]));
}

/** A secret's value, as mocks see it. */
export function plain(value: unknown): string {
  return (value as { value?: string }).value ?? (value as string);
}

export async function declare(name: string, args?: BuilderArgs): Promise<Builder> {
  const builder = new Builder(name, args);
  await valueOf(builder.nodes);
  // Parameters are told of instances' ids, so they are last.
  while (Object.keys(made("aws:ssm/parameter:Parameter")).length < 2 + 2 * builder.declaredNodes.length) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return builder;
}

/** From now on programs are declared, and AWS is asked, of these mocks. */
export async function recordPrograms(): Promise<void> {
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        recorded.push({ type, name, inputs: inputs as Inputs });
        return { id: `${name}-id`, state: { ...(inputs as Inputs), ...computed[type]?.(name, inputs as Inputs) } };
      },
      call: ({ token, inputs }) => {
        asked.push({ token, inputs: inputs as Inputs });
        return answers[token](inputs as Inputs);
      },
    },
    "project",
    "stack",
  );
}

export function forgetPrograms(): void {
  recorded.splice(0);
  asked.splice(0);
}
