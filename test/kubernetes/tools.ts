import { join } from "node:path";

import { prepareTools } from "../../tools";
import { prepare } from "../../tools/prepare";
import type { ToolTable } from "../../tools/recipe";
import { releaseTools } from "../cloud/downloadsTools";

export const kubernetesVersion = "1.35.4";
const containerdVersion = "2.2.5";
/** The newest that the module proxy serves as source is between this version and the next. */
const providerVersion = "4.29.0";

const versionPackages = ["k8s.io/client-go/pkg/version", "k8s.io/component-base/version"];
const [major, minor] = kubernetesVersion.split(".");
/** As Kubernetes' own build sets them: https://github.com/kubernetes/kubernetes/blob/v1.35.4/hack/lib/version.sh */
const versionFacts = { gitMajor: major, gitMinor: minor, gitTreeState: "clean", gitVersion: `v${kubernetesVersion}` };

/** A real cluster's programs, all built from their Go modules. */
const table: ToolTable = {
  // etcd, the API server, the controller manager, the scheduler and the kubelet in one, by the name that it is called by.
  kubernetes: {
    version: kubernetesVersion,
    binary: "kubernetes",
    os: "linux",
    module: {
      recipe: "kubernetes",
      package: ".",
      variables: Object.fromEntries(
        versionPackages.flatMap((name) =>
          Object.entries(versionFacts).map(([fact, value]) => [`${name}.${fact}`, value]),
        ),
      ),
    },
  },
  containerd: {
    version: containerdVersion,
    binary: "containerd",
    os: "linux",
    module: {
      recipe: "containerd",
      package: ".",
      tags: ["no_btrfs", "no_zfs", "no_devmapper"],
      variables: { "github.com/containerd/containerd/v2/version.Version": `v${containerdVersion}` },
    },
  },
  "containerd-shim": {
    version: containerdVersion,
    binary: "containerd-shim-runc-v2",
    os: "linux",
    module: {
      recipe: "containerd",
      package: "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
      variables: { "github.com/containerd/containerd/v2/version.Version": `v${containerdVersion}` },
    },
  },
  provider: {
    version: providerVersion,
    binary: "pulumi-resource-kubernetes",
    module: {
      recipe: "pulumi-kubernetes",
      package: ".",
      variables: { "github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version.Version": providerVersion },
    },
  },
};

/** Paths of the programs of a cluster and of its pods, made ready when they are not. */
export interface KubernetesTools {
  kubernetes: string;
  containerd: string;
  shim: string;
  runc: string;
  buildkitd: string;
  buildctl: string;
  /** The plugins of the pods' network, by their plain names. */
  cni: Record<string, string>;
}

const options = { table, recipes: join(__dirname, "../../tools/offline") };

/** Path of Pulumi's real provider for Kubernetes, made ready when it is not. */
export async function kubernetesProvider(): Promise<string> {
  const [{ path }] = await prepare(["provider"], options);
  return path;
}

let prepared: Promise<KubernetesTools> | undefined;

export function kubernetesTools(): Promise<KubernetesTools> {
  prepared ??= make();
  return prepared;
}

async function make(): Promise<KubernetesTools> {
  const [kubernetes, containerd, shim] = await prepare(["kubernetes", "containerd", "containerd-shim"], options);
  const own = await prepareTools(["runc", "buildkitd", "buildctl"]);
  const pathOf = (name: string) => own.find((tool) => tool.name === name)?.path ?? "";
  const network = await releaseTools("", "linux/amd64");
  const cni = network.flatMap(({ name, path }) => {
    const [, plain] = /^buildkit-cni-(.*)$/.exec(name) ?? [];
    return plain ? [[plain, path] as const] : [];
  });
  return {
    kubernetes: kubernetes.path,
    containerd: containerd.path,
    shim: shim.path,
    runc: pathOf("runc"),
    buildkitd: pathOf("buildkitd"),
    buildctl: pathOf("buildctl"),
    cni: Object.fromEntries(cni),
  };
}
