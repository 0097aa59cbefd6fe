import { type BuildkitdSettings, parallelismLine, registryTables } from "../../../buildkit/toml";
import { buildkitPort } from "../../ec2/connection";

/**
 * buildkitd.toml of a pod. It listens on the pod's loopback alone, which the API's port-forward reaches and no other pod does;
 * RUN steps share it, so that only mTLS keeps them out.
 * @see https://github.com/containerd/containerd/blob/v2.2.1/internal/cri/server/sandbox_portforward_linux.go
 */
export function buildkitdToml(settings: BuildkitdSettings): string {
  return `root = "/var/lib/buildkit"

[grpc]
address = ["unix:///run/buildkit/buildkitd.sock", "tcp://127.0.0.1:${buildkitPort}"]

# With a CA every client needs a certificate of it.
[grpc.tls]
ca = "/etc/multi-platform-image/tls/ca.crt"
cert = "/etc/multi-platform-image/tls/tls.crt"
key = "/etc/multi-platform-image/tls/tls.key"

# Devices would be an entitlement that every build has.
[cdi]
disabled = true

# Logs and build arguments, which every client of the node can read.
[history]
maxAge = "24h"
maxEntries = 100

[worker.containerd]
enabled = false

[worker.oci]
enabled = true
networkMode = "host"
${parallelismLine(settings)}gc = true

# As on EC2: by how much of the volume is free, because a pod is there while somebody builds.
[[worker.oci.gcpolicy]]
filters = ["type==source.local", "type==source.git.checkout", "type==exec.cachemount"]
keepDuration = "720h"
maxUsedSpace = "30%"

[[worker.oci.gcpolicy]]
reservedSpace = "10%"
minFreeSpace = "22%"
maxUsedSpace = "100%"

[[worker.oci.gcpolicy]]
all = true
reservedSpace = "10%"
minFreeSpace = "22%"
maxUsedSpace = "100%"
${registryTables(settings)}`;
}
