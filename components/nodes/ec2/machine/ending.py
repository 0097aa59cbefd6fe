"""The end of the node, whatever hangs."""

import contextlib
import os
import socket
import subprocess
import time

from machine.console import say

# Five minutes in all; buildkit.service has two to end its builds.
SERVICES_SECONDS = 180
POWEROFF_SECONDS = 60
FORCE_SECONDS = 60
SERVICES = ["multi-platform-image-prepare.service", "buildkit.service"]
SYSRQ = "/proc/sysrq-trigger"


def stop(reason):
    say(f"the node stops: {reason}")
    # First the daemon: who comes now is refused, and comes again, instead of being cut off. What runs has until the
    # service's own time limit.
    patiently(["systemctl", "stop", *SERVICES], SERVICES_SECONDS)
    # From here systemd has a limit of its own: poweroff.target is forced after half an hour, and ends this program first.
    if patiently(["systemctl", "poweroff"], POWEROFF_SECONDS) == 0:
        wait(POWEROFF_SECONDS)
    force()


def force():
    say("the node does not stop by itself: its power is cut")
    # It writes the disks' buffers out before, which a disk that hangs never ends; the kernel's own key asks no disk.
    patiently(["systemctl", "poweroff", "--force", "--force"], FORCE_SECONDS)
    with open(SYSRQ, "w") as file:
        file.write("o")


def patiently(command, seconds):
    """How it ended; None if it has not in this time, or could not be started. It is left alone then."""
    end = time.monotonic() + seconds
    try:
        running = subprocess.Popen(command)
    except OSError:
        return None
    while running.poll() is None and time.monotonic() < end:
        notify("WATCHDOG=1")
        time.sleep(0.1)
    return running.poll()


def wait(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        notify("WATCHDOG=1")
        time.sleep(0.1)


def notify(text):
    """https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html"""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
            # A systemd that hangs takes nothing, and must not hold up whoever would end it.
            connection.setblocking(False)
            with contextlib.suppress(OSError):
                connection.sendto(text.encode(), address.replace("@", "\0", 1) if address.startswith("@") else address)
