"""An instance's port: addresses, routes and the security group. See test/cloud/vpc.ts for the namespace around it."""

import contextlib

from .commands import enter, execute

# From which programs in the VPC's namespace call instances, so that rules for this address are meant for them.
CALLER_ADDRESS = "203.0.113.10"


def mac_address(private_address: str) -> str:
    """The same at every boot, and unique in the VPC."""
    return "02:00:" + ":".join(f"{int(part):02x}" for part in private_address.split("."))


class Port:
    """The VPC's end of an instance's link. Its own end is a veth pair's other half, or a tap's machine."""

    def __init__(self, vpc: str, name: str, identity: str, private_address: str) -> None:
        self.vpc = vpc
        self.name = name
        self.chain = identity
        self.private_address = private_address
        self.public_address: str | None = None
        self.ingress: list[dict] = []
        self.is_partitioned = False
        self.connected = False

    def connect(self, public_address: str | None) -> None:
        """The link is there. The security group comes before the first packet can."""
        # Neighbours of the same subnet are reached through the VPC, too: it answers for their addresses, and at once.
        settings = f"""
            echo 1 > /proc/sys/net/ipv4/conf/{self.name}/proxy_arp
            echo 0 > /proc/sys/net/ipv4/neigh/{self.name}/proxy_delay
        """
        execute(*enter(self.vpc, "sh", "-euc", settings))
        self._nft(
            f"add chain inet vpc {self.chain}\n"
            f"add element inet vpc groups {{ {self.private_address} : jump {self.chain} }}\n"
        )
        self.connected = True
        self._nft(self._partition(self.is_partitioned))
        self.set_ingress(self.ingress)
        self._route(self.private_address, "replace")
        self.set_public_address(public_address)

    def disconnect(self) -> None:
        if not self.connected:
            return
        self.set_public_address(None)
        self.connected = False
        # An instance that starts again is on another host.
        self.is_partitioned = False
        self._nft(
            self._partition(False) + f"delete element inet vpc groups {{ {self.private_address} }}\n"
            f"flush chain inet vpc {self.chain}\n"
            f"delete chain inet vpc {self.chain}\n"
        )

    def set_public_address(self, address: str | None) -> None:
        if not self.connected or address == self.public_address:
            return
        if self.public_address:
            self._nft(f"delete element inet vpc public {{ {self.public_address} }}\n")
            with contextlib.suppress(RuntimeError):
                # It is gone with the link, when the machine has ended by itself.
                self._route(self.public_address, "delete")
        self.public_address = address
        if address:
            self._nft(f"add element inet vpc public {{ {address} : {self.private_address} }}\n")
            self._route(address, "replace")

    def set_partition(self, is_on: bool) -> None:
        self.is_partitioned = is_on
        if self.connected:
            self._nft(self._partition(self.is_partitioned))

    def set_ingress(self, rules: list[dict]) -> None:
        self.ingress = rules
        if not self.connected:
            return
        lines = [f"add rule inet vpc {self.chain} {text}\n" for text in map(rule_text, rules) if text]
        # All in one transaction, so that no packet meets half a security group.
        self._nft(f"flush chain inet vpc {self.chain}\n{''.join(lines)}add rule inet vpc {self.chain} drop\n")

    def _partition(self, is_on: bool) -> str:
        # Added first, because what is not there can't be deleted.
        element = f'element inet vpc partitioned {{ "{self.name}" }}\n'
        return f"add {element}" if is_on else f"add {element}delete {element}"

    def _route(self, address: str, action: str) -> None:
        execute("ip", "-n", self.vpc, "route", action, f"{address}/32", "dev", self.name, "src", CALLER_ADDRESS)

    def _nft(self, commands: str) -> None:
        execute(*enter(self.vpc, "nft", "-f", "-"), text=commands)


def rule_text(rule: dict) -> str:
    """One rule of a security group for nft; empty for what concerns IPv6, which the tests' VPC does not carry."""
    if ":" in rule["cidr"]:
        return ""
    source = f"ip saddr {rule['cidr']}"
    protocol = str(rule["protocol"])
    if protocol in ("tcp", "udp"):
        return f"{source} {protocol} dport {rule['fromPort']}-{rule['toPort']} accept"
    return f"{source} accept" if protocol == "-1" else f"{source} meta l4proto {protocol} accept"
