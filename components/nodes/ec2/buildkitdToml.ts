import { type BuildkitdSettings, parallelismLine, registryTables } from "../../buildkit/toml";
import { buildkitPort } from "./connection";

/**
 * A node's buildkitd.toml; machine/places.py has the same paths. What is not here is off: the debug address, all
 * entitlements. Any frontend is allowed (`# syntax=`): it runs as unprivileged as a RUN step.
 *
 * Garbage collection goes by how much of the volume is free. Ages are of the clock, and a node sleeps most of the time:
 * BuildKit's own rules would throw cache mounts away over a weekend, and their cap of 100 GB would waste larger volumes.
 * @see https://github.com/moby/buildkit/blob/v0.33.1/cmd/buildkitd/config/config.go
 * https://github.com/moby/buildkit/blob/v0.33.1/cache/manager.go (`calculateKeepBytes`, `pruneOnce`)
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

# What is copied anew anyway, or only makes builds faster.
[[worker.oci.gcpolicy]]
filters = ["type==source.local", "type==source.git.checkout", "type==exec.cachemount"]
keepDuration = "720h"
maxUsedSpace = "30%"

# A fifth of the volume stays free: BuildKit rounds its percentages. Without a maximum it removes a record each time.
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
