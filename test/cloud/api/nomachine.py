"""A machine that only has states, for tests of the API alone: it runs until it is told to stop."""

import threading
from typing import Any


class NoMachine:
    def __init__(self, settings: dict[str, Any]):
        self.id = settings["id"]
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
        self._down.clear()

    def wait(self) -> None:
        self._down.wait()

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
        """In place of a guest's own `poweroff`."""
        if command == "poweroff":
            self._down.set()
            return ""
        return f"no machine runs `{command}`"
