import {
  type BuildkitdSettings,
  nodeTables,
  parallelismLine,
  registryTables,
  volumePolicies,
} from "../../buildkit/toml";
import { buildkitPort } from "../daemonAddress";

/**
 * A node's buildkitd.toml; machine/places.py has the same paths. What is not here is off: the debug address, all
 * entitlements. Any frontend is allowed (`# syntax=`): it runs as unprivileged as a RUN step.
 * @see https://github.com/moby/buildkit/blob/v0.33.1/cmd/buildkitd/config/config.go
 */
export function buildkitdToml(settings: BuildkitdSettings): string {
  return `root = "/var/lib/buildkit"

[grpc]
address = ["tcp://0.0.0.0:${buildkitPort}", "unix:///run/buildkit/buildkitd.sock"]

# With a CA every client needs a certificate of it.
[grpc.tls]
ca = "/run/multi-platform-image/tls/ca.pem"
cert = "/run/multi-platform-image/tls/cert.pem"
key = "/run/multi-platform-image/tls/key.pem"

${nodeTables}
[worker.oci]
enabled = true
snapshotter = "overlayfs"
networkMode = "bridge"
bridgeName = "buildkit0"
# The default, 10.10.0.0/16, may be part of the VPC. This is RFC 5737's TEST-NET-1, which no network is.
bridgeSubnet = "192.0.2.0/24"
# Made in advance, because making one takes some 0.1 s of a step.
cniPoolSize = 4
# In the service's own control group RUN steps end with it.
defaultCgroupParent = "system.slice/buildkit.service"
${parallelismLine(settings)}gc = true

${volumePolicies}${registryTables(settings)}`;
}
