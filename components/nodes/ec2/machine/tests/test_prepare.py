import os
import tempfile
import unittest
from unittest import mock

from machine import files, kernel, places, prepare
from machine.parameters import Parameters


def pem(name):
    return f"-----BEGIN CERTIFICATE-----\n{name}\n-----END CERTIFICATE-----\n"


class ApplyTest(unittest.TestCase):
    """What becomes of changed settings while a build runs."""

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        for name in ("APPLIED", "CONFIGURATION", "TLS"):
            self.enterContext(mock.patch.object(places, name, os.path.join(folder, name)))
        self.enterContext(mock.patch.object(places, "CA", f"{places.TLS}/ca.pem"))
        self.ran, self.said = [], []
        for name, fake in (
            ("succeeds", lambda _: True),
            ("run", self.ran.append),
            ("say", self.said.append),
            ("link", lambda _: None),
        ):
            self.enterContext(mock.patch.object(prepare, name, fake))
        self.enterContext(mock.patch.object(prepare.builds, "active", lambda: self.builds))
        self.enterContext(mock.patch.object(kernel, "set_all", lambda _: None))
        self.builds = 1
        files.write(places.CA, pem("old") + pem("kept"))

    def apply(self, ca):
        settings = {"buildkit": {"version": "v0.33.1"}, "buildkitdToml": ""}
        prepare.apply(Parameters(settings, {"ca": ca, "cert": "", "key": ""}, 0), "/opt/buildkit/v0.33.1")
        return files.read(places.CA)

    def test_waits_while_a_trusted_authority_stays(self):
        self.assertEqual(self.apply(pem("kept") + pem("new")), pem("old") + pem("kept"))
        self.assertEqual((self.ran, self.said), ([], ["changed settings wait until the node is idle"]))

    def test_are_applied_to_an_idle_node(self):
        self.builds = 0
        self.assertEqual(self.apply(pem("kept") + pem("new")), pem("kept") + pem("new"))
        self.assertEqual(self.ran, [["systemctl", "restart", "--no-block", "buildkit"]])

    def test_never_bring_back_authorities_that_were_revoked_in_the_meantime(self):
        self.builds = 0
        self.assertEqual(self.apply(pem("read before")), pem("old") + pem("kept"))
        self.assertEqual(self.ran, [])


if __name__ == "__main__":
    unittest.main()
