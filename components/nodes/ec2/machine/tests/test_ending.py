import os
import socket
import tempfile
import time
import unittest
from unittest import mock

from machine import ending, files


class EndingTest(unittest.TestCase):
    """With a systemctl of the test's own, the only program there is, and no kernel that would obey."""

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.log, self.power = os.path.join(self.folder, "log"), os.path.join(self.folder, "power")
        self.enterContext(mock.patch.object(ending, "SYSRQ", self.power))
        self.enterContext(mock.patch.dict(os.environ, {"PATH": self.folder, "NOTIFY_SOCKET": ""}))
        self.enterContext(mock.patch.object(ending, "say", lambda _: None))
        for name in ("SERVICES_SECONDS", "POWEROFF_SECONDS", "FORCE_SECONDS"):
            self.enterContext(mock.patch.object(ending, name, 0.2))

    def stop(self, systemctl):
        path = os.path.join(self.folder, "systemctl")
        files.write(path, f'#!/bin/sh\necho "$*" >> {self.log}\n{systemctl}\n', mode=0o755)
        began = time.monotonic()
        ending.stop("the test")
        self.assertLess(time.monotonic() - began, 5)
        return files.read(self.log).splitlines(), files.read(self.power)

    asked = ["stop multi-platform-image-prepare.service buildkit.service", "poweroff"]

    def test_ends_the_daemon_first(self):
        called, _ = self.stop("exit 0")
        self.assertEqual(called[:2], self.asked)

    def test_cuts_the_power_when_a_stop_hangs(self):
        called, _ = self.stop("[ $1 = poweroff ] || exec /bin/sleep 3")
        self.assertEqual(called, [*self.asked, "poweroff --force --force"])

    def test_cuts_the_power_when_systemd_refuses(self):
        called, _ = self.stop("exit 1")
        self.assertEqual(called, [*self.asked, "poweroff --force --force"])

    def test_asks_the_kernel_when_all_hangs(self):
        self.assertEqual(self.stop("exec /bin/sleep 3"), ([*self.asked, "poweroff --force --force"], "o"))

    def test_asks_the_kernel_when_no_program_can_be_started(self):
        ending.stop("the test")
        self.assertEqual(files.read(self.power), "o")

    def test_feeds_the_watchdog_no_longer_than_that(self):
        fed = []
        with mock.patch.object(ending, "notify", fed.append):
            self.stop("exec /bin/sleep 3")
        self.assertLess(len(fed), 15)

    def test_says_nothing_to_a_systemd_that_takes_nothing(self):
        address = os.path.join(self.folder, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
            deaf.bind(address)
            with mock.patch.dict(os.environ, {"NOTIFY_SOCKET": address}):
                for _ in range(100):
                    ending.notify("WATCHDOG=1")


class TimesTest(unittest.TestCase):
    def test_are_five_minutes_and_the_last_resort(self):
        self.assertEqual(ending.SERVICES_SECONDS + 2 * ending.POWEROFF_SECONDS, 300)


if __name__ == "__main__":
    unittest.main()
