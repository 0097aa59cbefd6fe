import * as hosts from "../hosts";
import { type Cloud, type CloudOptions, startCloud } from "../cloud/cloud";
import { type Ecr, startEcr } from "../cloud/ecr";
import type { BuildkitVersion } from "../cloud/downloads";
import { testPulumiHome } from "../cloud/plugins/install";
import { runningPlugins } from "../cloud/plugins/running";
import { trusting } from "../main/image";
import { Stack, type StackOptions } from "../main/stack";

/** The account of the EC2 tests, and what its images are pushed to: made by the first test that asks, gone after the last. */
export interface Ec2Machines {
  run: hosts.TestRun;
  authority: hosts.Authority;
  registry: hosts.Registry;
  cloud: Cloud;
}

let machines: Promise<Ec2Machines> | undefined;
let baseImage: Promise<string> | undefined;

/** @param options of the first call: what the account's instances boot */
export function getEc2(options?: Pick<CloudOptions, "arm64" | "ami" | "minuteSeconds">): Promise<Ec2Machines> {
  machines ??= open(options);
  return machines;
}

/** A base image of both platforms in the registry, with a shell. */
export function getBaseImage(): Promise<string> {
  baseImage ??= getEc2().then(({ registry }) => hosts.pushBaseImage(registry));
  return baseImage;
}

/**
 * A stack whose update runs in the account: its user is on a machine that reaches instances as one on the internet does.
 *
 * @param options with `startsPlugins` its commands start the stand-ins of providers, which die with them
 */
export async function createStack(
  spec: {
    builder?: unknown;
    owner?: string;
    images: Record<string, unknown>;
    repository?: string;
    provider?: unknown;
    userData?: string;
  },
  options: StackOptions & { startsPlugins?: boolean } = {},
): Promise<Stack> {
  const { run, cloud, registry } = await getEc2();
  const environment = { ...trusting(registry), ...cloud.environment(), ...options.environment };
  // With a clock of their own, or killed, commands need plugins of their own.
  const startsPlugins = options.startsPlugins ?? options.enter !== undefined;
  return Stack.create(spec as { builder: unknown; images: Record<string, unknown> }, {
    program: `${__dirname}/program`,
    ...options,
    enter: (command) => absolute(cloud.enter(options.enter?.(command) ?? command)),
    environment: {
      ...environment,
      PULUMI_HOME: await testPulumiHome(),
      ...(!startsPlugins && (await runningPlugins({ run, environment, enter: (command) => cloud.enter(command) }))),
    },
  });
}

/** The account's own ECR. */
export async function openEcr(): Promise<Ecr> {
  const { run, authority, registry, cloud } = await getEc2();
  const ecr = await startEcr(run, authority, registry, { address: new URL(registry.url).hostname });
  await cloud.change({ ecrHost: ecr.host });
  return ecr;
}

/** A release of BuildKit that the account's instances can download, as `ec2.buildkit` of a builder. */
export async function buildkitRelease(version: BuildkitVersion = "current") {
  const { cloud } = await getEc2();
  return { version: cloud.downloads.versions[version], archives: cloud.downloads.archives[version] };
}

/** The PATH of the tests' commands holds nothing of the system. */
export function absolute([program, ...args]: string[]): string[] {
  return [program.startsWith("/") ? program : `/usr/bin/${program}`, ...args];
}

async function open(options?: CloudOptions): Promise<Ec2Machines> {
  const run = hosts.openRun();
  const network = await hosts.createNetwork(run);
  const authority = await hosts.createAuthority();
  const registry = await hosts.startRegistry(run, authority, { address: network.address });
  const cloud = await startCloud(run, network, authority, options);
  return { run, authority, registry, cloud };
}

// Of the root suite: this module is loaded outside of any `describe`.
after(async function () {
  this.timeout(120_000);
  await (await machines)?.run.close();
});
