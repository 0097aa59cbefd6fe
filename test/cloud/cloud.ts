import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Authority } from "../hosts/certificates";
import type { TestNetwork } from "../hosts/network";
import type { TestRun } from "../hosts/testRun";
import { type CloudControl, controlOf } from "./control";
import { type Downloads, startDownloads } from "./downloads";
import { accessKey, type Ami, apiPort, type Delays, region, startEmulator } from "./emulator";
import { prepareAmd64Ami, prepareImages } from "./images";
import { createVpc, type Vpc } from "./vpc";

export type { ApiCall, Caller, CloudInstance, CloudRule, Fault, IngressRule, Inventory } from "./control";
export type { Delays } from "./emulator";

export interface CloudOptions {
  /** Instances that really boot. Without them they only have states, and the cloud starts in two seconds. @default true */
  machines?: boolean;
  /** Whether arm64 instances can boot, on a kernel of their own: their AMI takes minutes to make, once. @default true */
  arm64?: boolean;
  delays?: Delays;
}

/** An AWS account with nothing in it, in a region of its own. */
export interface Cloud extends CloudControl {
  readonly vpc: Vpc;
  /** The AMIs of Debian 13, as its public parameters name them. */
  readonly images: Ami[];
  /** For clients of the AWS SDK in the process of the tests. */
  readonly client: { endpoint: string; region: string; credentials: typeof accessKey };
  /** What a program in the cloud's namespace needs of the environment to find this account. */
  environment(): Record<string, string>;
  /** The command line that runs `command` where both addresses of an instance are reached. */
  enter(command: string[]): string[];
  /** What instances download. @throws Error without machines */
  readonly downloads: Downloads;
  /** The last lines of the emulator's own log. */
  log(lines?: number): string;
  stop(): Promise<void>;
}

export async function startCloud(
  run: TestRun,
  network: TestNetwork,
  authority: Authority,
  options: CloudOptions = {},
): Promise<Cloud> {
  const machines = options.machines ?? true;
  const images = amis(machines ? await prepareAmis(options.arm64 ?? true) : { amd64: "", arm64: "" });
  const vpc = await createVpc(run, network);
  // Machines take it from there: it is younger than their images.
  await writeFile(join(run.folder, "ca.pem"), authority.certificate);
  const downloads = machines ? await startDownloads(run, vpc, authority) : undefined;
  const emulator = await startEmulator(run, vpc, authority, { machines, images, delays: options.delays ?? {} });
  return {
    ...controlOf(vpc),
    vpc,
    images,
    // A copy: the SDK notes in it where it is from.
    client: { endpoint: `http://${vpc.address}:${apiPort}`, region, credentials: { ...accessKey } },
    environment: () => ({
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: accessKey.accessKeyId,
      AWS_SECRET_ACCESS_KEY: accessKey.secretAccessKey,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${apiPort}`,
      // Nothing of the machine's own account, and no instance to ask.
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      AWS_EC2_METADATA_DISABLED: "true",
    }),
    enter: (command) => vpc.enter(command),
    get downloads() {
      if (!downloads)
        throw new Error("this cloud has no machines, so nothing for them to download; start it with machines");
      return downloads;
    },
    log: (lines) => emulator.log(lines),
    stop: () => emulator.stop(),
  };
}

/** Without arm64 its AMI is still known to the API: only what would boot from it fails. */
async function prepareAmis(arm64: boolean): Promise<{ amd64: string; arm64: string }> {
  return arm64 ? prepareImages() : { amd64: await prepareAmd64Ami(), arm64: "" };
}

function amis(folders: { amd64: string; arm64: string }): Ami[] {
  const ami = (name: "amd64" | "arm64", id: string): Ami => ({
    id,
    name: `debian-13-${name}-20261101-0001`,
    architecture: name === "amd64" ? "x86_64" : name,
    folder: folders[name],
    parameter: `/aws/service/debian/release/13/latest/${name}`,
  });
  return [ami("amd64", "ami-0d13000000000a864"), ami("arm64", "ami-0d1300000000a4640")];
}
