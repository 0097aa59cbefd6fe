"""What a build's RUN steps may reach: everything but the node itself, its instance metadata and each other."""

from machine.command import run

BRIDGE = "buildkit0"
# As in buildkitd.toml.
STEPS = "192.0.2.0/24"
CHAIN = "MULTI-PLATFORM-IMAGE"
# Before routing and before the rules that CNI's plugins put in front of all others in FORWARD.
TABLE = "raw"
RULES = {
    "": [
        f"-A PREROUTING -i {BRIDGE} -j {CHAIN}",
        # Where the role's credentials are.
        f"-A {CHAIN} -d 169.254.169.254/32 -j DROP",
        # The daemon's port, ssh, and whatever else listens on any of the node's addresses.
        f"-A {CHAIN} -m addrtype --dst-type LOCAL -j DROP",
        # Other steps, by way of the node.
        f"-A {CHAIN} -d {STEPS} -j DROP",
    ],
    # The bridge has no IPv6 but its link-local addresses, which lead to the node.
    "6": [f"-A PREROUTING -i {BRIDGE} -j {CHAIN}", f"-A {CHAIN} -j DROP"],
}


def apply():
    """While no RUN step lives: also takes away what CNI's plugins left for steps that were killed."""
    for family, rules in RULES.items():
        restore(family, TABLE, with_rules(save(family, TABLE), TABLE, rules))
    for table in ("nat", "filter"):
        restore("", table, without_cni(save("", table)))
    # Steps are neighbours on the bridge, and what it forwards itself meets none of these rules: ARP and IPv6, too. For all
    # bridges, because not every kernel can name one here (CONFIG_NFT_BRIDGE_META), and a node has no other.
    run(["ebtables-nft", "-P", "FORWARD", "DROP"])


def with_rules(saved, table, rules):
    lines = [line for line in saved.splitlines() if CHAIN not in line and line and line[0] in ":-"]
    return "\n".join([f"*{table}", *lines, f":{CHAIN} - [0:0]", *rules, "COMMIT", ""])


def without_cni(saved):
    """Every rule of the plugins is in, or jumps to, a chain named CNI-…"""
    return "\n".join([line for line in saved.splitlines() if "CNI-" not in line] + [""])


def save(family, table):
    return run([f"ip{family}tables-save", "-t", table])


def restore(family, table, text):
    if text.strip():
        run([f"ip{family}tables-restore", "-w", "10", "-T", table], input=text)
