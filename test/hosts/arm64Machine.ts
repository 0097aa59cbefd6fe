import { mkdir, readFile, writeFile } from "node:fs/promises";
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

import { prepareArm64Image } from "./arm64Image";
import * as build from "./buildHost";
import { type Authority, serverName } from "./certificates";
import { execute, waitUntil } from "./command";
import { type HostProcess, startProcess } from "./hostProcess";
import { buildkitPort, harnessPort, type NetworkHost, type TestNetwork } from "./network";
import type { TestRun } from "./testRun";

export interface Arm64MachineOptions {
  /** @default "arm64" */
  name?: string;
  registries?: build.TrustedRegistries;
  /** Certificates that replace the right ones. */
  certificates?: Partial<build.HostCertificates>;
}

/** A build node on a real arm64 kernel: every instruction of it is an arm64 one, and nothing on this machine emulates. */
export interface Arm64Machine extends build.BuildHost {
  readonly host: NetworkHost;
}

// A boot takes some 15 s alone on two cores, and several times that beside other work.
const bootMilliseconds = 240_000;

export async function startArm64Machine(
  run: TestRun,
  network: TestNetwork,
  authority: Authority,
  options: Arm64MachineOptions = {},
): Promise<Arm64Machine> {
  const image = await prepareArm64Image();
  const host = await network.addHost(options.name ?? "arm64", { machine: true });
  const folder = join(run.folder, host.namespace);
  const certificates = await build.issueCertificates(authority, options.certificates);
  const files = {
    settings: join(folder, "settings.tar"),
    disk: join(folder, "disk.img"),
    console: join(folder, "console.sock"),
    log: join(folder, "console.log"),
    qemuLog: join(folder, "qemu.log"),
  };
  await layOutSettings(folder, files.settings, host, certificates, options.registries ?? {});
  // Every run writes to a disk of its own. Holes stay holes: only some 200 MB are really copied.
  await execute(["cp", "--sparse=always", "--reflink=auto", image.disk, files.disk]);
  const connection = [
    ...["--addr", `tcp://${host.address}:${harnessPort}`],
    ...build.tlsFlags(join(folder, "settings/certificates")),
  ];

  let machine: HostProcess | undefined;
  const start = async (): Promise<void> => {
    if (machine?.running) return;
    const started = startProcess(run, host.enter(qemuCommand(image, files, host)), { log: files.qemuLog });
    machine = started;
    const attempt = async (): Promise<void> => {
      if (started.running) await build.readPlatforms(connection);
    };
    await waitUntil(`machine ${host.namespace}`, attempt, {
      timeoutMilliseconds: bootMilliseconds,
      pauseMilliseconds: 300,
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}; its console: ${tail(files.log, 30)}`, { cause: error });
    });
    if (!started.running) {
      throw new Error(`machine ${host.namespace} ended at once: ${started.log()} ${tail(files.log, 30)}`);
    }
  };
  const stop = async (): Promise<void> => {
    if (!machine?.running) return;
    const socket = connect(files.console, () => socket.write("stop\n"));
    socket.resume().on("error", () => undefined);
    const timer = setTimeout(() => void machine?.kill(), 30_000);
    await machine.exited;
    clearTimeout(timer);
    socket.destroy();
  };

  await start();
  const node: Arm64Machine = {
    platform: "linux/arm64",
    endpoint: build.endpointAt(host.address),
    host,
    serverName,
    ca: certificates.ca,
    clientCertificate: certificates.client.certificate,
    clientKey: certificates.client.key,
    remoteNode: () => build.remoteNode(node),
    history: () => build.readHistory(connection),
    platforms: () => build.readPlatforms(connection),
    connections: () => host.connections(buildkitPort),
    drop: () => host.drop(),
    restore: () => host.restore(),
    buildctl: (args, input) => build.runBuildctl(connection, args, input),
    start,
    stop,
    kill: async () => machine?.kill(),
    log: (lines = 20) => tail(files.log, lines),
  };
  return node;
}

async function layOutSettings(
  folder: string,
  tar: string,
  host: NetworkHost,
  certificates: build.HostCertificates,
  registries: build.TrustedRegistries,
): Promise<void> {
  const settings = join(folder, "settings");
  await build.writeCertificates(join(settings, "certificates"), certificates);
  await mkdir(join(settings, "registries"), { recursive: true });
  const inside: build.TrustedRegistries = {};
  for (const [index, [registry, { caFile }]] of Object.entries(registries).entries()) {
    await writeFile(join(settings, "registries", `${index}.pem`), await readFile(caFile));
    inside[registry] = { caFile: `/etc/node/registries/${index}.pem` };
  }
  const text = build.buildkitdSettings({
    root: "/var/lib/buildkit",
    addresses: [`tcp://${host.address}:${buildkitPort}`, `tcp://${host.address}:${harnessPort}`],
    certificates: "/etc/node/certificates",
    runc: "/usr/sbin/runc",
    snapshotter: "overlayfs",
    registries: inside,
  });
  await writeFile(join(settings, "buildkitd.toml"), text);
  await execute(["tar", "-C", settings, "-cf", tar, "."]);
}

function qemuCommand(
  image: { kernel: string; initrd: string },
  files: { disk: string; settings: string; console: string; log: string },
  host: NetworkHost,
): string[] {
  // "unsafe" answers syncs at once. What was written is in this machine's memory then, so a killed machine loses nothing.
  const drive = (file: string, options: string): string[] => ["-drive", `file=${file},format=raw,if=virtio,${options}`];
  const append = `console=ttyAMA0 panic=-1 quiet node.address=${host.address}/${host.prefixLength}`;
  return [
    "qemu-system-aarch64",
    ...["-machine", "virt", "-cpu", "cortex-a72", "-accel", "tcg,thread=multi", "-smp", "2", "-m", "2048"],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...["-kernel", image.kernel, "-initrd", image.initrd, "-append", append],
    ...drive(files.disk, "cache=unsafe"),
    ...drive(files.settings, "read-only=on"),
    ...["-netdev", "tap,id=net,ifname=tap0,script=no,downscript=no", "-device", "virtio-net-pci,netdev=net,romfile="],
    ...["-chardev", `socket,id=console,path=${files.console},server=on,wait=off,logfile=${files.log},logappend=on`],
    ...["-serial", "chardev:console"],
  ];
}

function tail(file: string, lines: number): string {
  if (!existsSync(file)) return "(nothing)";
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
}
