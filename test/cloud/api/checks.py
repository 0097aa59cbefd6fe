"""EC2's status checks: once a minute it asks each instance that runs by ARP. One that is cut off, or whose guest does not
come, is impaired; one that has just started is neither that nor ok.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-system-instance-status-check.html
"""

from __future__ import annotations

import time
from typing import Any

from moto.ec2.models.instances import Instance

from .life import Life
from .world import World

_CHECK_MINUTES = 1
_INITIALIZING_MINUTES = 2
_DETAILS = {"ok": "passed", "impaired": "failed", "initializing": "initializing"}


def install_checks(world: World) -> None:
    def status(self: Instance) -> dict[str, Any]:
        life = world.instances.lives.get(self.id)
        if life is None or life.state != "running":
            return {"Status": "not-applicable"}
        word = _status(life, world.settings.minuteSeconds)
        return {"Status": word, "Details": [{"Name": "reachability", "Status": _DETAILS[word]}]}

    Instance.instance_status = property(status)  # type: ignore[assignment,method-assign]
    Instance.system_status = property(status)  # type: ignore[assignment,method-assign]


def _status(life: Life, minute_seconds: float) -> str:
    now = time.time()
    runs_for = now - life.started
    # A guest that never came has not answered from the start.
    silent_for = runs_for if not life.up else now - life.cut_since if life.cut_since else 0.0
    if min(silent_for, runs_for) >= _CHECK_MINUTES * minute_seconds and silent_for:
        return "impaired"
    return "ok" if runs_for >= _INITIALIZING_MINUTES * minute_seconds else "initializing"
