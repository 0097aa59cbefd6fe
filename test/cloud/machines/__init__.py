"""The hypervisor of the tests' cloud: boots the machines that the EC2 emulator calls instances."""

from .machine import Machine
from .nspawn import NspawnMachine
from .qemu import QemuMachine


def make_machine(settings: dict) -> Machine:
    """A machine that is off. An x86_64 one is a container of this machine's kernel, an arm64 one has its own kernel."""
    machines = {"x86_64": NspawnMachine, "arm64": QemuMachine}
    return machines[settings["architecture"]](settings)
