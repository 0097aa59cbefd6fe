"""The metadata service of instances, version 2, told apart by the address that asks.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import socket
import time
from typing import Any

from flask import Flask, Response, request
from moto.ec2.models.instances import Instance

from .identities import timestamp
from .world import World

_TOKEN = "X-aws-ec2-metadata-token"
_TTL = "X-aws-ec2-metadata-token-ttl-seconds"


_TIME = "%Y-%m-%dT%H:%M:%SZ"


def metadata_app(world: World) -> Flask:
    app = Flask("metadata")
    # Token to the address it was given to, and its end.
    tokens: dict[str, tuple[str, float]] = {}

    def instance() -> Instance | None:
        life = world.instances.of_address(request.remote_addr or "")
        enabled = life and life.instance.metadata_options.http_endpoint == "enabled"
        return life.instance if life and enabled else None

    @app.put("/latest/api/token")
    def token() -> Response:
        asking = instance()
        if not asking or request.headers.get("X-Forwarded-For"):
            return Response(status=403)
        seconds = request.headers.get(_TTL, "")
        if not seconds.isdigit() or not 1 <= int(seconds) <= 21600:
            return Response(status=400)
        # Only this answer is short-lived on its way: a container, one hop further, never gets it.
        hops = asking.metadata_options.http_put_response_hop_limit
        request.environ["werkzeug.socket"].setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)
        value = secrets.token_urlsafe(40)
        tokens[value] = (request.remote_addr or "", time.time() + int(seconds))
        return Response(value, mimetype="text/plain", headers={_TTL: seconds})

    @app.get("/")
    @app.get("/<path:path>")
    def get(path: str = "") -> Response:
        asking = instance()
        if not asking:
            return Response(status=404)
        shown = request.headers.get(_TOKEN)
        if shown is None and asking.metadata_options.http_tokens == "required":
            return Response(status=401)
        owner, end = tokens.get(shown or "", ("", 0.0))
        if shown is not None and (owner != request.remote_addr or end < time.time()):
            return Response(status=401)
        return _answer(_look_up(_tree(world, asking), path))

    return app


def _answer(value: Any) -> Response:
    if callable(value):
        value = value()
    if value is None:
        return Response("Not Found", status=404, mimetype="text/plain")
    if isinstance(value, dict):
        value = "\n".join(f"{name}/" if isinstance(inner, dict) else name for name, inner in value.items())
    return Response(value, mimetype="text/plain")


def _look_up(tree: dict[str, Any], path: str) -> Any:
    names = [name for name in path.split("/") if name]
    if not names:
        return "latest"
    if names[0] != "latest" and not re.fullmatch(r"\d{4}-\d\d-\d\d|1\.0", names[0]):
        return None
    value: Any = tree
    for name in names[1:]:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _tree(world: World, instance: Instance) -> dict[str, Any]:
    tree: dict[str, Any] = {
        "dynamic": {"instance-identity": {"document": json.dumps(_document(world, instance), indent=2)}},
        "meta-data": _meta_data(world, instance),
    }
    if instance.user_data:
        tree["user-data"] = _user_data(instance)
    return tree


def _user_data(instance: Instance) -> bytes:
    data = instance.user_data
    return base64.b64decode(data if isinstance(data, str) else data.as_bytes())


def _meta_data(world: World, instance: Instance) -> dict[str, Any]:
    nic = instance.nics[0]
    zone = instance._placement.zone
    mac = {
        "device-number": "0",
        "interface-id": nic.id,
        "local-ipv4s": instance.private_ip,
        "mac": nic.mac_address,
        "subnet-id": instance.subnet_id,
        "subnet-ipv4-cidr-block": nic.subnet.cidr_block,
        "vpc-id": instance.vpc_id,
    }
    data: dict[str, Any] = {
        "ami-id": instance.image_id,
        "ami-launch-index": str(instance.ami_launch_index),
        "hostname": instance.private_dns_name,
        "instance-id": instance.id,
        "instance-life-cycle": instance.lifecycle or "on-demand",
        "instance-type": instance.instance_type,
        "local-hostname": instance.private_dns_name,
        "local-ipv4": instance.private_ip,
        "mac": nic.mac_address,
        "network": {"interfaces": {"macs": {nic.mac_address: mac}}},
        "placement": {"availability-zone": zone, "region": world.settings.region},
        "reservation-id": "r-0",
        "services": {"domain": "amazonaws.com", "partition": "aws"},
    }
    if instance.public_ip:
        data |= {"public-ipv4": instance.public_ip, "public-hostname": instance.public_dns_name}
        mac["public-ipv4s"] = instance.public_ip
    notice = world.instances.lives[instance.id].notice
    if notice:
        end = time.strftime(_TIME, time.gmtime(notice))
        data["spot"] = {
            "instance-action": json.dumps({"action": "terminate", "time": end}),
            "termination-time": end,
        }
    role = _role(world, instance)
    if role:
        data["iam"] = {"security-credentials": {role: lambda: _credentials(world, instance, role)}}
    return data


def _role(world: World, instance: Instance) -> str | None:
    association = world.ec2.iam_instance_profile_associations.get(instance.id)
    roles = association.iam_instance_profile.roles if association else []
    return roles[0].name if roles else None


def _credentials(world: World, instance: Instance, role: str) -> str:
    given = world.identities.credentials_of(instance.id, role)
    answer = {
        "Code": "Success",
        "LastUpdated": timestamp(given.issued),
        "Type": "AWS-HMAC",
        "AccessKeyId": given.access_key_id,
        "SecretAccessKey": given.secret,
        "Token": given.token,
        "Expiration": timestamp(given.expires),
    }
    return json.dumps(answer, indent=2)


def _document(world: World, instance: Instance) -> dict[str, Any]:
    return {
        "accountId": world.settings.accountId,
        "architecture": instance.architecture,
        "availabilityZone": instance._placement.zone,
        "imageId": instance.image_id,
        "instanceId": instance.id,
        "instanceType": instance.instance_type,
        "privateIp": instance.private_ip,
        "region": world.settings.region,
        "version": "2017-09-30",
    }
