"""Programs that an image may lack: BuildKit's bridge needs iptables, which Debian's own has, and Git contexts need git."""

import itertools
import re
import shutil
import subprocess
import time

from machine.command import run
from machine.console import Failure, say

PACKAGES = {"iptables": "iptables", "ebtables-nft": "iptables", "git": "git"}
# Debian's image upgrades itself, too (unattended-upgrades).
LOCK_SECONDS = 300
# No --force-unsafe-io: a power cut would leave empty programs, which dpkg takes for installed.
SETTINGS = {
    "DPkg::Lock::Timeout": str(LOCK_SECONDS),
    "Acquire::Retries": "3",
    "Acquire::Languages": "none",
}
SOURCES_SECONDS = 120
APT = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in SETTINGS.items())]
ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


def install_missing():
    missing = sorted({package for program, package in PACKAGES.items() if not shutil.which(program)})
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise Failure(
            f"the image lacks {' and '.join(missing)} and has no apt-get: use Debian's image, or one that has them"
        )
    wait_for_sources()
    end = time.monotonic() + LOCK_SECONDS
    for attempt in itertools.count(1):
        try:
            # After a power cut in the middle.
            run(["dpkg", "--configure", "-a"], timeout=600, env=ENVIRONMENT)
            run([*APT, "update"], timeout=300, env=ENVIRONMENT)
            run(
                [*APT, "install", "--yes", "--no-install-recommends", *missing],
                timeout=600,
                env=ENVIRONMENT,
            )
            return
        except Failure as failure:
            # Of a lock that another holds only `install` waits for the end: dpkg and `update` fail at once.
            is_locked = "lock" in str(failure) and time.monotonic() < end
            if attempt >= 5 and not is_locked:
                raise Failure(f"{' and '.join(missing)} could not be installed: {failure}") from failure
            say(f"installing {' and '.join(missing)} again: {failure}")
            time.sleep(min(attempt * 2, 10))


def wait_for_sources():
    """cloud-init writes apt's at a first boot, in a service that comes after the one that has run our user data."""
    end = time.monotonic() + SOURCES_SECONDS
    while time.monotonic() < end and is_pending("cloud-config.service"):
        time.sleep(0.5)


def is_pending(unit):
    command = ["systemctl", "show", "--property=ActiveState,Job", unit]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    return bool(re.search("ActiveState=activating|Job=[1-9]", said))
