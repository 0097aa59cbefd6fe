import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";

import { cachedFolder } from "../hosts/cachedFolder";
import type { Authority } from "../hosts/certificates";
import { execute, waitUntil } from "../hosts/command";
import { type HostProcess, startProcess } from "../hosts/hostProcess";
import type { TestRun } from "../hosts/testRun";
import type { Vpc } from "./vpc";

/** Seconds by which the cloud is late. None is zero: what does not wait for AWS must fail here, too. */
export interface Delays {
  /** @default 1.5 */
  pending?: number;
  /** @default 1 */
  stopping?: number;
  /** @default 0.5 */
  volumeCreating?: number;
  /** @default 2 */
  volumeAttaching?: number;
  /** Until others know of a new role, policy or instance profile. @default 3 */
  iamPropagation?: number;
}

export interface Ami {
  id: string;
  name: string;
  architecture: "arm64" | "x86_64";
  /** What machines boot from. */
  folder: string;
  /** The public parameter that names it. */
  parameter: string;
}

/** The folder of the package `machine`, whose rules end machines without a body. */
const programs = resolve(__dirname, "../../components/nodes/ec2");

export interface EmulatorOptions {
  machines: boolean;
  images: Ami[];
  delays: Delays;
  minuteSeconds: number;
}

export const region = "us-east-1";
export const apiPort = 5000;
export const controlPort = 5001;
/** The tests' own key: all that the cloud has is allowed to it. */
export const accessKey = { accessKeyId: "AKIA2TESTS4CLOUD7ABC", secretAccessKey: "of-the-tests-alone" };

export async function startEmulator(
  run: TestRun,
  vpc: Vpc,
  authority: Authority,
  options: EmulatorOptions,
): Promise<HostProcess> {
  const environment = await prepareEnvironment();
  const folder = join(run.folder, "cloud");
  await mkdir(folder, { recursive: true });
  const [certificate, key, settings] = ["front.pem", "front-key.pem", "settings.json"].map((name) =>
    join(folder, name),
  );
  const front = await authority.issueServer({ names: [`ssm.${region}.amazonaws.com`] });
  await writeFile(certificate, front.certificate);
  await writeFile(key, front.key, { mode: 0o600 });
  await writeFile(settings, JSON.stringify(settingsOf(run, vpc, options, { certificate, key })), { mode: 0o600 });
  const command = [join(environment, "bin/python"), "-B", "-m", "api", settings];
  const emulator = startProcess(run, vpc.enter(command), {
    log: join(folder, "emulator.log"),
    env: { PATH: process.env.PATH, PYTHONPATH: [__dirname, programs].join(delimiter) },
  });
  await waitUntil(
    "the cloud's API",
    async () => {
      if (emulator.running) await fetch(`http://${vpc.address}:${controlPort}/faults`);
    },
    { timeoutMilliseconds: 120_000, pauseMilliseconds: 100 },
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}; it said: ${emulator.log()}`, { cause: error });
  });
  if (!emulator.running) throw new Error(`the cloud's API ended at once: ${emulator.log()}`);
  return emulator;
}

/** The fields of `Settings` in api/settings.py. */
function settingsOf(
  run: TestRun,
  vpc: Vpc,
  options: EmulatorOptions,
  front: { certificate: string; key: string },
): Record<string, unknown> {
  return {
    folder: run.folder,
    ...accessKey,
    region,
    images: options.images,
    machines: options.machines ? "real" : "none",
    namespace: vpc.namespace,
    namePrefix: run.name,
    apiPort,
    controlPort,
    frontAddress: vpc.servicesAddress,
    frontCertificate: front.certificate,
    frontKey: front.key,
    metadataAddress: vpc.metadataAddress,
    delays: options.delays,
    minuteSeconds: options.minuteSeconds,
  };
}

/** A Python environment with moto. Its programs are not used by name: a cached folder is renamed when it is complete. */
export function prepareEnvironment(): Promise<string> {
  const file = join(__dirname, "api/requirements.txt");
  const requirements = readFileSync(file, "utf8");
  return cachedFolder("cloud-python", { requirements }, async (folder) => {
    await execute(["python3", "-m", "venv", folder]);
    const python = join(folder, "bin/python");
    const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", file];
    await execute([python, ...install], { timeoutMilliseconds: 600_000 });
  });
}
