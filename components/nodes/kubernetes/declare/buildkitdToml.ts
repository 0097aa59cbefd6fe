import {
  type BuildkitdSettings,
  nodeTables,
  parallelismLine,
  registryTables,
  volumePolicies,
} from "../../../buildkit/toml";
import { buildkitPort } from "../../daemonAddress";

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

${nodeTables}
[worker.oci]
enabled = true
networkMode = "host"
${parallelismLine(settings)}gc = true

${volumePolicies}${registryTables(settings)}`;
}
