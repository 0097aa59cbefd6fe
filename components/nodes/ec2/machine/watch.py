"""Stops the node when nobody needs it, and has changed settings applied. Needs neither BuildKit nor Parameter Store."""

import subprocess
import threading
import time
import traceback

from machine import aws, builds, files, kernel, parameters, places, spare, trust
from machine.console import Failure, seconds_since_boot
from machine.decision import decide
from machine.ending import notify, stop

LOOK_SECONDS = 5
READ_SECONDS = 60
REREAD_SECONDS = 15
RETRY_SECONDS = 300
# How long looks may fail. Then systemd starts the watch again, and powers the node off when that does not help.
PATIENCE_SECONDS = 300
# No claim is for longer; one that was read with a clock that was behind would be.
MOST_LEASE_SECONDS = 24 * 60 * 60
PREPARE = "multi-platform-image-prepare.service"


class Watch:
    def __init__(self):
        self.last_active = known_activity()
        self.lease_until = 0
        self.settings = parameters.known_settings()
        self.refusals = 0
        self.wanted = None
        self.next_read = 0
        self.next_try = RETRY_SECONDS

    def look(self):
        if not self.wanted:
            # The preparation may have been let in to Parameter Store before.
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
        elif self.wanted:
            if trust.is_revoked(self.wanted):
                # The preparation may have read, and taken, newer ones.
                self.read()
                trust.take_if_revoked(self.wanted)
            if self.is_free(is_busy):
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
            try:
                files.write(places.LAST_ACTIVE, str(self.last_active))
            except OSError as error:
                print(f"only this watch knows of the build: {error}", flush=True)
        return is_busy

    def read(self):
        self.next_read = seconds_since_boot() + READ_SECONDS
        try:
            self.wanted = parameters.read()
        except (Failure, OSError, ValueError) as failure:
            if self.settings["isEphemeral"] and isinstance(failure, aws.Refused):
                self.refusals += 1
                self.next_read = seconds_since_boot() + REREAD_SECONDS
            print(f"the last known settings hold: {failure}", flush=True)
            return
        self.refusals = 0
        self.settings = {**parameters.DEFAULTS, **self.wanted.settings}
        ahead = min(self.wanted.lease - time.time(), MOST_LEASE_SECONDS)
        self.lease_until = max(self.lease_until, seconds_since_boot() + ahead)

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


def known_activity():
    """Of the watch before this one."""
    try:
        return float(files.read(places.LAST_ACTIVE) or 0)
    except (OSError, ValueError):
        return 0


def keep_looking(watch):
    last_good = time.monotonic()
    while True:
        notify("WATCHDOG=1")
        try:
            watch.look()
            last_good = time.monotonic()
        except Exception:  # a watch that ends for each of them would end the node, with what it builds
            if time.monotonic() - last_good >= PATIENCE_SECONDS:
                raise
            traceback.print_exc()
        time.sleep(LOOK_SECONDS)


def main():
    try:
        kernel.set_all(kernel.PANIC)
    except OSError as error:
        print(f"a kernel that fails may stand still: {error}", flush=True)
    # On its own: a look of the watch may take a while, and a full disk is asked for at once.
    threading.Thread(target=spare.keep, daemon=True).start()
    watch = Watch()
    notify("READY=1")
    keep_looking(watch)


if __name__ == "__main__":
    main()
