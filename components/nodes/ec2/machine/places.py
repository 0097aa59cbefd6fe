"""Where a node keeps what."""

PROGRAM = "/usr/local/lib/multi-platform-image"
NAMES = "/etc/multi-platform-image/parameters.json"
KNOWN_SETTINGS = "/var/lib/multi-platform-image/settings.json"
VERSIONS = "/opt/buildkit"
CURRENT = "/opt/buildkit/current"
STATE = "/var/lib/buildkit"
SPARE = f"{STATE}/spare"
# Where it is, STATE is on the system's disk, for as long as that lives.
COLD = "/var/lib/multi-platform-image/cold"
CONFIGURATION = "/etc/buildkit/buildkitd.toml"
SOCKET = "/run/buildkit/buildkitd.sock"
# A tmpfs: what lies here is gone when the node stops.
RUN = "/run/multi-platform-image"
TLS = f"{RUN}/tls"
CA = f"{TLS}/ca.pem"
APPLIED = f"{RUN}/applied"
REFUSED = f"{RUN}/refused"
STARTS = f"{RUN}/starts"
# How often in a row the firewall could not be set.
UNPROTECTED = f"{RUN}/unprotected"
LAST_ACTIVE = f"{RUN}/last-active"
