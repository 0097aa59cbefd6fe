"""Starts the cloud: `python -m api SETTINGS`, in the network namespace of its VPC."""

from __future__ import annotations

import functools
import gc
import json
import os
import signal
import sys
import threading

from botocore.loaders import JSONFileLoader

from .settings import Settings, load_settings


def main() -> None:
    settings = load_settings(sys.argv[1])
    _prepare_moto(settings)
    # What is loaded stays: looking for garbage in it takes a third of the time.
    gc.disable()
    # After the environment is set: moto reads it once, when it is loaded.
    from .assembly import assemble
    from .servers import start_servers

    world = assemble(settings)
    gc.freeze()
    gc.enable()
    start_servers(world)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    print("ready", flush=True)
    ended.wait()


def _prepare_moto(settings: Settings) -> None:
    settings.folder.mkdir(parents=True, exist_ok=True)
    images = settings.folder / "images.json"
    images.write_text(json.dumps([_image(image.id, image.name, image.architecture) for image in settings.images]))
    # moto opens a session of boto3 for each question of regions, and each reads its files anew.
    load, loader = JSONFileLoader.load_file, JSONFileLoader()
    kept = functools.cache(lambda file: load(loader, file))
    JSONFileLoader.load_file = lambda _, file: kept(file)  # type: ignore[method-assign]
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
