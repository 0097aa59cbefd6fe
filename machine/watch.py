"""Stops the node when nobody needs it, and has changed settings applied. Needs neither BuildKit nor Parameter Store."""

import os
import socket
import subprocess
import threading
import time

from machine import aws, builds, files, parameters, places, spare, trust
from machine.console import Failure, say, seconds_since_boot
from machine.decision import decide

LOOK_SECONDS = 5
READ_SECONDS = 60
REREAD_SECONDS = 15
RETRY_SECONDS = 300
PREPARE = "multi-platform-image-prepare.service"


class Watch:
    def __init__(self):
        # It may have been started again since.
        self.last_active = float(files.read(places.LAST_ACTIVE) or 0)
        self.lease_until = 0
        self.settings = parameters.known_settings()
        self.refusals = 0
        self.wanted = None
        self.next_read = 0
        self.next_try = RETRY_SECONDS

    def look(self):
        # Also read by the preparation, which may have been let in to Parameter Store before.
        self.settings = parameters.known_settings()
        notice = self.settings["isEphemeral"] and aws.spot_notice()
        if notice:
            stop(f"AWS reclaims the node at {notice}")
            return
        if seconds_since_boot() >= self.next_read:
            self.read()
        is_busy = self.see_builds()
        reason = self.reason(is_busy)
        if reason:
            # A lease or a build may be newer than what was seen last.
            self.read()
            is_busy = self.see_builds()
            reason = self.reason(is_busy)
        if reason:
            stop(reason)
        elif self.wanted and (self.is_free(is_busy) or trust.is_revoked(self.wanted)):
            self.apply_changes()

    def reason(self, is_busy):
        seen = (self.last_active, self.lease_until, self.settings, self.refusals, is_busy)
        return decide(seconds_since_boot(), *seen)

    def is_free(self, is_busy):
        return not is_busy and self.lease_until < seconds_since_boot()

    def see_builds(self):
        is_busy = bool(builds.active())
        if is_busy:
            self.last_active = seconds_since_boot()
            files.write(places.LAST_ACTIVE, str(self.last_active))
        return is_busy

    def read(self):
        self.next_read = seconds_since_boot() + READ_SECONDS
        try:
            self.wanted = parameters.read()
        except Failure as failure:
            if self.settings["isEphemeral"] and isinstance(failure, aws.Refused):
                self.refusals += 1
                self.next_read = seconds_since_boot() + REREAD_SECONDS
            print(f"the last known settings hold: {failure}", flush=True)
            return
        self.refusals = 0
        self.settings = parameters.known_settings()
        self.lease_until = max(self.lease_until, seconds_since_boot() + self.wanted.lease - time.time())

    def apply_changes(self):
        fingerprint = self.wanted.fingerprint()
        if files.read(places.APPLIED) == fingerprint:
            return
        is_refused = files.read(places.REFUSED) == fingerprint
        if (is_refused and seconds_since_boot() < self.next_try) or is_preparing():
            return
        self.next_try = seconds_since_boot() + RETRY_SECONDS
        subprocess.run(["systemctl", "start", "--no-block", PREPARE], timeout=60)


def is_preparing():
    state = subprocess.run(["systemctl", "is-active", PREPARE], capture_output=True, text=True, timeout=60).stdout
    return state.strip() in ("activating", "active")


def stop(reason):
    say(f"the node stops: {reason}")
    # First the daemon: who comes now is refused, and comes again, instead of being cut off. What runs has until the
    # service's own time limit.
    stopping = subprocess.Popen(["systemctl", "stop", PREPARE, "buildkit.service"])
    while stopping.poll() is None:
        notify("WATCHDOG=1")
        time.sleep(0.1)
    if subprocess.run(["systemctl", "poweroff"]).returncode != 0:
        subprocess.run(["systemctl", "poweroff", "--force"])
    time.sleep(60)


def notify(text):
    """https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html"""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
            connection.sendto(text.encode(), address.replace("@", "\0", 1) if address.startswith("@") else address)


def main():
    # On its own: a look of the watch may take a while, and a full disk is asked for at once.
    threading.Thread(target=spare.keep, daemon=True).start()
    watch = Watch()
    notify("READY=1")
    while True:
        notify("WATCHDOG=1")
        watch.look()
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    main()
