"""The cache volume: found by its id, formatted only when it is empty, mounted where BuildKit has its state."""

import glob
import os
import subprocess
import time

from machine import files, places
from machine.command import run, succeeds
from machine.console import Failure, say

MINUTES = 5
ASK_SECONDS = 2


def mount(volume_id, is_told_cold):
    """Unless the node is told to go without it. It may come later: never over the state of a daemon that runs."""
    if os.path.ismount(places.STATE) or os.path.exists(places.COLD):
        return
    device = wait_for(volume_id, is_told_cold)
    os.makedirs(places.STATE, mode=0o700, exist_ok=True)
    if not device:
        files.write(places.COLD, "")
        say(f"cold cache: the volume {volume_id} is not for this node, which keeps its cache on the system's disk")
        return
    if is_empty(device):
        # No blocks are kept back for root: nothing but BuildKit writes here, as root.
        run(["mkfs.ext4", "-q", "-m", "0", "-L", "buildkit", device], timeout=600)
    command = ["mount", "-t", "ext4", "-o", "noatime", device, places.STATE]
    if not succeeds(command):
        # After a lost power supply the journal is usually enough, which mount replays by itself.
        subprocess.run(["e2fsck", "-f", "-y", device], capture_output=True, timeout=3600)
        run(command)
    # The volume may have been enlarged.
    subprocess.run(["resize2fs", device], capture_output=True, timeout=3600)


def wait_for(volume_id, is_told_cold):
    """EBS attaches a volume seconds after the instance runs, when both are new. None: it is not to come."""
    end = time.monotonic() + MINUTES * 60
    next_word = time.monotonic() + 10
    next_question = 0
    while not (device := find(volume_id)):
        if time.monotonic() >= next_question:
            if is_told_cold():
                return None
            next_question = time.monotonic() + ASK_SECONDS
        if time.monotonic() > end:
            raise Failure(
                f"the volume {volume_id} was not attached within {MINUTES} minutes; there are {', '.join(block_devices())}"
            )
        if time.monotonic() > next_word:
            next_word += 30
            say(f"waiting for the volume {volume_id}")
        time.sleep(0.25)
    return device


def find(volume_id, root="/"):
    """https://docs.aws.amazon.com/ebs/latest/userguide/identify-nvme-ebs-device.html"""
    serial = volume_id.replace("-", "")
    links = glob.glob(f"{root}dev/disk/by-id/nvme-*_{serial}")
    if links:
        return os.path.realpath(links[0])
    for path in glob.glob(f"{root}sys/block/*/device/serial"):
        with open(path) as file:
            if file.read().strip() == serial:
                return f"/dev/{path.split('/')[-3]}"
    return None


def is_empty(device):
    """blkid's 2: it found nothing that it knows. Anything else is someone's data, or an error."""
    probe = subprocess.run(["blkid", "-p", device], capture_output=True, text=True, timeout=60)
    if probe.returncode not in (0, 2):
        raise Failure(f"blkid can't tell what {device} holds: {probe.stderr.strip() or probe.returncode}")
    return probe.returncode == 2


def block_devices():
    return sorted(name for name in os.listdir("/sys/block") if not name.startswith(("loop", "ram")))
