"""x86_64 machines: containers with systemd as their first process, on this machine's kernel."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from .cgroups import Cgroup
from .commands import enter, execute
from .loops import LoopDevices
from .machine import Machine
from .network import mac_address

# systemd-nspawn ends with it when its system wants to boot again: see "exit status" in systemd-nspawn(1).
REBOOT = 133
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"


class NspawnMachine(Machine):
    def __init__(self, settings: dict) -> None:
        super().__init__(settings)
        self.root = self.folder / "root"
        # BuildKit's state may lie on the system's disk, and overlayfs takes no overlay for its upper layer.
        self.var_lib = self.folder / "var-lib"
        self.cgroup = Cgroup(self.name)
        self.devices = LoopDevices()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The first process of its system, as this machine numbers it."""
        return int(self._children(self._nspawn_pid())[-1])

    def run(self, command: str) -> str:
        """Executes a shell command in the running system."""
        return execute("nsenter", f"--target={self.pid}", "--all", "--", "/bin/sh", "-c", command)

    def _start(self, public_address: str | None) -> None:
        self._mount_root()
        self._make_link()
        self.port.connect(public_address)
        self._launch()

    def _launch(self) -> None:
        self.cgroup.create()
        with self.console_file.open("ab") as console:
            self.process = subprocess.Popen(
                [*self.cgroup.enter(), *self._command()],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=self._nspawn_environment(),
            )
        deadline = time.monotonic() + 20
        while not self._is_booting():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name}: systemd-nspawn did not start: {self.console()[-2000:]}")
            time.sleep(0.02)
        for volume_id, file in self.volumes.items():
            self._plug(volume_id, file)

    def _command(self) -> list[str]:
        # What BuildKit needs beyond the defaults: its runc makes a keyring and loads eBPF, its network plugins make links.
        return [
            *own_clock(),
            "systemd-nspawn",
            *["--quiet", "--boot", "--keep-unit", "--register=no", f"--directory={self.root}"],
            *["--machine=" + self.name, f"--hostname=ip-{self.port.private_address.replace('.', '-')}"],
            *[f"--network-namespace-path=/run/netns/{self.name}", "--capability=CAP_NET_ADMIN"],
            f"--bind={self.var_lib}:/var/lib",
            *["--system-call-filter=@keyring bpf perf_event_open", "--console=read-only"],
            *["--kill-signal=SIGRTMIN+3", "--resolv-conf=off", "--timezone=off", "--link-journal=no"],
        ]

    def _nspawn_environment(self) -> dict[str, str]:
        # Of all of /proc/sys and /sys only the network's part is the container's own.
        own = {"SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network", "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
        return {**os.environ, **own}

    def _wait_for_end(self) -> None:
        while self.process.wait() == REBOOT:
            self.devices.release_all()
            self._launch()

    def _take_down(self) -> None:
        # The first process of the container outlives a killed systemd-nspawn.
        self.cgroup.destroy()
        if self.process is not None:
            self.process.wait()
        self.port.disconnect()
        # A connection that was cut keeps the namespace for a while after its name is gone, and with it the link.
        link = ["ip", "-n", self.port.vpc, "link", "delete", self.port.name]
        for command in (link, ["ip", "netns", "delete", self.name], ["umount", str(self.root)]):
            with contextlib.suppress(RuntimeError):
                execute(*command)
        self.devices.release_all()

    def _ask_to_end(self) -> None:
        with contextlib.suppress(ProcessLookupError, OSError, IndexError):
            os.kill(self._nspawn_pid(), signal.SIGTERM)

    def _cut_power(self) -> None:
        self.cgroup.kill()

    def _devices_of_guest(self) -> Path:
        return Path("/proc", str(self.pid), "root", "dev")

    def _plug(self, volume_id: str, file: str) -> None:
        device = self.devices.take(volume_id, file)
        number = os.stat(device).st_rdev
        folder = self._devices_of_guest()
        name = self._free_name(folder)
        os.mknod(folder / name, 0o060660, number)
        links = folder / "disk/by-id"
        links.mkdir(parents=True, exist_ok=True)
        (links / link_name(volume_id)).symlink_to(f"../../{name}")

    def _unplug(self, volume_id: str) -> None:
        folder = self._devices_of_guest()
        link = folder / "disk/by-id" / link_name(volume_id)
        with contextlib.suppress(FileNotFoundError):
            (folder / Path(os.readlink(link)).name).unlink()
            link.unlink()
        self.devices.release(volume_id)

    @staticmethod
    def _free_name(folder: Path) -> str:
        # The root volume of an instance is nvme0n1; a container has none.
        return next(name for name in (f"nvme{number}n1" for number in range(1, 27)) if not (folder / name).exists())

    def _mount_root(self) -> None:
        layers = [self.folder / name for name in ("changes", "work")]
        first = not layers[0].exists()
        for folder in (*layers, self.root):
            folder.mkdir(parents=True, exist_ok=True)
        options = f"lowerdir={self.image}/root,upperdir={layers[0]},workdir={layers[1]}"
        execute("mount", "-t", "overlay", "-o", options, self.name, str(self.root))
        if first:
            execute("cp", "-a", str(self.image / "root/var/lib"), str(self.var_lib))
            with (self.root / CERTIFICATES).open("a") as bundle:
                bundle.write(self._run_certificate())

    def _make_link(self) -> None:
        vpc, address = self.settings["namespace"], self.port.private_address
        # A new namespace at each boot: what the last one's network plugins made is gone, as after a power cycle.
        execute("ip", "netns", "add", self.name)
        execute(
            *["ip", "-n", vpc, "link", "add", self.name, "type", "veth"],
            *["peer", "name", "eth0", "netns", self.name, "address", mac_address(address)],
        )
        execute("ip", "-n", vpc, "link", "set", self.name, "up")
        for command in (
            ["link", "set", "lo", "up"],
            ["address", "add", f"{address}/{self.settings['prefixLength']}", "dev", "eth0"],
            ["link", "set", "eth0", "up"],
            ["route", "add", "default", "via", self.settings["gateway"]],
        ):
            execute("ip", "-n", self.name, *command)

    def _is_booting(self) -> bool:
        """Whether systemd has taken over: until then the container's /dev is not the final one."""
        try:
            return Path(f"/proc/{self.pid}/comm").read_text().strip() == "systemd"
        except (OSError, IndexError):
            return False

    def _nspawn_pid(self) -> int:
        return int(self._children(self.process.pid)[-1])

    @staticmethod
    def _children(pid: int) -> list[str]:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def link_name(volume_id: str) -> str:
    """As udev's rules name an EBS volume."""
    return f"nvme-Amazon_Elastic_Block_Store_{volume_id.replace('-', '')}"


def own_clock() -> list[str]:
    """The start of a command line for which this machine has just booted: uptime counts from now, as on an instance."""
    past = f"-{int(time.clock_gettime(time.CLOCK_BOOTTIME))}"
    return ["unshare", "--time", f"--boottime={past}", f"--monotonic={past}", "--fork", "--"]
