"""Programs that Debian's cloud image lacks: BuildKit's bridge needs iptables, Git contexts need git."""

import shutil
import time

from machine.command import run
from machine.console import Failure, say

PACKAGES = {"iptables": "iptables", "git": "git"}
SETTINGS = {
    # A power cut while it installs loses no more than a first boot.
    "Dpkg::Options::": "--force-unsafe-io",
    # Debian's image upgrades itself at boot, too.
    "DPkg::Lock::Timeout": "300",
    "Acquire::Retries": "3",
    "Acquire::Languages": "none",
}
APT = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in SETTINGS.items())]
ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


def install_missing():
    missing = [package for program, package in PACKAGES.items() if not shutil.which(program)]
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise Failure(
            f"the image lacks {' and '.join(missing)} and has no apt-get: use Debian's image, or one that has them"
        )
    for attempt in range(1, 6):
        try:
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
