import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import * as build from "./buildHost";
import type { Authority } from "./certificates";
import { serverName } from "./certificates";
import { execute, waitUntil } from "./command";
import { type EmulatedArchitecture, withPrivateEmulators } from "./emulator";
import { type HostProcess, onlyChild, startProcess } from "./hostProcess";
import { hostTool } from "./hostTools";
import { buildkitPort, type NetworkHost, type TestNetwork } from "./network";
import type { TestRun } from "./testRun";

export interface NamespaceNodeOptions {
  /** Part of the namespace's name. @default "amd64" */
  name?: string;
  registries?: build.TrustedRegistries;
  /** Certificates that replace the right ones. */
  certificates?: Partial<build.HostCertificates>;
  /**
   * What its daemon calls its own platform, before those of this machine. A node of another platform than this machine's only
   * copies files: its steps can't run a program.
   * @default "linux/amd64"
   */
  platform?: build.HostPlatform;
  /** Its machine has these emulators; no other process of this machine sees them. RUN does not work on such a node. */
  emulates?: EmulatedArchitecture[];
}

/** A buildkitd on a host of its own: its own network, processes, mounts and files, on this machine's kernel. */
export interface NamespaceNode extends build.BuildHost {
  /** The daemon's unix socket, for what must not be counted as a connection. */
  readonly socket: string;
  /** The host that the node is on now. */
  readonly host: NetworkHost;
  /** Ends it and starts a new one at another address, with nothing of its files: a replaced machine. */
  replace(): Promise<void>;
  /** Processes of the host, RUN steps included. */
  processes(): Promise<{ pid: number; command: string }[]>;
}

export async function startNamespaceNode(
  run: TestRun,
  network: TestNetwork,
  authority: Authority,
  options: NamespaceNodeOptions = {},
): Promise<NamespaceNode> {
  const name = options.name ?? "amd64";
  const certificates = await build.issueCertificates(authority, options.certificates);
  const tools = { buildkitd: await hostTool("buildkitd"), runc: await hostTool("runc") };
  let host = await network.addHost(name);
  let folder = join(run.folder, host.namespace);
  let daemon: HostProcess | undefined;
  const socket = (): string => join(folder, "buildkitd.sock");
  const connection = (): string[] => ["--addr", `unix://${socket()}`];

  const start = async (): Promise<void> => {
    if (daemon?.running) return;
    await layOutFiles();
    const started = startProcess(run, await daemonCommand(), { log: join(folder, "buildkitd.log") });
    daemon = started;
    await waitUntil(
      `node ${host.namespace}`,
      async () => {
        if (started.running) await build.readPlatforms(connection());
      },
      { timeoutMilliseconds: 30_000 },
    );
    if (!started.running) throw new Error(`node ${host.namespace}: buildkitd ended at once: ${started.log()}`);
  };
  const layOutFiles = async (): Promise<void> => {
    const certificateFolder = join(folder, "certificates");
    await build.writeCertificates(certificateFolder, certificates);
    await mkdir(join(folder, "root"), { recursive: true });
    const settings = build.buildkitdSettings({
      root: join(folder, "root"),
      addresses: [`tcp://${host.address}:${buildkitPort}`, `unix://${socket()}`],
      certificates: certificateFolder,
      runc: tools.runc,
      // Overlay mounts of a user namespace, which emulation of our own needs, fail in BuildKit.
      snapshotter: options.emulates ? "native" : "overlayfs",
      cgroupParent: host.namespace,
      platform: options.platform,
      registries: options.registries ?? {},
    });
    await writeFile(join(folder, "buildkitd.toml"), settings);
  };
  const daemonCommand = async (): Promise<string[]> => {
    const daemonArguments = [tools.buildkitd, "--config", join(folder, "buildkitd.toml")];
    // As the first process of its own process and mount namespace it takes its steps and mounts along when it dies.
    const own = ["unshare", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc", "--"];
    const command = [...own, ...daemonArguments];
    return host.enter(options.emulates ? await withPrivateEmulators(options.emulates, command) : command);
  };
  const stop = async (): Promise<void> => {
    const pid = daemon?.running ? onlyChild(daemon.pid) : undefined;
    if (pid !== undefined) process.kill(pid, "SIGTERM");
    const ended = await Promise.race([daemon?.exited.then(() => true), pause(10_000)]);
    if (!ended) await daemon?.kill();
  };
  const kill = async (): Promise<void> => {
    await daemon?.kill();
    await waitUntil(`the end of node ${host.namespace}`, noProcesses, { timeoutMilliseconds: 5_000 });
  };
  const processes = async (): Promise<{ pid: number; command: string }[]> => {
    const pids = (await execute(["ip", "netns", "pids", host.namespace])).split("\n").filter((pid) => pid !== "");
    if (pids.length === 0) return [];
    const table = await execute(["ps", "-o", "pid=,args=", "-p", pids.join(",")]).catch(() => "");
    return [...table.matchAll(/^ *(\d+) (.*)$/gm)].map(([, pid, command]) => ({ pid: Number(pid), command }));
  };
  const noProcesses = async (): Promise<void> => {
    const left = await processes();
    if (left.length > 0) throw new Error(`left: ${left.map(({ command }) => command).join("; ")}`);
  };

  await start();
  const node: NamespaceNode = {
    platform: options.platform ?? "linux/amd64",
    get endpoint() {
      return build.endpointAt(host.address);
    },
    get socket() {
      return socket();
    },
    get host() {
      return host;
    },
    serverName,
    ca: certificates.ca,
    clientCertificate: certificates.client.certificate,
    clientKey: certificates.client.key,
    remoteNode: () => build.remoteNode(node),
    history: () => build.readHistory(connection()),
    platforms: () => build.readPlatforms(connection()),
    connections: () => host.connections(buildkitPort),
    drop: () => host.drop(),
    restore: () => host.restore(),
    buildctl: (args, input) => build.runBuildctl(connection(), args, input),
    processes,
    start,
    stop,
    kill,
    replace: async () => {
      await kill();
      const [oldHost, oldFolder] = [host, folder];
      host = await network.addHost(name);
      folder = join(run.folder, host.namespace);
      await start();
      await oldHost.remove();
      await rm(oldFolder, { recursive: true, force: true });
    },
    log: (lines) => daemon?.log(lines) ?? "",
  };
  return node;
}

const pause = (milliseconds: number): Promise<false> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds, false).unref());
