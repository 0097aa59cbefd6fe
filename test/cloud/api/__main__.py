"""Starts the cloud: `python -m api SETTINGS`, in the network namespace of its VPC."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading

from .settings import Settings, load_settings


def main() -> None:
    settings = load_settings(sys.argv[1])
    _prepare_moto(settings)
    # After the environment is set: moto reads it once, when it is loaded.
    from .assembly import assemble
    from .servers import start_servers

    start_servers(assemble(settings))
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    print("ready", flush=True)
    ended.wait()


def _prepare_moto(settings: Settings) -> None:
    settings.folder.mkdir(parents=True, exist_ok=True)
    images = settings.folder / "images.json"
    images.write_text(json.dumps([_image(image.id, image.name, image.architecture) for image in settings.images]))
    os.environ |= {
        "MOTO_AMIS_PATH": str(images),
        "MOTO_ENABLE_AMI_VALIDATION": "1",
        "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "1",
    }


def _image(identifier: str, name: str, architecture: str) -> dict[str, object]:
    """As Debian's own: https://wiki.debian.org/Cloud/AmazonEC2Image"""
    return {
        "ami_id": identifier,
        "name": name,
        "description": "Debian 13",
        "owner_id": "136693071363",
        "image_location": f"amazon/{name}",
        "image_type": "machine",
        "state": "available",
        "public": True,
        "architecture": architecture,
        "root_device_type": "ebs",
        "root_device_name": "/dev/xvda",
        "virtualization_type": "hvm",
        "hypervisor": "xen",
        "sriov": "simple",
        "platform": None,
    }


main()
