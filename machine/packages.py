"""Programs that Debian's cloud image lacks: BuildKit's bridge needs iptables, Git contexts need git."""

import re
import shutil
import subprocess
import time

from machine.command import run
from machine.console import Failure, say

PACKAGES = {"iptables": "iptables", "ebtables-nft": "iptables", "git": "git"}
# No --force-unsafe-io: a power cut would leave empty programs, which dpkg takes for installed.
SETTINGS = {
    # Debian's image upgrades itself at boot, too.
    "DPkg::Lock::Timeout": "300",
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
    for attempt in range(1, 6):
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
            if attempt == 5:
                raise Failure(f"{' and '.join(missing)} could not be installed: {failure}") from failure
            say(f"installing {' and '.join(missing)} again: {failure}")
            time.sleep(attempt * 2)


def wait_for_sources():
    """cloud-init writes apt's at a first boot, in a service that comes after the one that has run our user data."""
    end = time.monotonic() + SOURCES_SECONDS
    while time.monotonic() < end and is_pending("cloud-config.service"):
        time.sleep(0.5)


def is_pending(unit):
    command = ["systemctl", "show", "--property=ActiveState,Job", unit]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    return bool(re.search("ActiveState=activating|Job=[1-9]", said))
