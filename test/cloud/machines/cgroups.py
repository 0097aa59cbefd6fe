"""A container's own control group, of version 2 only."""

import contextlib
import os
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


class Cgroup:
    """Beside the version 1 hierarchies of a hybrid machine the group is made in systemd's, too: nspawn looks there."""

    def __init__(self, name: str) -> None:
        hybrid = [ROOT / "unified", ROOT / "systemd"]
        parents = hybrid if hybrid[0].exists() else [ROOT]
        self.folders = [parent / name for parent in parents if parent.exists()]

    def create(self) -> None:
        for folder in self.folders:
            folder.mkdir(exist_ok=True)

    def enter(self) -> list[str]:
        """The start of a command line that runs the rest of it in this group."""
        script = 'for group in $1; do echo $$ > "$group/cgroup.procs"; done; shift; exec "$@"'
        return ["sh", "-euc", script, "sh", " ".join(map(str, self.folders))]

    def kill(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            (self.folders[0] / "cgroup.kill").write_text("1")

    def destroy(self) -> None:
        self.kill()
        deadline = time.monotonic() + 10
        while any(folder.exists() for folder in self.folders) and time.monotonic() < deadline:
            for folder in self.folders:
                remove_groups(folder)
            time.sleep(0.02)


def remove_groups(folder: Path) -> None:
    """Deepest first; a group that still holds a dying process stays."""
    for path, _, _ in os.walk(folder, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(path)
