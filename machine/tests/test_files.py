import hashlib
import io
import os
import tarfile
import tempfile
import unittest
from unittest import mock

from machine import archive, before_start, files, firewall, parameters, places, volume
from machine.console import Failure


class TemporaryCase(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def path(self, name, text=None):
        path = os.path.join(self.folder, name)
        if text is not None:
            files.write(path, text)
        return path


class FilesTest(TemporaryCase):
    def test_a_secret_is_for_its_owner_alone(self):
        path = self.path("tls/key.pem")
        files.write(path, "key", mode=0o600, folder_mode=0o700)
        modes = [oct(os.stat(each).st_mode & 0o777) for each in (path, os.path.dirname(path))]
        self.assertEqual(modes, ["0o600", "0o700"])
        self.assertEqual(os.listdir(os.path.dirname(path)), ["key.pem"])


class ArchiveTest(TemporaryCase):
    def install(self, names, sha256=None):
        with tarfile.open(self.path("buildkit.tar.gz"), "w:gz") as tar:
            for name in names:
                entry = tarfile.TarInfo(name)
                entry.size = len(name)
                tar.addfile(entry, io.BytesIO(name.encode()))
        with open(self.path("buildkit.tar.gz"), "rb") as file:
            actual = hashlib.sha256(file.read()).hexdigest()
        url = f"file://{self.path('buildkit.tar.gz')}"
        with mock.patch.object(places, "VERSIONS", self.path("versions")):
            return archive.install({"version": "0.33.1", "url": url, "sha256": sha256 or actual})

    def test_unpacks_what_a_node_runs_and_no_emulator(self):
        folder = self.install(
            [f"bin/{name}" for name in archive.PROGRAMS] + ["bin/buildkit-qemu-aarch64", "../etc/passwd"]
        )
        self.assertEqual(sorted(os.listdir(folder)), sorted(archive.PROGRAMS))
        self.assertTrue(os.access(f"{folder}/buildkitd", os.X_OK))
        self.assertEqual(os.listdir(self.path("versions")), [os.path.basename(folder)])

    def test_fails_if_the_checksum_differs(self):
        with self.assertRaisesRegex(Failure, f"has the SHA-256 [0-9a-f]{{64}}, but {'0' * 64} was expected"):
            self.install([f"bin/{name}" for name in archive.PROGRAMS], sha256="0" * 64)
        self.assertEqual(os.listdir(self.path("versions")), [])

    def test_fails_if_a_program_is_missing(self):
        with self.assertRaisesRegex(Failure, "lacks buildctl"):
            self.install([f"bin/{name}" for name in archive.PROGRAMS if name != "buildctl"])

    def test_fails_if_the_version_is_a_path(self):
        with self.assertRaisesRegex(Failure, 'version "../x" is no version'):
            archive.install({"version": "../x", "url": "", "sha256": ""})


class VolumeTest(TemporaryCase):
    def test_is_found_by_its_id(self):
        self.assertIsNone(volume.find("vol-0123", f"{self.folder}/"))
        self.path("sys/block/nvme1n1/device/serial", "vol0124\n")
        self.path("sys/block/nvme2n1/device/serial", "vol0123             \n")
        self.assertEqual(volume.find("vol-0123", f"{self.folder}/"), "/dev/nvme2n1")

    def test_only_an_empty_one_is_formatted(self):
        self.assertTrue(volume.is_empty(self.path("empty", "\0" * 65536)))
        data = self.path("data")
        os.truncate(self.path("data", ""), 1 << 20)
        volume.run(["mkfs.ext4", "-q", data])
        self.assertFalse(volume.is_empty(data))


class QuarantineTest(TemporaryCase):
    def setUp(self):
        super().setUp()
        self.enterContext(mock.patch.object(places, "STATE", self.folder))
        self.enterContext(mock.patch.object(before_start, "QUARANTINE", f"{self.folder}/quarantine-"))

    def test_state_is_put_aside_and_back(self):
        for name in ("lost+found/x", "runc-overlayfs/containerdmeta.db", "cache.db", "quarantine-1/old"):
            self.path(name, name)
        before_start.put_aside()
        left = sorted(os.listdir(self.folder))
        self.assertEqual([name[:10] for name in left], ["lost+found", "quarantine"])
        self.assertNotIn("quarantine-1", left)
        self.path("cache.db", "new")
        self.assertTrue(before_start.put_back())
        self.assertEqual(sorted(os.listdir(self.folder)), ["cache.db", "lost+found", "runc-overlayfs"])
        self.assertEqual(files.read(self.path("cache.db")), "cache.db")
        self.assertFalse(before_start.put_back())

    def test_what_a_killed_step_mounted_is_not_removed(self):
        self.path("runc-overlayfs/executor/one/config.json", "{}")
        os.mkdir(self.path("runc-overlayfs/executor/one/rootfs"))
        self.path("runc-overlayfs/executor/two/rootfs/file", "of the cache")
        before_start.remove_bundles()
        self.assertEqual(os.listdir(self.path("runc-overlayfs/executor")), ["two"])
        self.assertEqual(files.read(self.path("runc-overlayfs/executor/two/rootfs/file")), "of the cache")


class FirewallTest(unittest.TestCase):
    def test_rules_are_there_once_beside_others(self):
        saved = "# comment\n*raw\n:PREROUTING ACCEPT [1:2]\n-A PREROUTING -p tcp -j ACCEPT\nCOMMIT\n"
        once = firewall.with_rules(saved, "raw", firewall.RULES[""])
        self.assertEqual(firewall.with_rules(once, "raw", firewall.RULES[""]), once)
        self.assertIn("-A PREROUTING -p tcp -j ACCEPT\n", once)
        self.assertEqual(once.count("-d 169.254.169.254/32 -j DROP"), 1)

    def test_what_killed_steps_left_goes(self):
        saved = "*nat\n:POSTROUTING ACCEPT [0:0]\n:CNI-1 - [0:0]\n-A POSTROUTING -s 192.0.2.2 -j CNI-1\n-A CNI-1 -j MASQUERADE\nCOMMIT\n"
        self.assertEqual(firewall.without_cni(saved), "*nat\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n")


class LeaseTest(unittest.TestCase):
    def test_the_latest_counts(self):
        for text, expected in (
            ('{"a": 5, "b": 7.5}', 7.5),
            ("{}", 0),
            (None, 0),
            ("", 0),
            ("no JSON", 0),
            ('["x"]', 0),
            ('{"a": null}', 0),
        ):
            with self.subTest(text):
                self.assertEqual(parameters.lease_of(text), expected)


if __name__ == "__main__":
    unittest.main()
