import contextlib
import errno
import io
import json
import os
import tempfile
import time
import unittest
from unittest import mock

from machine import aws, files, parameters, places, watch
from machine.console import Failure


def pem(*names):
    return "".join(f"-----BEGIN CERTIFICATE-----\n{name}\n-----END CERTIFICATE-----\n" for name in names)


class Node:
    """What the watch sees and does, played."""

    def __init__(self, case):
        self.now = 0
        self.builds = 0
        self.lease = 0
        self.readable = True
        self.exists = True
        self.notice = None
        self.ca = pem("one", "two")
        self.settings = {"idleTimeoutMinutes": 10, "maxLifetimeMinutes": None, "buildkit": {}, "buildkitdToml": ""}
        self.stopped = None
        self.prepared = 0
        self.preparing = False
        self.killed = 0
        folder = case.enterContext(tempfile.TemporaryDirectory())
        for name in ("KNOWN_SETTINGS", "APPLIED", "REFUSED", "LAST_ACTIVE", "TLS"):
            case.enterContext(mock.patch.object(places, name, os.path.join(folder, name)))
        case.enterContext(mock.patch.object(places, "CA", f"{places.TLS}/ca.pem"))
        for target, name, fake in (
            (watch, "seconds_since_boot", lambda: self.now),
            (watch.builds, "active", lambda: self.builds),
            (watch.parameters, "read", self.read),
            (watch.aws, "spot_notice", lambda: self.notice),
            (watch, "stop", self.stop),
            (watch, "is_preparing", lambda: self.preparing),
            (watch.subprocess, "run", self.run),
            (watch.trust, "say", lambda _: None),
        ):
            case.enterContext(mock.patch.object(target, name, fake))
        self.watch = watch.Watch()

    def read(self):
        if not self.readable:
            raise Failure("no network")
        if not self.exists:
            raise aws.Refused("the parameter does not exist")
        parameters.remember(self.settings)
        lease = time.time() + self.lease - self.now if self.lease else 0
        return parameters.Parameters(self.settings, self.tls(), lease)

    def stop(self, reason):
        self.stopped = self.stopped or reason

    def run(self, command, **_):
        if command[1] == "kill":
            self.killed += 1
        else:
            self.prepared += 1

    def tls(self):
        return {"ca": self.ca, "cert": "", "key": ""}

    def apply(self):
        files.write(places.APPLIED, parameters.Parameters(self.settings, self.tls(), 0).fingerprint())
        files.write(places.CA, self.ca)

    def until(self, minutes):
        while self.now < minutes * 60 and not self.stopped:
            self.watch.look()
            self.now += watch.LOOK_SECONDS


