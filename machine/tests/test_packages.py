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
        self.enterContext(mock.patch.object(packages.shutil, "which", lambda name: name in self.there))
        self.enterContext(mock.patch.object(packages.time, "sleep", lambda _: None))
        self.enterContext(mock.patch.object(packages, "say", lambda _: None))
        self.enterContext(mock.patch.object(packages, "run", self.run_command))
        self.enterContext(mock.patch.object(packages.subprocess, "run", self.show))

    def run_command(self, command, **_):
        self.ran.append(command)
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
