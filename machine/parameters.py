"""The node's settings, certificate and lease."""

import hashlib
import json
import time

from machine import aws, files, places
from machine.console import Failure, say

# While Parameter Store was never reached. Without it a node that can't read its settings would run for ever.
DEFAULT_TIMEOUTS = {"idleTimeoutMinutes": 10, "maxLifetimeMinutes": None}


class Parameters:
    def __init__(self, settings, tls, lease):
        self.settings = settings
        self.tls = tls
        self.lease = lease

    def fingerprint(self):
        """Of all that a restart of buildkitd applies. Timeouts hold at once; the volume is that of the boot."""
        applied = {"tls": self.tls, **{key: self.settings[key] for key in ("buildkit", "buildkitdToml")}}
        return hashlib.sha256(json.dumps(applied, sort_keys=True).encode()).hexdigest()


def read():
    names = aws.names()
    found = aws.read_parameters(sorted(names.values()))
    for kind in ("settings", "tls"):
        if names[kind] not in found:
            raise Failure(f"the parameter {names[kind]} does not exist in Parameter Store")
    try:
        settings, tls = (json.loads(found[names[kind]]) for kind in ("settings", "tls"))
        read_parameters = Parameters(
            settings, {key: tls[key] for key in ("ca", "cert", "key")}, lease_of(found.get(names["lease"]))
        )
        read_parameters.fingerprint()
    except (ValueError, KeyError, TypeError) as error:
        # The error's own text may hold the value.
        raise Failure(
            f"the parameters {names['settings']} and {names['tls']} are not whole: {type(error).__name__}"
        ) from None
    files.write(places.KNOWN_SETTINGS, json.dumps(settings))
    return read_parameters


def read_patiently(minutes=5):
    """IAM is late: a new role is refused, or not there, for seconds, now and then for minutes."""
    end = time.monotonic() + minutes * 60
    said, pause = None, 0.2
    while True:
        try:
            return read()
        except Failure as failure:
            if time.monotonic() > end:
                raise Failure(f"no settings after {minutes} minutes: {failure}") from failure
            # A network that is not up yet is no news.
            if str(failure) != said and pause > 1:
                said = str(failure)
                say(f"waiting for the settings: {said}")
        time.sleep(pause)
        pause = min(pause * 1.5, 5)


def lease_of(text):
    """The greatest time of any holder, as seconds since 1970; 0 without one."""
    try:
        return max((float(until) for until in json.loads(text or "{}").values()), default=0)
    except (ValueError, AttributeError, TypeError):
        return 0


def known_timeouts():
    try:
        return {**DEFAULT_TIMEOUTS, **json.loads(files.read(places.KNOWN_SETTINGS) or "{}")}
    except ValueError:
        return DEFAULT_TIMEOUTS
