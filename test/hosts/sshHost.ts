import { mkdirSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { execute, waitUntil } from "./command";
import type { DockerEngine } from "./dockerEngine";
import { startProcess } from "./hostProcess";
import { hostTool } from "./hostTools";
import type { NamespaceNode } from "./namespaceNode";
import type { NetworkHost, TestNetwork } from "./network";
import type { TestRun } from "./testRun";

/** An sshd on a host of the tests' network. */
export interface SshHost {
  /** `ssh://root@ADDRESS:PORT` */
  readonly endpoint: string;
  readonly address: string;
  readonly port: number;
  /** For `ssh -F`: the user's key, and this host's key as the only known one. */
  readonly configFile: string;
  /** Holds an `ssh` that uses `configFile`, to be put first on PATH: ssh reads no such setting from the environment. */
  readonly binFolder: string;
  stop(): Promise<void>;
}

const port = 2222;

/** What an administrator sets for the commands of ssh, on that host. */
export interface SshEnvironment {
  PATH: string;
  BUILDKIT_HOST?: string;
  DOCKER_HOST?: string;
}

const systemPath = "/usr/sbin:/usr/bin:/sbin:/bin";

/** On a node's host, where `buildctl dial-stdio` reaches its daemon: the endpoint needs no socket in it. */
export async function startSshHost(run: TestRun, node: NamespaceNode): Promise<SshHost> {
  const toolFolder = dirname(await hostTool("buildctl"));
  return startSshd(run, node.host, { PATH: `${toolFolder}:${systemPath}`, BUILDKIT_HOST: `unix://${node.socket}` });
}

/** On a host that has Docker alone, whose engine is the run's. */
export async function startDockerSshHost(
  run: TestRun,
  network: TestNetwork,
  engine: Pick<DockerEngine, "endpoint" | "clientFolder">,
): Promise<SshHost> {
  const environment = { PATH: `${engine.clientFolder}:${systemPath}`, DOCKER_HOST: engine.endpoint };
  return startSshd(run, await network.addHost("docker"), environment);
}

export async function startSshd(run: TestRun, host: NetworkHost, environment: SshEnvironment): Promise<SshHost> {
  const { address, namespace } = host;
  const folder = join(run.folder, `ssh-${namespace}`);
  const file = (name: string): string => join(folder, name);
  await mkdir(file("bin"), { recursive: true, mode: 0o700 });
  for (const key of ["host", "user"]) {
    await execute(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", `tests ${key}`, "-f", file(key)]);
  }
  const hostKey = (await readFile(file("host.pub"), "utf8")).trim();
  await writeFile(file("known"), `[${address}]:${port} ${hostKey}\n`);
  await writeFile(file("sshd_config"), serverSettings(file, address, environment));
  await writeFile(file("config"), clientSettings(file));
  await writeFile(file("bin/ssh"), `#!/bin/sh\nexec ${await which("ssh")} -F ${file("config")} "$@"\n`);
  await chmod(file("bin/ssh"), 0o755);

  // sshd refuses to start without its own empty folder, which the package leaves to the service manager.
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const server = startProcess(run, host.enter([await which("sshd"), "-D", "-e", "-f", file("sshd_config")]), {
    log: file("sshd.log"),
  });
  await waitUntil(
    `sshd on ${namespace}`,
    async () => {
      if (server.running) await execute([file("bin/ssh"), "-p", String(port), `root@${address}`, "true"]);
    },
    { timeoutMilliseconds: 10_000 },
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}; it said: ${server.log()}`, { cause: error });
  });
  if (!server.running) throw new Error(`sshd on ${namespace} ended at once: ${server.log()}`);
  return {
    endpoint: `ssh://root@${address}:${port}`,
    address,
    port,
    configFile: file("config"),
    binFolder: file("bin"),
    stop: () => server.stop(),
  };
}

type File = (name: string) => string;

const serverSettings = (file: File, address: string, environment: SshEnvironment): string => `
ListenAddress ${address}:${port}
HostKey ${file("host")}
AuthorizedKeysFile ${file("user.pub")}
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
SetEnv ${Object.entries(environment)
  .map(([name, value]) => `${name}=${value}`)
  .join(" ")}
`;

const clientSettings = (file: File): string => `
Host *
  User root
  Port ${port}
  IdentityFile ${file("user")}
  IdentitiesOnly yes
  UserKnownHostsFile ${file("known")}
  GlobalKnownHostsFile none
  StrictHostKeyChecking yes
  BatchMode yes
`;

async function which(program: string): Promise<string> {
  const path = `${process.env.PATH}:/usr/sbin:/sbin`;
  return (await execute(["sh", "-c", 'command -v "$1"', "sh", program], { env: { PATH: path } })).trim();
}
