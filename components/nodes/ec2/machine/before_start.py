"""Before each start of buildkitd: takes away what a killed one left, puts state aside that it can't start with."""

import glob
import os
import shutil
import time

from machine import files, firewall, places
from machine.command import run
from machine.console import Failure, fail, say

STARTS_BEFORE_QUARANTINE = 3
QUARANTINE = f"{places.STATE}/quarantine-"


def main():
    # Processes ended with their control group, mounts with the service's mount namespace.
    for path in ("/run/runc", "/var/lib/cni/networks/buildkit", f"{places.STATE}/net/cni"):
        shutil.rmtree(path, ignore_errors=True)
    remove_bundles()
    protect()
    starts = count(places.STARTS)
    files.write(places.STARTS, str(starts + 1))
    if starts in (STARTS_BEFORE_QUARANTINE, 2 * STARTS_BEFORE_QUARANTINE):
        fail(f"buildkitd did not start {starts} times in a row: {last_words()}")
    # cache.db and history.db repair themselves; containerdmeta.db and metadata_v2.db don't.
    # https://github.com/moby/buildkit/blob/v0.33.1/worker/runc/runc.go
    if starts == STARTS_BEFORE_QUARANTINE:
        put_aside()
        say("the cache was put aside: the node starts with an empty one")
    if starts == 2 * STARTS_BEFORE_QUARANTINE and put_back():
        say("the cache was put back: it was not the reason")


def protect():
    """No daemon without its firewall. A second try may do, so not each failure is told."""
    try:
        firewall.apply()
    except Failure as failure:
        failures = count(places.UNPROTECTED) + 1
        files.write(places.UNPROTECTED, str(failures))
        if failures == STARTS_BEFORE_QUARANTINE:
            fail(f"buildkitd does not start, because RUN steps can't be kept from the node itself: {failure}")
        raise
    files.remove(places.UNPROTECTED)


def count(path):
    try:
        return int(files.read(path) or 0)
    except ValueError:
        return 0


def remove_bundles():
    """Of RUN steps that were killed. Never into a file system that is mounted there: it is the cache."""
    for path in glob.glob(f"{places.STATE}/runc-*/executor/*/"):
        files.remove(f"{path}config.json")
        for folder in (f"{path}rootfs", path):
            try:
                os.rmdir(folder)
            except OSError:
                pass
    for path in glob.glob(f"{places.STATE}/runc-*/executor/hosts.*"):
        files.remove(path)


def put_aside():
    for old in glob.glob(f"{QUARANTINE}*"):
        shutil.rmtree(old)
    folder = f"{QUARANTINE}{int(time.time())}"
    os.mkdir(folder, 0o700)
    for name in state():
        os.rename(f"{places.STATE}/{name}", f"{folder}/{name}")


def put_back():
    for folder in glob.glob(f"{QUARANTINE}*"):
        for name in state():
            remove(f"{places.STATE}/{name}")
        for name in os.listdir(folder):
            os.rename(f"{folder}/{name}", f"{places.STATE}/{name}")
        os.rmdir(folder)
        return True
    return False


def state():
    kept = ("lost+found", os.path.basename(QUARANTINE))
    return [name for name in os.listdir(places.STATE) if not name.startswith(kept)]


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def last_words():
    try:
        lines = run(["journalctl", "-u", "buildkit", "-t", "buildkitd", "-n", "200", "-o", "cat"]).splitlines()
    except Failure:
        return "its journal can't be read"
    # A panic's own line is what counts, not the stack below it.
    telling = [line for line in lines if line.startswith(("buildkitd:", "panic:", "fatal error:"))]
    return (telling or lines or ["it said nothing"])[-1]


if __name__ == "__main__":
    main()
