"""The life of instances: states as AWS reports them, kept in step with machines that really boot and end."""

from __future__ import annotations

import shutil
import sys
import threading
import time
import traceback
from datetime import timedelta
from ipaddress import IPv4Address, ip_network
from pathlib import Path
from typing import Any

from moto.core.utils import utcnow
from moto.ec2.models.instances import Instance, StateReason

from .faults import CLOCKS, ENDS_AT_ONCE, NEVER_BOOTS
from .life import Life, groups_of
from .nomachine import NoMachine
from .watch import end_reason
from .world import World

USER = ("Client.UserInitiatedShutdown", "User initiated shutdown")
GUEST = ("Client.InstanceInitiatedShutdown", "Instance initiated shutdown")
FAILED_LAUNCH = ("Server.InternalError", "Internal error on launch")
LOST_POWER = ("Server.InternalError", "Internal error")
RECLAIMED = ("Server.SpotInstanceTermination", "Spot instance termination")
RETIRED = ("Server.ScheduledStop", "Stopped due to scheduled retirement")


class Instances:
    def __init__(self, world: World):
        self.world = world
        self.lives: dict[str, Life] = {}

    def launch(self, instance: Instance) -> None:
        # What machines give to their network card.
        instance.nics[0].mac_address = "02:00:" + IPv4Address(instance.private_ip).packed.hex(":")
        life = Life(instance, self._make_machine(instance))
        self.lives[instance.id] = life
        self.start(life)

    def start(self, life: Life) -> None:
        instance = life.instance
        for nic in instance.nics.values():
            nic.stop()
        instance.launch_time = utcnow()
        life.started, life.cut_since = time.time(), None
        instance._reason, instance.state_reason = "", StateReason()
        life.set_state("pending")
        self._thread(self._live, life)

    def stop(self, life: Life, reason: tuple[str, str] = USER) -> None:
        life.set_state("stopping")
        self._thread(self._bring_down, life, "stopped", reason, life.skips_shutdown)

    def terminate(self, life: Life) -> None:
        life.set_state("shutting-down")
        self._thread(self._bring_down, life, "terminated", USER)

    def take_away(self, life: Life) -> None:
        """AWS ends the instance by itself, at once."""
        with self.world.lock:
            if life.state in ("shutting-down", "terminated"):
                return
            life.set_state("shutting-down")
        reason = RECLAIMED if life.instance.lifecycle == "spot" else LOST_POWER
        self._thread(self._bring_down, life, "terminated", reason, True)

    def give_notice(self, life: Life, seconds: float) -> None:
        """AWS says when it takes a spot instance back, and does so unless the instance has ended before."""
        if life.instance.lifecycle != "spot":
            raise ValueError(f"{life.instance.id} is no spot instance: nobody takes it back")
        life.notice = time.time() + seconds
        timer = threading.Timer(seconds, self.take_away, [life])
        timer.daemon = True
        timer.start()

    def age(self, life: Life, minutes: float) -> None:
        """As if it had been launched so long ago."""
        life.instance.launch_time -= timedelta(minutes=minutes)

    def partition(self, life: Life, is_on: bool) -> None:
        with life.machine_lock:
            life.machine.set_partition(is_on)
            life.cut_since = time.time() if is_on else None

    def lose_power(self, life: Life) -> None:
        life.ended_by = LOST_POWER
        with life.machine_lock:
            life.machine.kill()

    def console(self, life: Life, latest: bool = True) -> str:
        # AWS keeps 64 KB, of the last boot.
        text = life.machine.console()[life.console_start :] if latest else life.last_console
        return text[-65536:]

    def of_address(self, address: str) -> Life | None:
        """The instance that runs at a private address."""
        lives = list(self.lives.values())
        return next((one for one in lives if one.instance.private_ip == address and one.state != "terminated"), None)

    def apply_ingress(self, group_id: str) -> None:
        """Tells the machines of a security group its rules, which hold when the call is answered."""
        for life in list(self.lives.values()):
            if life.state != "terminated" and any(group.id == group_id for group in groups_of(life.instance)):
                with life.machine_lock:
                    life.machine.set_ingress(self.ingress(life.instance))

    def _live(self, life: Life) -> None:
        """From "pending" until the guest is down, whoever ended it."""
        time.sleep(self.world.settings.delays.pending)
        with life.machine_lock:
            with self.world.lock:
                if life.state != "pending":
                    return
                fault = self.world.faults.next_machine(self._faults(life))
                for nic in life.instance.nics.values():
                    nic.start()
            try:
                if fault == ENDS_AT_ONCE:
                    raise RuntimeError(f"{life.instance.id} was told to end at once")
                if fault != NEVER_BOOTS:
                    life.console_start = len(life.machine.console())
                    life.machine.set_ingress(self.ingress(life.instance))
                    life.machine.clock_offset_seconds = CLOCKS.get(fault or "", 0)
                    life.machine.boot(life.instance.public_ip)
                    life.up = True
                    life.boots += 1
            except Exception:
                traceback.print_exc(file=sys.stderr)
                # What failed to launch is gone; what failed to start again is as it was before.
                self._finish(life, "stopped" if life.boots else "terminated", FAILED_LAUNCH)
                return
            with self.world.lock:
                if life.state == "pending":
                    life.set_state("running")
        if fault != NEVER_BOOTS:
            life.machine.wait()
            self._follow_guest(life)

    def _follow_guest(self, life: Life) -> None:
        with life.machine_lock:
            life.up = False
            reason, life.ended_by = life.ended_by or GUEST, None
            with self.world.lock:
                if life.state != "running":
                    return
                ends = reason == GUEST and life.instance.instance_initiated_shutdown_behavior == "terminate"
                life.set_state("shutting-down" if ends else "stopping")
        time.sleep(self.world.settings.delays.stopping)
        self._finish(life, "terminated" if ends else "stopped", reason)

    def _bring_down(self, life: Life, end: str, reason: tuple[str, str], is_power_cut: bool = False) -> None:
        started = time.monotonic()
        with life.machine_lock:
            if life.up:
                life.machine.kill() if is_power_cut else life.machine.shut_down()
                life.up = False
        time.sleep(max(0.0, self.world.settings.delays.stopping - (time.monotonic() - started)))
        self._finish(life, end, reason)

    def _finish(self, life: Life, end: str, reason: tuple[str, str]) -> None:
        instance = life.instance
        life.last_console = self.console(life)
        with self.world.lock:
            if end == "terminated":
                instance.terminate()
            else:
                instance.stop()
            code, text = reason
            instance.state_reason = StateReason(f"{code}: {text}", code)
            instance._reason = f"{text} ({utcnow():%Y-%m-%d %H:%M:%S} GMT)" if reason == USER else text
        if end == "terminated":
            shutil.rmtree(self._folder(instance), ignore_errors=True)

    def _make_machine(self, instance: Instance) -> Any:
        settings = self.world.settings
        network = ip_network(self.world.ec2.get_subnet(instance.subnet_id).cidr_block)
        image = next((image for image in settings.images if image.id == instance.image_id), None)
        described = {
            "id": instance.id,
            "architecture": instance.architecture,
            "imageFolder": image.folder if image else "",
            "privateAddress": instance.private_ip,
            "prefixLength": network.prefixlen,
            "gateway": str(network[1]),
            "folder": str(self._folder(instance)),
            "namespace": settings.namespace,
            "name": f"{settings.namePrefix}-i{len(self.lives)}",
            "shared": str(settings.folder),
        }
        if settings.machines == "none":
            return NoMachine(described, lambda booted: end_reason(self.world, instance, booted))
        # Only where something boots: it needs root and the parts of a hypervisor.
        from machines import make_machine

        self._folder(instance).mkdir(parents=True, exist_ok=True)
        return make_machine(described)

    def ingress(self, instance: Instance) -> list[dict[str, Any]]:
        with self.world.lock:
            rules = [rule for group in groups_of(instance) for rule in group.ingress_rules]
            described = []
            for rule in rules:
                for cidr in self._sources(rule):
                    ports = {"fromPort": rule.from_port, "toPort": rule.to_port}
                    described.append({"protocol": rule.ip_protocol, **ports, "cidr": cidr})
            return described

    def _sources(self, rule: Any) -> list[str]:
        group = rule.source_group.get("GroupId")
        if not group:
            return [cidr for cidr in (rule.cidr_ipv4, rule.cidr_ipv6) if cidr]
        members = [life.instance for life in self.lives.values() if life.state != "terminated"]
        return [f"{one.private_ip}/32" for one in members if any(own.id == group for own in groups_of(one))]

    def _folder(self, instance: Instance) -> Path:
        return self.world.settings.folder / "instances" / instance.id

    @staticmethod
    def _faults(life: Life) -> tuple[str, ...]:
        # A container's clock is this machine's.
        return (NEVER_BOOTS, ENDS_AT_ONCE, *(CLOCKS if life.instance.architecture == "arm64" else ()))

    @staticmethod
    def _thread(target: Any, *arguments: Any) -> None:
        threading.Thread(target=target, args=arguments, daemon=True).start()
