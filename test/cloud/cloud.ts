import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Authority } from "../hosts/certificates";
import type { TestNetwork } from "../hosts/network";
import type { TestRun } from "../hosts/testRun";
import { type CloudControl, controlOf } from "./control";
import { type Downloads, startDownloads } from "./downloads";
import { accessKey, type Ami, apiPort, type Delays, region, startEmulator } from "./emulator";
import { prepareAmi } from "./images";
import { createVpc, type Vpc } from "./vpc";

export type { ApiCall, Caller, CloudInstance, CloudRule, Fault, Halt, IngressRule, Inventory } from "./control";
export type { Delays } from "./emulator";

export interface CloudOptions {
  /** Instances that really boot. Without them they only have states, and the cloud starts in two seconds. @default true */
  machines?: boolean;
  /** Whether arm64 instances can boot, on a kernel of their own. @default false */
  arm64?: boolean;
  /**
   * What x86 instances boot: Debian's own AMI, which lacks the packages of a node and BuildKit, or one that has them.
   * @default "node"
   */
  ami?: "node" | "debian";
  delays?: Delays;
  /** How long a minute of a node's idle timeout and lifetime lasts. @default 60 */
  minuteSeconds?: number;
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
  const { machines = true, arm64 = false, ami = "node", delays = {}, minuteSeconds = 60 } = options;
  const folders = { amd64: "", arm64: "" };
  if (machines) folders.amd64 = await prepareAmi[ami]();
  // Without it the AMI is still known to the API: only what would boot from it fails.
  if (machines && arm64) folders.arm64 = await prepareAmi["node-arm64"]();
  const images = amis(folders);
  const vpc = await createVpc(run, network);
  // Machines take it from there: it is younger than their images.
  await writeFile(join(run.folder, "ca.pem"), authority.certificate);
  const platforms = arm64 ? (["linux/amd64", "linux/arm64"] as const) : (["linux/amd64"] as const);
  const downloads = machines ? await startDownloads(run, vpc, authority, platforms) : undefined;
  const emulator = await startEmulator(run, vpc, authority, { machines, images, delays, minuteSeconds });
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
