"""Volumes as block devices of this machine."""

import contextlib
import time
from pathlib import Path

from .commands import execute


class LoopDevices:
    def __init__(self) -> None:
        self.devices: dict[str, str] = {}

    def take(self, volume_id: str, file: str) -> str:
        if volume_id not in self.devices:
            self.devices[volume_id] = execute("losetup", "--find", "--show", file).strip()
        return self.devices[volume_id]

    def release(self, volume_id: str) -> None:
        device = self.devices.pop(volume_id, None)
        if device:
            # One that is still mounted goes with its last user.
            with contextlib.suppress(RuntimeError):
                execute("losetup", "--detach", device)
            _wait_until_free(device)

    def release_all(self) -> None:
        for volume_id in list(self.devices):
            self.release(volume_id)


def _wait_until_free(device: str) -> None:
    """Two devices of one file would not see what the other has written, so that the next must not come too early."""
    backing = Path("/sys/block", Path(device).name, "loop/backing_file")
    deadline = time.monotonic() + 10
    while backing.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
