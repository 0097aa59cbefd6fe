"""What the two kinds of machine have in common."""

import os
import threading
from abc import ABC, abstractmethod
from pathlib import Path

from .network import Port


class Machine(ABC):
    """
    An instance's machine. Its disk, its volumes and its console's text survive that it is off.

    One thread waits for its end, however it comes, and takes down what it stood on; only then is it off.
    """

    def __init__(self, settings: dict) -> None:
        self.settings = settings
        self.name: str = settings["name"]
        self.image = Path(settings["imageFolder"])
        self.folder = Path(settings["folder"])
        self.port = Port(settings["namespace"], self.name, settings["id"], settings["privateAddress"])
        self.volumes: dict[str, str] = {}
        # Of the next boot, where the machine has a clock of its own.
        self.clock_offset_seconds = 0
        self.console_file = self.folder / "console.log"
        self._lock = threading.RLock()
        self._off = threading.Event()
        self._off.set()

    def boot(self, public_address: str | None) -> None:
        """Returns when the machine runs; its system is not up then."""
        if not self._off.is_set():
            raise RuntimeError(f"{self.name} is on already")
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._start(public_address)
        except BaseException:
            self._take_down()
            raise
        self._off.clear()
        threading.Thread(target=self._watch, name=self.name, daemon=True).start()

    def wait(self) -> None:
        """Until the machine is off: by itself, by a crash or by the calls below."""
        self._off.wait()

    def shut_down(self) -> None:
        """As EC2 stops an instance: asks its system first, and cuts the power when it takes too long."""
        self._ask_to_end()
        if not self._off.wait(60):
            self.kill()

    def kill(self) -> None:
        """Cuts the power."""
        if not self._off.is_set():
            self._cut_power()
        self._off.wait()

    def attach(self, volume_id: str, file: str) -> None:
        """The volume's device appears while the system runs, or is there at the next boot."""
        with self._lock:
            self.volumes[volume_id] = file
            if not self._off.is_set():
                self._plug(volume_id, file)

    def detach(self, volume_id: str) -> None:
        with self._lock:
            file = self.volumes.pop(volume_id, None)
            if file is not None and not self._off.is_set():
                self._unplug(volume_id)

    def set_public_address(self, address: str | None) -> None:
        self.port.set_public_address(address)

    def set_ingress(self, rules: list[dict]) -> None:
        """Rules of all its security groups together; whatever none allows is dropped."""
        self.port.set_ingress(rules)

    def set_partition(self, is_on: bool) -> None:
        """Drops all that it sends and all that is sent to it, on connections that stand, too."""
        self.port.set_partition(is_on)

    def console(self) -> str:
        """What it has printed since its first boot."""
        return self.console_file.read_text(errors="replace") if self.console_file.exists() else ""

    def _watch(self) -> None:
        try:
            self._wait_for_end()
        finally:
            with self._lock:
                self._take_down()
                self._off.set()

    def _run_certificate(self) -> str:
        """Of the run's own authority, which the AMI cannot know: it is older."""
        return (Path(self.settings["shared"]) / "ca.pem").read_text()

    def _environment(self) -> dict[str, str]:
        return {**os.environ}

    @abstractmethod
    def _start(self, public_address: str | None) -> None: ...

    @abstractmethod
    def _wait_for_end(self) -> None: ...

    @abstractmethod
    def _take_down(self) -> None:
        """Everything that the machine stood on, or a part of it after a failed start."""

    @abstractmethod
    def _ask_to_end(self) -> None: ...

    @abstractmethod
    def _cut_power(self) -> None: ...

    @abstractmethod
    def _plug(self, volume_id: str, file: str) -> None: ...

    @abstractmethod
    def _unplug(self, volume_id: str) -> None: ...
