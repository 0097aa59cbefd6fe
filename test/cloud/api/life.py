"""An instance as the API knows it, with its machine."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from moto.ec2.models.instances import Instance
from moto.ec2.models.security_groups import SecurityGroup

_CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}


@dataclass
class Life:
    """An instance and its machine."""

    instance: Instance
    machine: Any
    # One order at a time for the machine. Taken before the world's lock, never inside it.
    machine_lock: threading.RLock = field(default_factory=threading.RLock)
    up: bool = False
    boots: int = 0
    # What ended the guest, when it was not the guest.
    ended_by: tuple[str, str] | None = None
    # Whether whoever stopped it did not want to wait for its system.
    skips_shutdown: bool = False
    started: float = 0.0
    # Since when its network is cut, if it is.
    cut_since: float | None = None
    # When AWS takes a spot instance back, once it has said so.
    notice: float | None = None
    # Where the text of this boot begins.
    console_start: int = 0
    # The console at the last stop: all that GetConsoleOutput has without `Latest`.
    last_console: str = ""

    @property
    def state(self) -> str:
        return self.instance._state.name

    def set_state(self, state: str) -> None:
        # A new object: an answer that is being written may hold the old one.
        old = self.instance._state
        self.instance._state = type(old)(state, _CODES[state])


def groups_of(instance: Instance) -> list[SecurityGroup]:
    """Also those that were given with a network interface, as the aws provider does it for public addresses."""
    return list({group.id: group for nic in instance.nics.values() for group in nic.group_set}.values())