class WatchTest(unittest.TestCase):
    def setUp(self):
        self.node = Node(self)
        self.node.apply()

    def test_stops_an_idle_node(self):
        self.node.until(9.9)
        self.assertIsNone(self.node.stopped)
        self.node.until(11)
        self.assertEqual(self.node.stopped, "it was idle for 10 minutes")

    def test_stops_without_parameter_store_by_the_default(self):
        self.node.readable = False
        self.node.until(11)
        self.assertEqual(self.node.stopped, "it was idle for 10 minutes")

    def test_last_known_settings_hold_without_parameter_store(self):
        self.node.settings["idleTimeoutMinutes"] = 30
        self.node.until(2)
        self.node.readable = False
        self.node.until(29)
        self.assertIsNone(self.node.stopped)
        self.node.until(31)
        self.assertEqual(self.node.stopped, "it was idle for 30 minutes")

    def test_a_build_keeps_it_awake_and_is_remembered_by_the_next_watch(self):
        self.node.builds = 1
        self.node.until(15)
        self.node.builds = None
        self.node.watch = watch.Watch()
        self.node.until(24)
        self.assertIsNone(self.node.stopped)
        self.node.until(26)
        self.assertIsNotNone(self.node.stopped)

    def test_a_lease_taken_just_before_the_stop_is_seen(self):
        self.node.until(10)
        self.node.lease = 11 * 60
        self.node.until(20.9)
        self.assertIsNone(self.node.stopped)
        self.node.until(22)
        self.assertIsNotNone(self.node.stopped)

    def test_timeouts_hold_at_once(self):
        self.node.until(3)
        self.node.settings["maxLifetimeMinutes"] = 5
        self.node.builds = 1
        self.node.until(6)
        self.assertEqual(self.node.stopped, "its maximum lifetime of 5 minutes is over")

    def test_changed_settings_wait_for_the_end_of_builds_and_leases(self):
        self.node.builds = 1
        self.node.settings["buildkitdToml"] = "changed"
        self.node.until(5)
        self.assertEqual(self.node.prepared, 0)
        self.node.builds, self.node.lease = 0, 8 * 60
        self.node.until(7.9)
        self.assertEqual(self.node.prepared, 0)
        self.node.until(9)
        self.assertGreater(self.node.prepared, 0)

    def test_a_refused_change_is_tried_again_after_minutes(self):
        self.node.settings["buildkitdToml"] = "changed"
        refused = parameters.Parameters(self.node.settings, self.node.tls(), 0).fingerprint()
        files.write(places.REFUSED, refused)
        self.node.until(4.9)
        self.assertEqual(self.node.prepared, 0)
        self.node.until(9.9)
        self.assertEqual(self.node.prepared, 1)

    def test_waits_for_a_preparation_that_runs(self):
        self.node.settings["buildkitdToml"] = "changed"
        self.node.preparing = True
        self.node.until(5)
        self.assertEqual(self.node.prepared, 0)

    def test_other_authorities_wait_for_the_end_of_builds_unless_none_is_left(self):
        self.node.builds, self.node.lease = 1, 8 * 60
        self.node.ca = pem("two", "three")
        self.node.until(3)
        self.assertEqual((self.node.killed, files.read(places.CA)), (0, pem("one", "two")))
        self.node.ca = pem("four", "five")
        # It is read once a minute.
        self.node.until(4.2)
        self.assertEqual((self.node.killed, files.read(places.CA)), (1, pem("four", "five")))
        self.node.until(6)
        self.assertEqual((self.node.killed, self.node.prepared), (1, 0))

    def test_a_revocation_waits_neither_for_a_preparation_nor_for_a_change_that_was_refused(self):
        self.node.builds, self.node.preparing = 1, True
        self.node.ca = pem("four")
        self.node.settings["buildkitdToml"] = "changed"
        refused = parameters.Parameters(self.node.settings, self.node.tls(), 0).fingerprint()
        files.write(places.REFUSED, refused)
        self.node.until(0.1)
        self.assertEqual((self.node.killed, files.read(places.CA)), (1, pem("four")))

    def test_a_lease_read_while_the_clock_is_behind_ends_after_a_day(self):
        self.node.lease = 365 * 24 * 3600
        self.node.until(1)
        self.node.lease = 0
        self.assertLess(self.node.watch.lease_until, 24 * 3600 + 60)

    def test_a_full_disk_ends_no_watch(self):
        # Settings and the time of the last build can't be written.
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.enterContext(mock.patch.object(files, "write", side_effect=full))
        self.node.builds = 1
        self.node.settings["maxLifetimeMinutes"] = 20
        with contextlib.redirect_stdout(io.StringIO()) as said:
            self.node.until(19.9)
        self.assertIsNone(self.node.stopped)
        self.assertIn("No space left", said.getvalue())
        self.node.until(21)
        self.assertEqual(self.node.stopped, "its maximum lifetime of 20 minutes is over")

    def test_files_that_no_watch_can_read_are_none(self):
        for place in (places.LAST_ACTIVE, places.KNOWN_SETTINGS):
            files.write(place, "[]")
        fresh = watch.Watch()
        self.assertEqual((fresh.last_active, fresh.settings), (0, parameters.DEFAULTS))

    def test_stops_at_once_when_aws_reclaims_it(self):
        self.node.settings["isEphemeral"] = True
        self.node.builds = 1
        self.node.until(2)
        self.assertIsNone(self.node.stopped)
        self.node.notice = "2026-11-21T09:14:00Z"
        self.node.until(2.1)
        self.assertEqual(self.node.stopped, "AWS reclaims the node at 2026-11-21T09:14:00Z")

    def test_no_other_node_asks_whether_aws_reclaims_it(self):
        self.node.notice = "2026-11-21T09:14:00Z"
        self.node.until(2)
        self.assertIsNone(self.node.stopped)

    def test_an_ephemeral_node_whose_builder_is_gone_stops_after_its_build(self):
        self.node.settings["isEphemeral"] = True
        self.node.builds = 1
        self.node.until(2)
        self.node.exists = False
        self.node.until(6)
        self.assertIsNone(self.node.stopped)
        self.node.builds = 0
        self.node.until(6.1)
        self.assertRegex(self.node.stopped, "its builder is gone")

    def test_an_ephemeral_node_is_sure_that_its_builder_is_gone(self):
        self.node.settings["isEphemeral"] = True
        self.node.until(1.9)
        self.node.exists = False
        # Seen once, while it is replaced.
        self.node.until(2.1)
        self.node.exists = True
        self.node.until(5.9)
        self.assertIsNone(self.node.stopped)
        self.node.readable = False
        self.node.until(9)
        self.assertIsNone(self.node.stopped)

    def test_no_other_node_stops_because_its_builder_is_gone(self):
        self.node.exists = False
        self.node.until(9.9)
        self.assertIsNone(self.node.stopped)


if __name__ == "__main__":
    unittest.main()
