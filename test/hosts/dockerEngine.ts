import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { debianTar } from "./baseImage";
import { cachedFolder } from "./cachedFolder";
import { execute, waitUntil } from "./command";
import { startProcess } from "./hostProcess";
import { hostTool } from "./hostTools";
import type { TestNetwork } from "./network";
import type { Registry } from "./registry";
import type { TestRun } from "./testRun";

const packages = ["docker.io", "containerd", "tini"];

/** A real Docker engine of the run's own: its containers are on the run's network. */
export interface DockerEngine {
  /** `unix:///…/docker.sock`, as DOCKER_HOST takes it. */
  readonly endpoint: string;
  /** Holds Docker's own command line, `docker`. */
  readonly clientFolder: string;
  /** Calls the engine's own API, with a tar file where it takes one. */
  request(method: "GET" | "POST" | "DELETE", path: string, tar?: string): Promise<string>;
  /** Stops it, lets something be done to the folder of its data, and starts it again. */
  whileStopped(work: (dataFolder: string) => Promise<void>): Promise<void>;
}

export async function startDockerEngine(run: TestRun, network: TestNetwork): Promise<DockerEngine> {
  const folder = join(run.folder, "docker");
  await mkdir(folder);
  const { path, clientFolder } = await layOutPrograms(folder);
  const socket = join(folder, "docker.sock");
  const flags = [
    ...["--data-root", join(folder, "data"), "--exec-root", join(folder, "exec"), "--pidfile", join(folder, "pid")],
    // The upper half of the run's network: hosts take the lower one.
    ...["--bridge", run.name, "--fixed-cidr", network.address.replace(/\.\d+$/, ".128/25")],
    ...["--iptables=false", "--ip-forward=false", "--userland-proxy=false", "--host", `unix://${socket}`],
  ];
  const command = ["sh", "-euc", outside, "outside", inside, `${run.name}-docker`, "dockerd", ...flags];
  const start = () =>
    startProcess(run, command, { log: join(folder, "dockerd.log"), env: { PATH: path.join(":"), HOME: folder } });
  let engine = start();
  const request = (method: string, path: string, tar?: string): Promise<string> => {
    const sent = tar ? ["--header", "Content-Type: application/x-tar", "--upload-file", tar] : [];
    const call = ["curl", "--silent", "--fail-with-body", "--unix-socket", socket, "--request", method];
    return execute([...call, ...sent, `http://engine${path}`]);
  };
  // dockerd waits 15 s for its containerd, ends then, and is started again by systemd:
  // https://github.com/moby/moby/blob/v20.10.24/contrib/init/systemd/docker.service
  const answers = async (): Promise<void> => {
    for (let starts = 1; ; starts++) {
      await waitUntil(
        "the Docker engine",
        async () => {
          if (engine.running) await request("GET", "/_ping");
        },
        { timeoutMilliseconds: 30_000 },
      );
      if (engine.running) return;
      const isLate = engine.log().includes("timeout waiting for containerd to start");
      if (!isLate || starts === 3) throw new Error(`dockerd ended at once: ${engine.log()}`);
      await rm(join(folder, "pid"), { force: true });
      engine = start();
    }
  };
  await answers();
  const whileStopped = async (work: (dataFolder: string) => Promise<void>): Promise<void> => {
    await engine.kill();
    await rm(join(folder, "pid"), { force: true });
    await work(join(folder, "data"));
    engine = start();
    await answers();
  };
  return { endpoint: `unix://${socket}`, clientFolder, request, whileStopped };
}

/**
 * BuildKit's image, which can't be pulled everywhere: the tools of the tests on Debian, trusting the registry. It has other
 * bytes than the digest says, so the engine's own table of names is told that it is the one of that digest.
 */
