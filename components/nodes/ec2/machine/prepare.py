"""Makes the node ready, at each boot and whenever its settings have changed: all that it finds done, it leaves."""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from machine import archive, builds, files, kernel, packages, parameters, places, trust, volume
from machine.command import run, succeeds
from machine.console import Failure, fail, milestone, say


def main():
    fingerprint = "unread"
    try:
        with ThreadPoolExecutor() as pool:
            tasks = [pool.submit(step, packages.install_missing, "packages ready")]
            wanted = step(parameters.read_patiently, "settings read")
            fingerprint = wanted.fingerprint()
            unpacked = pool.submit(step, lambda: archive.install(wanted.settings["buildkit"]), "BuildKit verified")
            mount = pool.submit(
                step, lambda: volume.mount(wanted.settings["volumeId"], lambda: is_told_cold(wanted)), "cache ready"
            )
            tasks += [unpacked, mount]
            for task in tasks:
                task.result()
        apply(wanted, unpacked.result())
        files.remove(places.REFUSED)
    except Exception as error:  # whatever it is, the console must say so
        fail(error if isinstance(error, Failure) else f"{type(error).__name__}: {error}")
        files.write(places.REFUSED, fingerprint)
        sys.exit(1)


def step(work, name):
    result = work()
    # Of a boot: later all but the new is there.
    if not files.read(places.APPLIED):
        milestone(name)
    return result


def is_told_cold(wanted):
    if wanted.is_cold or not wanted.settings.get("isEphemeral"):
        return wanted.is_cold
    try:
        return parameters.read().is_cold
    except Failure:
        # Asked again in a moment.
        return False


def apply(wanted, folder):
    running = succeeds(["systemctl", "is-active", "--quiet", "buildkit"])
    if running and files.read(places.APPLIED) == wanted.fingerprint():
        return
    if running and trust.is_revoked(wanted):
        # The watch's part, which has the newest ones: these may have been read minutes ago, before the others were revoked.
        return
    if running and (builds.active() or wanted.lease > time.time()):
        say("changed settings wait until the node is idle")
        return
    kernel.set_all(kernel.NETWORK)
    trust.take(wanted.tls)
    files.write(places.CONFIGURATION, wanted.settings["buildkitdToml"])
    link(folder)
    run(["systemctl", "restart", "--no-block", "buildkit"])
    files.write(places.APPLIED, wanted.fingerprint())
    if running:
        say(f"changed settings are applied, with BuildKit {wanted.settings['buildkit']['version']}")


def link(folder):
    draft = f"{places.CURRENT}.draft"
    files.remove(draft)
    os.symlink(folder, draft)
    os.replace(draft, places.CURRENT)


if __name__ == "__main__":
    main()
