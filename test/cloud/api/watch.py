"""The program of a node, as far as it ends its machine, for machines without a body: by its own rules, on its own parameters.

It knows of no builds: what keeps such a node awake is a lease.
"""

from __future__ import annotations

import json
import time
from typing import Any

from machine.decision import decide
from machine.parameters import DEFAULTS, claims_of, lease_of

from .parameters import with_short_minutes
from .world import World


def end_reason(world: World, instance: Any, booted: float) -> str | None:
    """Why the node stops now, if it does. One without settings in Parameter Store has no program."""
    tags = {tag["key"]: tag["value"] for tag in instance.get_tags()}
    place = f"/multi-platform-image/{tags.get('multi-platform-image:builder')}"
    with world.lock:
        text = _value(world, f"{place}/nodes/{tags.get('multi-platform-image:node')}/settings")
        lease = _value(world, f"{place}/lease")
    if text is None:
        return None
    settings = {**DEFAULTS, **json.loads(with_short_minutes(world, text))}
    own = instance.id if settings["isEphemeral"] else None
    now = time.time()
    # Seconds since the boot, as the program counts them.
    until = lease_of(claims_of(lease), own) - booted
    return decide(now - booted, 0, until, settings)


def _value(world: World, name: str) -> str | None:
    parameter = world.ssm.get_parameters([name]).get(name)
    return parameter.value if parameter else None
