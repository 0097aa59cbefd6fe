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
        folder = case.enterContext(tempfile.TemporaryDirectory())
        for name in ("KNOWN_SETTINGS", "APPLIED", "REFUSED", "LAST_ACTIVE", "CA"):
            case.enterContext(mock.patch.object(places, name, os.path.join(folder, name)))
        for target, name, fake in (
            (watch, "seconds_since_boot", lambda: self.now),
            (watch.builds, "active", lambda: self.builds),
            (watch.parameters, "read", self.read),
            (watch.aws, "spot_notice", lambda: self.notice),
            (watch, "stop", self.stop),
            (watch, "is_preparing", lambda: self.preparing),
            (watch.subprocess, "run", self.run),
        ):
            case.enterContext(mock.patch.object(target, name, fake))
        self.watch = watch.Watch()

    def read(self):
        if not self.readable:
            raise Failure("no network")
        if not self.exists:
            raise aws.Refused("the parameter does not exist")
        files.write(places.KNOWN_SETTINGS, json.dumps(self.settings))
        lease = time.time() + self.lease - self.now if self.lease else 0
        return parameters.Parameters(self.settings, {"ca": self.ca}, lease)

    def stop(self, reason):
        self.stopped = self.stopped or reason

    def run(self, command, **_):
        self.prepared += 1

    def apply(self):
        files.write(places.APPLIED, parameters.Parameters(self.settings, {"ca": self.ca}, 0).fingerprint())
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
        refused = parameters.Parameters(self.node.settings, {"ca": self.node.ca}, 0).fingerprint()
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
        self.assertEqual(self.node.prepared, 0)
        self.node.ca = pem("four", "five")
        # It is read once a minute.
        self.node.until(4.2)
        self.assertGreater(self.node.prepared, 0)
        self.node.apply()
        self.node.prepared = 0
        self.node.until(6)
        self.assertEqual(self.node.prepared, 0)

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
