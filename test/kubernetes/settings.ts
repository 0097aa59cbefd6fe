import { pauseImage } from "./images";

/** Where the parts of a cluster's machine are, and what they are called. The first has the control plane, too. */
export interface ClusterPlaces {
  folder: string;
  name: string;
  /** Of the machine, and of the first one's API server. */
  address: string;
  /** The first three numbers of its pods' addresses. */
  podNetwork: string;
  cgroup: string;
}

/** @see https://github.com/containerd/containerd/blob/v2.2.1/docs/cri/config.md */
export const containerdSettings = ({ folder }: ClusterPlaces): string => `version = 3
root = "${folder}/containerd/root"
state = "${folder}/containerd/state"
disabled_plugins = ["io.containerd.internal.v1.tracing", "io.containerd.nri.v1.nri", "io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.erofs", "io.containerd.snapshotter.v1.native", "io.containerd.differ.v1.erofs"]

[grpc]
  address = "${folder}/containerd.sock"

[plugins.'io.containerd.cri.v1.images']
  snapshotter = "overlayfs"
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = "${pauseImage}"

[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["${folder}/cni"]
    conf_dir = "${folder}/net.d"
  [plugins.'io.containerd.cri.v1.runtime'.containerd]
    default_runtime_name = "runc"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
        BinaryName = "${folder}/bin/runc"
        SystemdCgroup = false
`;

/**
 * For a machine of the tests: control groups of either version, swap as it is, no right to protect anybody from the kernel's memory
 * killer, and no iptables. JSON is YAML.
 */
export const kubeletSettings = ({ folder, cgroup }: ClusterPlaces): object => ({
  apiVersion: "kubelet.config.k8s.io/v1beta1",
  kind: "KubeletConfiguration",
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: false },
    x509: { clientCAFile: `${folder}/pki/ca.crt` },
  },
  authorization: { mode: "AlwaysAllow" },
  tlsCertFile: `${folder}/pki/server.crt`,
  tlsPrivateKeyFile: `${folder}/pki/server.key`,
  containerRuntimeEndpoint: `unix://${folder}/containerd.sock`,
  cgroupDriver: "cgroupfs",
  cgroupRoot: `/${cgroup}`,
  failCgroupV1: false,
  failSwapOn: false,
  makeIPTablesUtilChains: false,
  resolvConf: `${folder}/resolv.conf`,
  featureGates: { KubeletInUserNamespace: true },
  podLogsDir: `${folder}/pods-log`,
  imageGCHighThresholdPercent: 100,
  evictionHard: {
    "memory.available": "50Mi",
    "nodefs.available": "1%",
    "nodefs.inodesFree": "1%",
    "imagefs.available": "1%",
  },
  registerNode: true,
});

export const networkSettings = ({ folder, podNetwork }: ClusterPlaces): object => ({
  cniVersion: "1.0.0",
  name: "pods",
  plugins: [
    {
      type: "bridge",
      bridge: "cni0",
      isGateway: true,
      hairpinMode: true,
      ipam: {
        type: "host-local",
        dataDir: `${folder}/cni-state`,
        ranges: [[{ subnet: `${podNetwork}.0/24` }]],
        routes: [{ dst: "0.0.0.0/0" }],
      },
    },
  ],
});

/**
 * @param tokenReviewer whom the API server asks about tokens that it does not know: an URL. Nobody need be there.
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#webhook-token-authentication
 */
export const reviewerSettings = (tokenReviewer: string): object => ({
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: "reviewer", cluster: { server: tokenReviewer } }],
  users: [{ name: "api-server", user: {} }],
  contexts: [{ name: "reviewer", context: { cluster: "reviewer", user: "api-server" } }],
  "current-context": "reviewer",
});

export const apiServerFlags = ({ folder, address }: ClusterPlaces): string[] => [
  "--etcd-servers=http://127.0.0.1:2379",
  "--bind-address=0.0.0.0",
  "--secure-port=6443",
  `--advertise-address=${address}`,
  `--tls-cert-file=${folder}/pki/server.crt`,
  `--tls-private-key-file=${folder}/pki/server.key`,
  `--client-ca-file=${folder}/pki/ca.crt`,
  `--token-auth-file=${folder}/pki/tokens.csv`,
  `--authentication-token-webhook-config-file=${folder}/pki/reviewer.kubeconfig`,
  "--authentication-token-webhook-version=v1",
  "--authorization-mode=Node,RBAC",
  "--enable-admission-plugins=NodeRestriction",
  "--allow-privileged=true",
  "--profiling=false",
  "--service-account-issuer=https://kubernetes.default.svc",
  `--service-account-key-file=${folder}/pki/accounts.pub`,
  `--service-account-signing-key-file=${folder}/pki/accounts.key`,
  "--service-cluster-ip-range=10.96.0.0/16",
  `--kubelet-client-certificate=${folder}/pki/client.crt`,
  `--kubelet-client-key=${folder}/pki/client.key`,
  `--kubelet-certificate-authority=${folder}/pki/ca.crt`,
  "--kubelet-preferred-address-types=InternalIP",
  `--audit-policy-file=${folder}/audit.yaml`,
  `--audit-log-path=${folder}/audit.log`,
];

/** Who may do what by a token alone, as `TOKEN,NAME,UID,"GROUPS"`. */
export const users = {
  admin: { name: "admin", groups: ["system:masters"] },
  manager: { name: "system:kube-controller-manager", groups: [] },
  scheduler: { name: "system:kube-scheduler", groups: [] },
  node: { name: "system:node:node1", groups: ["system:nodes"] },
  node2: { name: "system:node:node2", groups: ["system:nodes"] },
  /** Has no right but those that a test gives. */
  builder: { name: "builder", groups: [] },
} as const;

export type ClusterUser = keyof typeof users;
