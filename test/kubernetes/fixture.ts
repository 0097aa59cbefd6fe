import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, symlink } from "node:fs/promises";
import { basename, join } from "node:path";

import { installPlugins, testPulumiHome } from "../cloud/plugins/install";
import { packageVersion } from "../cloud/plugins/versions";
import * as hosts from "../hosts";
import { waitUntil } from "../hosts/command";
import { arm64MachineName, type TestCluster, machineName, startCluster } from "./cluster";
import { trustFile } from "./images";
import { type Objects, openObjects } from "./objects";
import { kubernetesProvider } from "./tools";

/** A cluster, and a registry that its pods reach. */
export interface Kubernetes {
  run: hosts.TestRun;
  network: hosts.TestNetwork;
  authority: hosts.Authority;
  registry: hosts.Registry;
  cluster: TestCluster;
  objects: Objects;
}

export const namespace = "builds";
export const storageClass = "local";

let opened: Promise<Kubernetes> | undefined;

/** Made by the first test that asks, gone after the last. */
export function getKubernetes(): Promise<Kubernetes> {
  opened ??= open();
  return opened;
}

async function open(): Promise<Kubernetes> {
  const run = hosts.openRun();
  const network = await hosts.createNetwork(run);
  const authority = await hosts.createAuthority();
  const registry = await hosts.startRegistry(run, authority, { address: network.address });
  const cluster = await startCluster(run, network, authority);
  const objects = await openObjects(cluster.kubeconfig("admin"));
  await waitUntil("the machine", () => objects.readyMachine(machineName), { timeoutMilliseconds: 60_000 });
  await objects.createNamespace(namespace, { "pod-security.kubernetes.io/enforce": "privileged" });
  await objects.createStorageClass(storageClass);
  return { run, network, authority, registry, cluster, objects };
}

/** A volume of the machine for one claim, in which the registry is trusted. */
export async function addVolume(name: string, machine = machineName, ofClass = storageClass): Promise<void> {
  const { cluster, objects, registry } = await getKubernetes();
  const folder = join(cluster.volumes, name);
  await mkdir(folder, { recursive: true });
  await copyFile(registry.bundleFile, join(folder, trustFile));
  await objects.createVolume({ name, folder, storageClass: ofClass, machine });
}

let arm64: Promise<void> | undefined;

/** The cluster with its second machine, ready. */
export function addArm64Machine({ cluster, objects }: Kubernetes): Promise<void> {
  arm64 ??= cluster.addArm64().then(async () => {
    const isReady = () => objects.readyMachine(arm64MachineName);
    await waitUntil("the second machine", isReady, { timeoutMilliseconds: 60_000 });
    // Its kubelet tells the truth with its first status, and is then silent.
    await waitUntil("its label", () => objects.labelMachine(arm64MachineName, "kubernetes.io/arch", "arm64"), {
      timeoutMilliseconds: 30_000,
      pauseMilliseconds: 2_000,
    });
  });
  return arm64;
}

let pulumiHome: Promise<string> | undefined;

/** What Pulumi finds its providers in, the real one for Kubernetes among them. All files of a process share it. */
export function kubernetesPulumiHome(kubernetes: Kubernetes): Promise<string> {
  return (pulumiHome ??= makePulumiHome(kubernetes));
}

async function makePulumiHome({ run }: Kubernetes): Promise<string> {
  const home = join(run.folder, "pulumi-home");
  await installPlugins(home);
  const provider = await kubernetesProvider();
  const plugins = join(await testPulumiHome(), "plugins");
  const folder = join(home, "plugins", `resource-kubernetes-v${packageVersion("@pulumi/kubernetes")}`);
  await mkdir(folder, { recursive: true });
  await symlink(provider, join(folder, basename(provider)));
  for (const entry of await readdir(plugins, { withFileTypes: true })) {
    const target = join(home, "plugins", entry.name);
    // Beside a plugin's folder, Pulumi notes in a file when it was used.
    if (!entry.isDirectory() || !entry.name.startsWith("resource-docker-build-") || existsSync(target)) continue;
    await mkdir(target);
    for (const file of await readdir(join(plugins, entry.name))) {
      await symlink(join(plugins, entry.name, file), join(target, file));
    }
  }
  return home;
}

// Of the root suite: this module is loaded outside of any `describe`.
after(async function () {
  this.timeout(120_000);
  await (await opened)?.run.close();
});
