"""A machine that only has states, for tests of the API alone: it runs until it is told to stop, or its node's program ends it."""

import threading
import time
from collections.abc import Callable
from typing import Any

_LOOK_SECONDS = 0.5


class NoMachine:
    def __init__(self, settings: dict[str, Any], end_reason: Callable[[float], str | None]):
        """`end_reason`: why its program, which knows when it was booted, stops it now."""
        self.id = settings["id"]
        self._end_reason = end_reason
        # Of the program: what else ends a node, a test sees without it.
        self._is_watched = True
        self._booted = 0.0
        # As EC2 tells it of the outside.
        self.cpu_percent = 0.0
        self._down = threading.Event()
        self._console = ""
        # What a real machine was told, so that tests of the API see that it would have been.
        self.ingress: list[dict[str, Any]] = []
        self.volumes: dict[str, str] = {}
        self.public_address: str | None = None
        self.is_partitioned = False
        self.clock_offset_seconds = 0

    def boot(self, public_address: str | None) -> None:
        self.public_address = public_address
        self._console += f"booted {self.id}\n"
        self._booted = time.time()
        self._is_watched = True
        self._down.clear()

    def wait(self) -> None:
        while not self._down.wait(_LOOK_SECONDS):
            reason = self._end_reason(self._booted) if self._is_watched else None
            if reason:
                self._console += f"{reason}\n"
                return

    def shut_down(self) -> None:
        self._down.set()

    def kill(self) -> None:
        self._down.set()

    def attach(self, volume_id: str, file: str) -> None:
        self.volumes[volume_id] = file

    def detach(self, volume_id: str) -> None:
        self.volumes.pop(volume_id, None)

    def set_public_address(self, address: str | None) -> None:
        self.public_address = address

    def set_partition(self, is_on: bool) -> None:
        self.is_partitioned = is_on

    def set_ingress(self, rules: list[dict[str, Any]]) -> None:
        self.ingress = rules

    def console(self) -> str:
        return self._console

    def run(self, command: str) -> str:
        """In place of what would run inside: a guest's own `poweroff`, the end of its program for all of this boot, and work."""
        if command == "poweroff":
            self._down.set()
            return ""
        if command.startswith("use-processor "):
            self.cpu_percent = float(command.split()[1])
            return ""
        if command == "kill-watch":
            self._is_watched = False
            return ""
        return f"no machine runs `{command}`"
