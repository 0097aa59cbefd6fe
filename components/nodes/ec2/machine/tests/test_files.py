import hashlib
import io
import os
import tarfile
import tempfile
import unittest
from unittest import mock

from machine import archive, before_start, files, firewall, kernel, places, volume
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

    def test_a_full_disk_leaves_the_old_file_and_no_other(self):
        path = self.path("file", "old")
        with mock.patch.object(files.os, "replace", side_effect=OSError(28, "No space left on device")):
            with self.assertRaisesRegex(OSError, "No space left"):
                files.write(path, "new")
        self.assertEqual((files.read(path), os.listdir(self.folder)), ("old", ["file"]))


class KernelTest(TemporaryCase):
    def test_starts_again_when_it_fails(self):
        self.path("kernel/panic", "0")
        self.path("kernel/panic_on_oops", "0")
        kernel.set_all(kernel.PANIC, self.folder)
        self.assertEqual([files.read(self.path(f"kernel/{name}")) for name in ("panic", "panic_on_oops")], ["10", "1"])


class ArchiveTest(TemporaryCase):
    def install(self, names, sha256=None, **settings):
        # Without gzip, whose header has the time: the same names are the same archive.
        with tarfile.open(self.path("buildkit.tar.gz"), "w") as tar:
            for name in names:
                entry = tarfile.TarInfo(name)
                entry.size = len(name)
                tar.addfile(entry, io.BytesIO(name.encode()))
        with open(self.path("buildkit.tar.gz"), "rb") as file:
            actual = hashlib.sha256(file.read()).hexdigest()
        url = f"file://{self.path('buildkit.tar.gz')}"
        with mock.patch.object(places, "VERSIONS", self.path("versions")):
            return archive.install({"version": "0.33.1", "url": url, "sha256": sha256 or actual, **settings})

    def test_unpacks_what_a_node_runs_and_no_emulator(self):
        folder = self.install(
            [f"bin/{name}" for name in archive.PROGRAMS] + ["bin/buildkit-qemu-aarch64", "../etc/passwd"]
        )
        self.assertEqual(sorted(os.listdir(folder)), sorted([*archive.PROGRAMS, archive.SIZES]))
        self.assertTrue(os.access(f"{folder}/buildkitd", os.X_OK))
        self.assertEqual(os.listdir(self.path("versions")), [os.path.basename(folder)])

    def test_unpacks_the_emulators_that_are_asked_for_beside_a_folder_without(self):
        names = [f"bin/{name}" for name in archive.PROGRAMS] + [f"bin/buildkit-qemu-{name}" for name in ("arm", "s390x")]
        without = self.install(names)
        folder = self.install(names, emulators=["arm", "riscv64"])
        self.assertNotEqual(folder, without)
        self.assertEqual(sorted(os.listdir(folder)), sorted([*archive.PROGRAMS, archive.SIZES, "buildkit-qemu-arm"]))
        self.assertNotIn("buildkit-qemu-arm", os.listdir(without))

    def test_downloads_again_what_a_power_cut_left_short(self):
        names = [f"bin/{name}" for name in archive.PROGRAMS]
        folder = self.install(names)
        whole = archive.sizes(folder)
        for length in (0, 5):
            for name in ("buildkitd", "buildkit-cni-bridge"):
                with self.subTest(name, length=length):
                    os.truncate(f"{folder}/{name}", length)
                    self.assertEqual(self.install(names), folder)
                    self.assertEqual(archive.sizes(folder), whole)
        os.unlink(f"{folder}/buildctl")
        self.install(names)
        self.assertEqual(archive.sizes(folder), whole)

    def test_takes_what_came_with_the_machine_image_unless_it_is_empty(self):
        names = [f"bin/{name}" for name in archive.PROGRAMS]
        folder = self.install(names)
        os.unlink(f"{folder}/{archive.SIZES}")
        self.path(f"{folder}/buildkit-runc", "their own")
        self.install(names)
        self.assertEqual(files.read(f"{folder}/buildkit-runc"), "their own")
        self.path(f"{folder}/buildkit-runc", "")
        self.install(names)
        self.assertEqual(files.read(f"{folder}/buildkit-runc"), "bin/buildkit-runc")

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

    def waits(self, told, volume_ids=(None,)):
        """What it finds; `told` are the answers to whether it is to go without the volume, one for each look."""
        answers, found = iter(told), iter(volume_ids)
        self.enterContext(mock.patch.object(volume, "ASK_SECONDS", 0))
        self.enterContext(mock.patch.object(volume.time, "sleep", lambda _: None))
        self.enterContext(mock.patch.object(volume, "find", lambda _: next(found, None)))
        return volume.wait_for("vol-0123", lambda: next(answers))

    def test_is_waited_for_until_it_is_there_or_never_to_come(self):
        self.assertEqual(self.waits([False, False], [None, None, "/dev/nvme1n1"]), "/dev/nvme1n1")
        self.assertEqual(self.waits([], ["/dev/nvme1n1"]), "/dev/nvme1n1")
        self.assertIsNone(self.waits([False, False, True]))

    def test_fails_if_it_is_not_there_in_time(self):
        self.enterContext(mock.patch.object(volume, "MINUTES", 0))
        with self.assertRaisesRegex(Failure, "the volume vol-0123 was not attached within 0 minutes"):
            self.waits([False] * 9)

    def test_a_node_without_it_stays_so(self):
        said = []
        self.enterContext(mock.patch.object(places, "STATE", self.path("state")))
        self.enterContext(mock.patch.object(places, "COLD", self.path("cold")))
        self.enterContext(mock.patch.object(volume, "say", said.append))
        self.enterContext(mock.patch.object(volume, "find", lambda _: None))
        volume.mount("vol-0123", lambda: True)
        self.assertRegex("".join(said), "^cold cache: the volume vol-0123 ")
        self.assertEqual(os.listdir(places.STATE), [])
        volume.mount("vol-0123", lambda: self.fail("it is asked again"))

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

    def test_a_firewall_that_can_not_be_set_is_told_once_and_costs_no_cache(self):
        self.path("cache.db", "cache")
        said = []
        run = self.enterContext(tempfile.TemporaryDirectory())
        for name in ("STARTS", "UNPROTECTED"):
            self.enterContext(mock.patch.object(places, name, f"{run}/{name}"))
        self.enterContext(mock.patch.object(before_start, "fail", said.append))
        self.enterContext(mock.patch.object(before_start.shutil, "rmtree", lambda *_, **__: None))
        refused = Failure("ip6tables-save -t raw ended with 3: Address family not supported")
        with mock.patch.object(firewall, "apply", side_effect=refused):
            for _ in range(9):
                with self.assertRaises(Failure):
                    before_start.main()
        self.assertEqual(len(said), 1)
        self.assertRegex(said[0], "^buildkitd does not start, because RUN steps .*: ip6tables-save -t raw ended with 3")
        with mock.patch.object(firewall, "apply"):
            before_start.main()
        self.assertEqual((len(said), os.listdir(self.folder)), (1, ["cache.db"]))
        self.assertIsNone(files.read(places.UNPROTECTED))

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

    def test_steps_reach_neither_each_other_nor_each_other_through_the_node(self):
        ran = []
        with mock.patch.object(firewall, "run", lambda command, **options: ran.append((command, options)) or ""):
            firewall.apply()
        self.assertIn((["ebtables-nft", "-P", "FORWARD", "DROP"], {}), ran)
        [raw] = [options["input"] for command, options in ran if command[:1] == ["iptables-restore"] and options]
        self.assertIn(f"-A {firewall.CHAIN} -d 192.0.2.0/24 -j DROP", raw)

    def test_what_killed_steps_left_goes(self):
        saved = "*nat\n:POSTROUTING ACCEPT [0:0]\n:CNI-1 - [0:0]\n-A POSTROUTING -s 192.0.2.2 -j CNI-1\n-A CNI-1 -j MASQUERADE\nCOMMIT\n"
        self.assertEqual(firewall.without_cni(saved), "*nat\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n")


if __name__ == "__main__":
    unittest.main()
