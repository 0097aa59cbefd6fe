import contextlib
import io
import os
import subprocess
import tempfile
import unittest
from unittest import mock

from machine import install


class InstallTest(unittest.TestCase):
    """What the user data do at a boot, with a systemctl that notes what it is asked."""

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(mock.patch.object(install, "CONSOLE", self.path("console.py")))
        self.enterContext(mock.patch.object(install.subprocess, "run", self.run_command))
        self.files = {
            self.path("console.py"): "def milestone(text): print(text)\ndef fail(text): print('failed: ' + text)\n",
            self.path("units/watch.service"): "[Unit]\n",
        }
        self.ran, self.is_enabled, self.failure = [], False, None

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_command(self, command, **_):
        if command[1] == "is-enabled":
            return mock.Mock(returncode=0 if self.is_enabled else 1)
        if self.failure:
            raise self.failure
        self.ran.append(command[1])
        self.is_enabled = True

    def boot(self):
        self.ran = []
        with contextlib.redirect_stdout(io.StringIO()) as said:
            try:
                install.install(self.files)
            except SystemExit as end:
                return end.code, said.getvalue()
        return 0, said.getvalue()

    def test_writes_and_starts_at_the_first_boot_alone(self):
        self.assertEqual(self.boot(), (0, "user data started\n"))
        self.assertEqual(self.ran, ["daemon-reload", "enable"])
        self.assertEqual(self.boot(), (0, ""))
        self.assertEqual(self.ran, [])

    def test_mends_at_the_next_boot_what_a_power_cut_left(self):
        self.boot()
        with open(self.path("units/watch.service"), "w"):
            pass
        self.boot()
        self.assertEqual(self.ran, ["daemon-reload", "enable"])
        with open(self.path("units/watch.service")) as file:
            self.assertEqual(file.read(), "[Unit]\n")
        # Between the files and the services.
        self.is_enabled = False
        self.boot()
        self.assertEqual(self.ran, ["daemon-reload", "enable"])

    def test_says_why_it_fails(self):
        self.failure = subprocess.TimeoutExpired("systemctl", 1)
        code, said = self.boot()
        self.assertEqual(code, 1)
        self.assertIn("failed: the user data: TimeoutExpired", said)


if __name__ == "__main__":
    unittest.main()
