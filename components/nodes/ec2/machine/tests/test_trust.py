import os
import subprocess
import tempfile
import unittest
from unittest import mock

from machine import files, places, trust
from machine.parameters import Parameters
from machine.trust import have_none_in_common

BODIES = {"a": "MIIBa\nAAAA", "b": "MIIBb\nBBBB", "c": "MIIBc\nCCCC"}


def pem(names, newline="\n"):
    return newline.join(
        f"-----BEGIN CERTIFICATE-----\n{BODIES[name]}\n-----END CERTIFICATE-----\n".replace("\n", newline)
        for name in names
    )


class TrustTest(unittest.TestCase):
    def test_table(self):
        rows = [
            ("the same", pem("ab"), pem("ab"), False),
            ("another order", pem("ab"), pem("ba"), False),
            ("one was replaced", pem("ab"), pem("bc"), False),
            ("one was added", pem("a"), pem("abc"), False),
            ("other ends of lines", pem("a"), pem("a", "\r\n"), False),
            ("all are new", pem("ab"), pem("c"), True),
            ("none yet", "", pem("a"), False),
            ("what comes is none", pem("a"), "no certificate", False),
        ]
        for name, used, wanted, expected in rows:
            with self.subTest(name):
                self.assertEqual(have_none_in_common(used, wanted), expected)


class RevocationTest(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(mock.patch.object(places, "TLS", folder))
        self.enterContext(mock.patch.object(places, "CA", f"{folder}/ca.pem"))
        self.enterContext(mock.patch.object(trust, "say", lambda _: None))
        files.write(places.CA, pem("a"))
        self.ran, self.failure = [], None
        self.enterContext(mock.patch.object(trust.subprocess, "run", self.run_command))

    def run_command(self, command, **_):
        self.ran.append(command)
        if self.failure:
            raise self.failure

    def take(self, ca):
        trust.take_if_revoked(Parameters({}, {"ca": ca, "cert": "cert", "key": "key"}, 0))
        return files.read(places.CA)

    def test_cuts_connections_that_are_open(self):
        self.assertEqual(self.take(pem("b")), pem("b"))
        self.assertEqual(self.ran, [["systemctl", "kill", "--signal=SIGKILL", "buildkit"]])
        self.assertEqual(oct(os.stat(f"{places.TLS}/key.pem").st_mode & 0o777), "0o600")

    def test_leaves_a_daemon_that_still_trusts_one(self):
        self.assertEqual(self.take(pem("ab")), pem("a"))
        self.assertEqual(self.ran, [])

    def test_is_tried_again_when_the_daemon_could_not_be_ended(self):
        self.failure = subprocess.TimeoutExpired("systemctl", 60)
        with self.assertRaises(subprocess.TimeoutExpired):
            self.take(pem("b"))
        self.failure = None
        self.assertEqual(self.take(pem("b")), pem("b"))
        self.assertEqual(len(self.ran), 2)


if __name__ == "__main__":
    unittest.main()
