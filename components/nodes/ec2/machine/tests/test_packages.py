import subprocess
import unittest
from unittest import mock

from machine import packages
from machine.console import Failure


class PackagesTest(unittest.TestCase):
    def setUp(self):
        self.there = {"apt-get", "dpkg"}
        self.ran, self.failures = [], []
        self.states = []
        self.locked_until = 0
        self.enterContext(mock.patch.object(packages.shutil, "which", lambda name: name in self.there))
        self.now = 0
        self.enterContext(mock.patch.object(packages.time, "sleep", self.sleep))
        self.enterContext(mock.patch.object(packages.time, "monotonic", lambda: self.now))
        self.enterContext(mock.patch.object(packages, "say", lambda _: None))
        self.enterContext(mock.patch.object(packages, "run", self.run_command))
        self.enterContext(mock.patch.object(packages.subprocess, "run", self.show))

    def sleep(self, seconds):
        self.now += seconds

    def run_command(self, command, **_):
        self.ran.append(command)
        if self.now < self.locked_until and command[0] == "dpkg":
            raise Failure("dpkg: error: dpkg frontend lock was locked by another process with pid 77")
        if command[0] == "apt-get" and self.failures:
            raise self.failures.pop()

    def show(self, *_, **__):
        return subprocess.CompletedProcess([], 0, self.states.pop(0) if self.states else "ActiveState=active\nJob=\n")

    def test_are_left_where_they_are_there(self):
        self.there |= set(packages.PACKAGES)
        packages.install_missing()
        self.assertEqual(self.ran, [])

    def test_are_installed_once_each(self):
        packages.install_missing()
        self.assertEqual(self.ran[-1][-2:], ["git", "iptables"])

    def test_are_installed_after_an_installation_that_was_cut_off(self):
        self.failures = [Failure("dpkg was interrupted")]
        packages.install_missing()
        self.assertEqual([command[0] for command in self.ran], ["dpkg", "apt-get", "dpkg", "apt-get", "apt-get"])
        self.assertNotIn("unsafe", str(self.ran))

    def test_wait_for_an_upgrade_of_the_image_that_holds_the_locks(self):
        self.locked_until = 240
        packages.install_missing()
        self.assertEqual(self.ran[-1][-2:], ["git", "iptables"])
        self.assertLess(self.now, 260)

    def test_give_up_where_a_lock_is_held_for_ever_or_there_is_no_way_to_the_packages(self):
        self.locked_until = 10_000
        with self.assertRaisesRegex(Failure, "git and iptables could not be installed: .*lock was locked"):
            packages.install_missing()
        self.assertTrue(300 <= self.now < 320, self.now)
        self.locked_until, self.ran, self.failures = 0, [], [Failure("no route to host")] * 9
        with self.assertRaisesRegex(Failure, "no route to host"):
            packages.install_missing()
        self.assertEqual(len([command for command in self.ran if command[0] == "dpkg"]), 5)

    def test_wait_until_cloud_init_has_written_the_sources(self):
        self.states = ["ActiveState=inactive\nJob=77\n", "ActiveState=activating\nJob=77\n"]
        packages.wait_for_sources()
        self.assertEqual(self.states, [])
        # Where there is no such service.
        self.states = ["ActiveState=inactive\nJob=\n", "never asked"]
        packages.wait_for_sources()
        self.assertEqual(self.states, ["never asked"])


if __name__ == "__main__":
    unittest.main()
