"""Alarms of CloudWatch that stop instances, and really do: of EC2's metric of a processor's use, as far as a machine tells it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/UsingAlarmActions.html
"""

from __future__ import annotations

import re
import threading
import time

from moto.cloudwatch.models import Alarm, cloudwatch_backends

from .errors import Refusal
from .world import Call, World

_LOOK_SECONDS = 0.5
_ACTION = re.compile(r"arn:aws:automate:(?P<region>[a-z0-9-]+):ec2:(stop|terminate|reboot|recover)")
_DAY = 24 * 3600
_BELOW = "LessThanThreshold"


def install_alarms(world: World) -> None:
    alarms = cloudwatch_backends[world.settings.accountId][world.settings.region].alarms
    # Since when each has been over its threshold.
    since: dict[str, float] = {}

    @world.before("cloudwatch", "PutMetricAlarm")
    def check(call: Call) -> None:
        period, window = call.get("Period") or 0, (call.get("Period") or 0) * (call.get("EvaluationPeriods") or 0)
        if period not in (10, 20, 30) and (period < 60 or period % 60):
            raise _invalid(f"Period must be 10, 20, 30 or a multiple of 60, and is {period}")
        most = _DAY if period < 3600 else 7 * _DAY
        if window > most:
            raise _invalid(f"Metrics cannot be checked across more than {most} seconds (EvaluationPeriods * Period)")
        for action in call.get("AlarmActions", []):
            match = _ACTION.fullmatch(action)
            if not match or match["region"] != world.settings.region:
                raise _invalid(f"Invalid action {action}: the stand-in knows those of EC2 in its own region")

    def look() -> None:
        while True:
            time.sleep(_LOOK_SECONDS)
            with world.lock:
                for alarm in list(alarms.values()):
                    _evaluate(world, alarm, since)

    threading.Thread(target=look, daemon=True).start()


def _evaluate(world: World, alarm: Alarm, since: dict[str, float]) -> None:
    # What is missing is "notBreaching" with every alarm that is ours.
    if alarm.treat_missing_data != "notBreaching" or alarm.comparison_operator != _BELOW:
        return
    percent = _percent(world, alarm)
    if percent is None or percent >= alarm.threshold:
        since.pop(alarm.name, None)
        _set(alarm, "OK")
        return
    begun = since.setdefault(alarm.name, time.time())
    window = alarm.period * alarm.evaluation_periods * world.settings.minuteSeconds / 60
    if time.time() - begun < window or alarm.state_value == "ALARM":
        return
    # An action is taken when the state changes, and not again.
    _set(alarm, "ALARM")
    life = world.instances.lives[_instance(alarm)]
    if alarm.actions_enabled and any(action.endswith(":ec2:stop") for action in alarm.alarm_actions):
        world.instances.stop(life)


def _percent(world: World, alarm: Alarm) -> float | None:
    """Of a machine that runs; bodies tell nothing, which is as if the metric were missing."""
    life = world.instances.lives.get(_instance(alarm))
    if not life or life.state != "running" or (alarm.namespace, alarm.metric_name) != ("AWS/EC2", "CPUUtilization"):
        return None
    return getattr(life.machine, "cpu_percent", None)


def _instance(alarm: Alarm) -> str:
    return next((each.value for each in alarm.dimensions if each.name == "InstanceId"), "")


def _set(alarm: Alarm, state: str) -> None:
    alarm.state_value = state


def alarm_names(world: World) -> list[str]:
    return list(cloudwatch_backends[world.settings.accountId][world.settings.region].alarms)


def _invalid(message: str) -> Refusal:
    return Refusal("ValidationError", message)
