"""Parameter Store: its limits, and the parameters by which Debian publishes its images."""

from __future__ import annotations

import json
from typing import Any

from moto.core.utils import utcnow
from moto.ssm.models import Parameter

from .errors import Refusal
from .gate import Answered
from .world import Call, World

_LIMITS = {"Standard": 4096, "Advanced": 8192, "Intelligent-Tiering": 8192}


def install_parameters(world: World) -> None:
    @world.before("ssm", "PutParameter")
    def check(call: Call) -> None:
        tier = call.get("Tier") or "Standard"
        limit = _LIMITS[tier]
        if len(call.get("Value", "").encode()) <= limit:
            return
        remedy = (
            " To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more "
            "information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
        )
        message = f"{tier} tier parameters support a maximum parameter value of {limit} characters."
        raise Refusal("ValidationException", message + (remedy if tier == "Standard" else ""))

    @world.before("ssm", "GetParameters")
    def shorten(call: Call) -> None:
        if call.identity.kind == "node" and world.settings.minuteSeconds != 60:
            raise Answered(_with_short_minutes(world, call))

    for image in world.settings.images:
        if image.parameter:
            world.ssm._parameters[image.parameter].append(_public(world, image.parameter, image.id))


_MINUTES = ("idleTimeoutMinutes", "maxLifetimeMinutes")


def with_short_minutes(world: World, text: str) -> str:
    """A node's settings."""
    settings = json.loads(text)
    shorter = {name: settings[name] * world.settings.minuteSeconds / 60 for name in _MINUTES if settings.get(name)}
    return json.dumps({**settings, **shorter})


def _with_short_minutes(world: World, call: Call) -> dict[str, Any]:
    """No test waits for minutes that a node could count faster."""
    names = call.get("Names", [])
    found = world.ssm.get_parameters(names)
    answers = [parameter.response_object(call.get("WithDecryption", False), world.settings.region) for parameter in found.values()]
    for answer in answers:
        if answer["Name"].endswith("/settings"):
            answer["Value"] = with_short_minutes(world, answer["Value"])
    return {"Parameters": answers, "InvalidParameters": [name for name in names if name not in found]}


def _public(world: World, name: str, value: str) -> Parameter:
    return Parameter(
        account_id=world.settings.accountId,
        name=name,
        value=value,
        parameter_type="String",
        description=None,
        allowed_pattern=None,
        keyid=None,
        last_modified_date=utcnow(),
        version=1,
        data_type="aws:ec2:image",
    )
