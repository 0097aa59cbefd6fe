"""arm64 machines: a kernel of their own on an emulated processor, with NVMe disks as on EC2."""

import contextlib
import os
import subprocess
import tempfile
from datetime import datetime, timedelta, timezone

from .commands import enter, execute
from .machine import Machine
from .network import mac_address
from .qmp import Qmp

# Each port of the PCIe root takes one volume while the machine runs.
VOLUME_PORTS = 4


class QemuMachine(Machine):
    def __init__(self, settings: dict) -> None:
        super().__init__(settings)
        self.disk = self.folder / "disk.img"
        # Unix socket paths have at most 107 bytes.
        self.qmp = Qmp(os.path.join(settings["shared"], f"{self.name}.qmp"))
        self.ports: dict[str, str] = {}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self.process.pid

    def _start(self, public_address: str | None) -> None:
        if not self.disk.exists():
            self._make_disk()
        self.ports = {volume: f"port{number}" for number, volume in enumerate(self.volumes)}
        vpc = self.settings["namespace"]
        execute("ip", "-n", vpc, "tuntap", "add", "dev", self.name, "mode", "tap")
        execute("ip", "-n", vpc, "link", "set", self.name, "up")
        self.port.connect(public_address)
        with (self.folder / "qemu.log").open("ab") as log:
            command = enter(vpc, *self._command())
            self.process = subprocess.Popen(command, bufsize=0, stdin=subprocess.PIPE, stdout=log, stderr=log)
        self.qmp.call("query-status")

    def _command(self) -> list[str]:
        address = f"{self.port.private_address}/{self.settings['prefixLength']}"
        own = f"machine.address={address} machine.gateway={self.settings['gateway']}"
        # Without "lsm" the kernel would check systemd's eBPF programs at each boot, which takes seconds here.
        append = f"console=ttyAMA0 panic=-1 net.ifnames=0 lsm=capability {own}"
        clock = datetime.now(timezone.utc) + timedelta(seconds=self.clock_offset_seconds)
        return [
            "qemu-system-aarch64",
            *["-machine", "virt", "-cpu", "cortex-a72", "-accel", "tcg,thread=multi", "-smp", "2", "-m", "1536"],
            *["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-name", self.name],
            *["-rtc", f"base={clock:%Y-%m-%dT%H:%M:%S}"],
            *["-kernel", f"{self.image}/vmlinuz", "-initrd", f"{self.image}/initrd", "-append", append],
            *block_device("root", str(self.disk)),
            *["-device", f"nvme,drive=root,serial=vol0{self.settings['id'].replace('-', '')[1:]}"],
            *[part for number in range(VOLUME_PORTS) for part in root_port(number)],
            *[part for volume, file in self.volumes.items() for part in self._volume(volume, file)],
            *["-netdev", f"tap,id=net,ifname={self.name},script=no,downscript=no"],
            *["-device", f"virtio-net-pci,netdev=net,romfile=,mac={mac_address(self.port.private_address)}"],
            *["-chardev", f"file,id=console,path={self.console_file},append=on", "-serial", "chardev:console"],
            *["-chardev", "stdio,id=button,signal=off", "-device", "virtio-serial-pci,romfile="],
            *["-device", "virtconsole,chardev=button"],
            *["-qmp", f"unix:{self.qmp.path},server=on,wait=off"],
        ]

    def _volume(self, volume_id: str, file: str) -> list[str]:
        serial = volume_id.replace("-", "")
        device = f"nvme,id={serial},drive=disk-{serial},serial={serial},bus={self.ports[volume_id]}"
        return [*block_device(f"disk-{serial}", file), "-device", device]

    def _wait_for_end(self) -> None:
        self.process.wait()

    def _take_down(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
        self.port.disconnect()
        with contextlib.suppress(RuntimeError):
            execute("ip", "-n", self.settings["namespace"], "link", "delete", self.name)

    def _ask_to_end(self) -> None:
        """Presses the power button of its image: see test/cloud/imagesArm64Files.ts."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(b"\n")

    def _cut_power(self) -> None:
        self.process.kill()

    def _plug(self, volume_id: str, file: str) -> None:
        serial = volume_id.replace("-", "")
        taken = set(self.ports.values())
        port = next(name for name in (f"port{number}" for number in range(VOLUME_PORTS)) if name not in taken)
        self.qmp.call("blockdev-add", **blockdev(f"disk-{serial}", file))
        self.qmp.call("device_add", driver="nvme", id=serial, drive=f"disk-{serial}", serial=serial, bus=port)
        self.ports[volume_id] = port

    def _unplug(self, volume_id: str) -> None:
        serial = volume_id.replace("-", "")
        self.qmp.call_and_wait("device_del", "DEVICE_DELETED", serial, id=serial)
        self.qmp.call("blockdev-del", **{"node-name": f"disk-{serial}"})
        self.ports.pop(volume_id)

    def _make_disk(self) -> None:
        draft = self.disk.with_suffix(".draft")
        # Holes stay holes: only what the image really holds is copied.
        execute("cp", "--sparse=always", "--reflink=auto", f"{self.image}/disk.img", str(draft))
        bundle = (self.image / "ca-certificates.crt").read_text() + self._run_certificate()
        with tempfile.NamedTemporaryFile("w", dir=self.folder) as file:
            os.chmod(file.name, 0o644)
            file.write(bundle)
            file.flush()
            # debugfs writes into a file system that is not mounted, so that nothing can be left mounted.
            commands = f"cd /etc/ssl/certs\nrm ca-certificates.crt\nwrite {file.name} ca-certificates.crt\n"
            execute("debugfs", "-w", "-f", "/dev/stdin", str(draft), text=commands)
        draft.rename(self.disk)


def blockdev(node: str, file: str) -> dict:
    # "no-flush" answers syncs at once. What was written is in this machine's memory then: a killed machine loses nothing.
    cache = {"no-flush": True}
    return {"driver": "raw", "node-name": node, "file": {"driver": "file", "filename": file}, "cache": cache}


def block_device(node: str, file: str) -> list[str]:
    return ["-blockdev", f"driver=raw,node-name={node},cache.no-flush=on,file.driver=file,file.filename={file}"]


def root_port(number: int) -> list[str]:
    return ["-device", f"pcie-root-port,id=port{number},chassis={number + 1}"]
