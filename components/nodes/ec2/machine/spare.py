"""Keeps some space of BuildKit's disk free for the moment when there is none: BuildKit notes on that disk what it removes."""

import os
import time

from machine import places
from machine.console import say

MEBIBYTE = 1024 * 1024
SIZE = 64 * MEBIBYTE
# Below, the disk is full. A caller finds that by a file of 1 MiB.
LEAST = 2 * MEBIBYTE
PLENTY = 4 * SIZE
EVERY_SECONDS = 1


class Spare:
    def __init__(self):
        self.was_full = False

    def look(self):
        # Before the daemon runs, its volume may not be there.
        if not os.path.exists(places.SOCKET):
            return
        free = free_bytes()
        is_full = free < LEAST
        if os.path.exists(places.SPARE):
            # Not at once: whoever is about to fill the disk would take this as well, instead of failing.
            if is_full and self.was_full:
                os.remove(places.SPARE)
                say("the disk of BuildKit's state is full; the space that was kept free for this is given to it")
        elif free >= PLENTY:
            with open(places.SPARE, "wb") as file:
                os.posix_fallocate(file.fileno(), 0, SIZE)
        self.was_full = is_full


def keep():
    spare = Spare()
    while True:
        try:
            spare.look()
        except Exception as error:  # a thread that ends is missed by nobody
            print(f"no space is kept free: {error}", flush=True)
        time.sleep(EVERY_SECONDS)


def free_bytes():
    status = os.statvfs(places.STATE)
    # Not f_bfree, which holds what ext4 keeps back for itself. What it keeps back for root, on a system's disk, comes on top.
    return status.f_bavail * status.f_frsize
