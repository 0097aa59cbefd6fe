"""EBS: volumes are sparse files, and come to an instance late, as they do on AWS."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from moto.core.utils import utcnow
from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_block_store import Volume
from moto.ec2.models.instances import Instance

from .errors import Refusal
from .gp3 import check_gp3
from .life import Life
from .world import Call, World

_GIBIBYTE = 1024**3


class Volumes:
    def __init__(self, world: World):
        self.world = world
        self._attach = EC2Backend.attach_volume
        self._detach = EC2Backend.detach_volume
        self._delete = EC2Backend.delete_volume
        volumes = self

        def attach(self: EC2Backend, volume_id: str, instance_id: str, device_path: str, ends: bool = False) -> Any:
            attachment = volumes._attach(self, volume_id, instance_id, device_path, ends)
            life = world.instances.lives.get(instance_id)
            # The root volume comes with the instance, before it has a life.
            if life:
                attachment.status = "attaching"
                _thread(volumes._attach_late, life, attachment)
            return attachment

        def detach(self: EC2Backend, volume_id: str, instance_id: str, device_path: str) -> Any:
            attachment = self.get_volume(volume_id).attachment
            attachment.status = "detaching"
            _thread(volumes._detach_late, attachment)
            return attachment

        def delete(self: EC2Backend, volume_id: str) -> Volume:
            volume = volumes._delete(self, volume_id)
            volumes.file(volume_id).unlink(missing_ok=True)
            return volume

        def tear_down(self: Instance) -> None:
            volumes._tear_down(self)

        EC2Backend.attach_volume = attach  # type: ignore[method-assign]
        EC2Backend.detach_volume = detach  # type: ignore[method-assign]
        EC2Backend.delete_volume = delete  # type: ignore[method-assign]
        Instance.teardown_defaults = tear_down  # type: ignore[method-assign]
        Volume.status = property(volumes._status)  # type: ignore[assignment]
        world.before("ec2", "AttachVolume")(self._check_attach)
        world.before("ec2", "DetachVolume")(self._check_detach)
        world.before("ec2", "CreateVolume")(lambda call: check_gp3(call.parameters))
        world.before("ec2", "ModifyVolume")(self._check_modify)

    def file(self, volume_id: str) -> Path:
        return self.world.settings.folder / "volumes" / f"{volume_id}.raw"

    def _status(self, volume: Volume) -> str:
        if volume.attachment:
            return "in-use"
        age = (utcnow() - volume.create_time).total_seconds()
        return "available" if age >= self.world.settings.delays.volumeCreating else "creating"

    def _check_attach(self, call: Call) -> None:
        volume = self.world.ec2.get_volume(call.get("VolumeId"))
        instance = self.world.ec2.get_instance(call.get("InstanceId"))
        if volume.attachment:
            raise Refusal("VolumeInUse", f"{volume.id} is already attached to an instance")
        if volume.status != "available":
            raise Refusal("IncorrectState", f"{volume.id} is not 'available'.")
        if instance._state.name not in ("running", "stopped"):
            raise Refusal("IncorrectState", f"Instance '{instance.id}' is not 'running'.")
        if volume.zone.name != instance._placement.zone:
            message = f"The volume '{volume.id}' is not in the same availability zone as instance '{instance.id}'"
            raise Refusal("InvalidVolume.ZoneMismatch", message)
        device = call.get("Device")
        if device in instance.block_device_mapping:
            message = f"Invalid value '{device}' for unixDevice. Attachment point {device} is already in use"
            raise Refusal("InvalidParameterValue", message)

    def _check_modify(self, call: Call) -> None:
        volume = self.world.ec2.get_volume(call.get("VolumeId"))
        size = call.get("Size", volume.size)
        # https://docs.aws.amazon.com/ebs/latest/userguide/modify-volume-requirements.html
        if size < volume.size:
            raise Refusal("InvalidParameterValue", f"New size cannot be smaller than existing size {volume.size}.")
        stays = {"VolumeType": volume.volume_type, "Iops": volume.iops, "Throughput": volume.throughput, "Size": size}
        check_gp3({**stays, **call.parameters})

    def _check_detach(self, call: Call) -> None:
        volume = self.world.ec2.get_volume(call.get("VolumeId"))
        if not volume.attachment or volume.attachment.status == "detaching":
            raise Refusal("IncorrectState", f"Volume '{volume.id}' is in the 'available' state.")
        asked = call.get("InstanceId")
        if asked and asked != volume.attachment.instance.id:
            message = f"The volume '{volume.id}' is not attached to instance '{asked}'"
            raise Refusal("InvalidAttachment.NotFound", message)

    def _attach_late(self, life: Life, attachment: Any) -> None:
        time.sleep(self.world.settings.delays.volumeAttaching)
        volume = attachment.volume
        file = self.file(volume.id)
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("wb") as made:
                made.truncate(volume.size * _GIBIBYTE)
        with life.machine_lock:
            with self.world.lock:
                # Detached, or its instance terminated, in the meantime.
                if volume.attachment is not attachment or attachment.status != "attaching":
                    return
            life.machine.attach(volume.id, str(file))
            attachment.status = "attached"

    def _detach_late(self, attachment: Any) -> None:
        life = self.world.instances.lives[attachment.instance.id]
        with life.machine_lock:
            life.machine.detach(attachment.volume.id)
        time.sleep(self.world.settings.delays.volumeAttaching / 2)
        with self.world.lock:
            if attachment.volume.attachment is attachment:
                self._detach(self.world.ec2, attachment.volume.id, attachment.instance.id, attachment.device)

    def _tear_down(self, instance: Instance) -> None:
        """At termination: volumes that are to end with the instance do, the others are free again."""
        for device, mapping in list(instance.block_device_mapping.items()):
            self._detach(self.world.ec2, mapping.volume_id, instance.id, device)
            if mapping.delete_on_termination:
                self.world.ec2.delete_volume(mapping.volume_id)


def _thread(target: Any, *arguments: Any) -> None:
    threading.Thread(target=target, args=arguments, daemon=True).start()
