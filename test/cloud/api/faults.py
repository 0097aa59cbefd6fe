"""Faults that tests order: errors of calls, and instances that do not come up."""

from __future__ import annotations

from typing import Any

from .errors import Refusal
from .world import Call

# `machine` faults, taken by the next boot: it "runs" without ever booting, or AWS gives it up at once.
NEVER_BOOTS = "never-boots"
ENDS_AT_ONCE = "ends-at-once"


class Faults:
    """Each is `{operation, code, message, caller?, count?}` or `{machine, count?}`. Without a count it stays."""

    def __init__(self) -> None:
        self.ordered: list[dict[str, Any]] = []

    def order(self, faults: list[dict[str, Any]]) -> None:
        for fault in faults:
            if not (
                {"operation", "code", "message"} <= fault.keys() or fault.get("machine") in (NEVER_BOOTS, ENDS_AT_ONCE)
            ):
                raise ValueError(f"{fault} is neither an error of an operation nor a fault of a machine")
        self.ordered = faults

    def strike(self, call: Call) -> None:
        for fault in self.ordered:
            if (
                fault.get("operation") == call.operation
                and fault.get("caller", call.identity.kind) == call.identity.kind
            ):
                if self._take(fault):
                    raise Refusal(fault["code"], fault["message"])

    def next_machine(self) -> str | None:
        return next((fault["machine"] for fault in self.ordered if "machine" in fault and self._take(fault)), None)

    @staticmethod
    def _take(fault: dict[str, Any]) -> bool:
        left = fault.get("count")
        if left == 0:
            return False
        if left is not None:
            fault["count"] = left - 1
        return True