export async function loadBuildkitImage(
  run: TestRun,
  engine: DockerEngine,
  registry: Pick<Registry, "bundleFile">,
  image: string,
): Promise<void> {
  const folder = join(run.folder, "buildkit-image");
  const files: Record<string, string> = { "./etc/ssl/certs/ca-certificates.crt": registry.bundleFile };
  for (const name of ["buildkitd", "buildctl", "runc"] as const) files[`./usr/bin/${name}`] = await hostTool(name);
  for (const [file, source] of Object.entries(files)) {
    await mkdir(join(folder, dirname(file)), { recursive: true });
    await copyFile(source, join(folder, file));
  }
  const tar = join(run.folder, "buildkit-image.tar");
  await copyFile(await debianTar(), tar);
  const owner = ["--owner=0", "--group=0"];
  // Docker takes no path twice.
  await execute(["tar", "--delete", "--file", tar, "./etc/ssl/certs/ca-certificates.crt"]);
  await execute(["tar", "--append", "--file", tar, ...owner, "--directory", folder, ...Object.keys(files)]);
  const [name, digest] = image.split("@");
  const [repo, tag] = name.split(":");
  const query = new URLSearchParams({ fromSrc: "-", repo, tag, changes: 'ENTRYPOINT ["buildkitd"]' });
  await engine.request("POST", `/images/create?${query.toString()}`, tar);
  await engine.whileStopped(async (dataFolder) => {
    const [file] = (await readdir(join(dataFolder, "image"))).map((driver) =>
      join(dataFolder, "image", driver, "repositories.json"),
    );
    const table = JSON.parse(await readFile(file, "utf8")) as Repositories;
    table.Repositories[repo][`${repo}@${digest}`] = table.Repositories[repo][`${repo}:${tag}`];
    await writeFile(file, JSON.stringify(table), { mode: 0o600 });
  });
}

/** https://github.com/moby/moby/blob/v20.10.24/reference/store.go */
interface Repositories {
  Repositories: Record<string, Record<string, string>>;
}

/** The engine's PATH, and where the client is in it. Unpacked, not installed: an installed engine starts with the machine. */
async function layOutPrograms(folder: string): Promise<{ path: string[]; clientFolder: string }> {
  const unpacked = await prepareEngine();
  const wrappers = join(folder, "bin");
  await mkdir(wrappers);
  await writeFile(join(wrappers, "runc"), wrapper(await hostTool("runc")), { mode: 0o755 });
  const clientFolder = join(unpacked, "usr/bin");
  const path = [wrappers, join(unpacked, "usr/sbin"), clientFolder, "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
  return { path, clientFolder };
}

/** The folder that Docker's packages are unpacked in. */
export function prepareEngine(): Promise<string> {
  const script =
    'cd "$1" && shift && apt-get download "$@" && for deb in *.deb; do dpkg-deb --extract "$deb" .; rm "$deb"; done';
  return cachedFolder("docker-engine", { packages }, async (draft) => {
    await execute(["sh", "-euc", script, "sh", draft, ...packages], { timeoutMilliseconds: 600_000 });
  });
}

// Old engines give a privileged container every capability of the kernel, and the root of a container or of a small
// virtual machine may lack this one.
const wrapper = (runc: string): string => `#!/bin/sh
for word; do
  case "$previous" in
    --bundle) sed -i 's/"CAP_SYS_RESOURCE",//g' "$word/config.json" ;;
    --process) sed -i 's/"CAP_SYS_RESOURCE",//g' "$word" ;;
  esac
  previous=$word
done
exec ${runc} "$@"
`;

// Version 2 of control groups has one hierarchy, version 1 one for each controller.
const hierarchies =
  "if [ -e /sys/fs/cgroup/cgroup.controllers ]; then echo /sys/fs/cgroup; else ls -d /sys/fs/cgroup/*; fi";

// In control groups, mounts and processes of its own, all that the engine makes goes with it or is in the run's own
// groups. The groups are joined before the namespace is made, because that is what makes them its roots.
const outside = `
script=$1 name=$2
for root in $(${hierarchies}); do
  mkdir -p "$root/$name"
  for file in cpuset.cpus cpuset.mems; do
    if [ -e "$root/$file" ]; then cat "$root/$file" > "$root/$name/$file"; fi
  done
  echo 0 > "$root/$name/cgroup.procs"
done
exec unshare --cgroup --mount --pid --fork --kill-child=SIGKILL --mount-proc -- sh -euc "$script" inside "$@"
`;

const inside = `
name=$2
shift 2
mount -t tmpfs none /run
mkdir /run/upper /run/work
mount -t overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work none /etc
for root in $(${hierarchies}); do
  if [ -e "$root/$name" ]; then mount --bind "$root/$name" "$root"; fi
done
# Version 2: a group whose children have controllers holds no process itself.
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mkdir /sys/fs/cgroup/engine
  echo 0 > /sys/fs/cgroup/engine/cgroup.procs
fi
exec "$@"
`;
