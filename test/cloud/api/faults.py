"""Faults that tests order: errors of calls, and instances that do not come up."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from .errors import Refusal
from .world import Call

# `machine` faults, taken by the next boot: it "runs" without ever booting, or AWS gives it up at once.
NEVER_BOOTS = "never-boots"
ENDS_AT_ONCE = "ends-at-once"
# Taken by the next boot of a machine with a clock of its own: seconds by which that is off.
CLOCKS = {"clock-one-hour-slow": -3600, "clock-one-hour-fast": 3600}
MACHINE_FAULTS = (NEVER_BOOTS, ENDS_AT_ONCE, *CLOCKS)


# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
_CAPACITY = {
    "InsufficientFreeAddressesInSubnet": "There are not enough free addresses in the subnet to satisfy the requested "
    "number of instances.",
    "InsufficientInstanceCapacity": "We currently do not have sufficient {type} capacity in the Availability Zone you "
    "requested ({zone}). Our system will be working on provisioning additional capacity.",
    "MaxSpotInstanceCountExceeded": "Max spot instance count exceeded",
    "SpotMaxPriceTooLow": "Your Spot request price is lower than the minimum required Spot request fulfillment price.",
    "UnfulfillableCapacity": "Unable to fulfill capacity due to your request configuration. Please adjust your request "
    "and try again.",
    "VcpuLimitExceeded": "You have requested more vCPU capacity than your current vCPU limit of 0 allows for the "
    "instance bucket that the specified instance type belongs to. Please visit "
    "http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.",
}
_NO_SPOT = "There is no Spot capacity available that matches your request."


class Faults:
    """
    Each is `{operation, code, message, caller?, count?}`, `{capacity, message?, instanceType?, zone?, capacityType?,
    count?}` or `{machine, count?}`. Without a count it stays.
    """

    def __init__(self) -> None:
        self.ordered: list[dict[str, Any]] = []

    def order(self, faults: list[dict[str, Any]]) -> None:
        for fault in faults:
            known = "capacity" in fault or fault.get("machine") in MACHINE_FAULTS
            if not known and not {"operation", "code", "message"} <= fault.keys():
                kinds = "neither an error of an operation nor a lack of capacity nor a machine's fault"
                raise ValueError(f"{fault} is {kinds}")
        self.ordered = faults

    def strike(self, call: Call) -> None:
        for fault in self.ordered:
            if (
                fault.get("operation") == call.operation
                and fault.get("caller", call.identity.kind) == call.identity.kind
            ):
                if self._take(fault):
                    raise Refusal(fault["code"], fault["message"])

    def strike_capacity(self, instance_type: str, zone: str | None, capacity_type: str) -> None:
        """A launch of this type in this zone and market."""
        asked = {"instanceType": instance_type, "zone": zone, "capacityType": capacity_type}
        for fault in self.ordered:
            code = fault.get("capacity")
            if not code or any(fault.get(name, value) != value for name, value in asked.items()):
                continue
            if self._take(fault):
                is_spot = code == "InsufficientInstanceCapacity" and capacity_type == "spot"
                text = _NO_SPOT if is_spot else _CAPACITY.get(code, code)
                raise Refusal(code, fault.get("message") or text.format(type=instance_type, zone=zone))

    def next_machine(self, kinds: Container[str]) -> str | None:
        """The next of these kinds that was ordered."""
        for fault in self.ordered:
            if fault.get("machine") in kinds and self._take(fault):
                return fault["machine"]
        return None

    @staticmethod
    def _take(fault: dict[str, Any]) -> bool:
        left = fault.get("count")
        if left == 0:
            return False
        if left is not None:
            fault["count"] = left - 1
        return True
