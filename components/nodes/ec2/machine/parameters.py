"""The node's settings, certificate and lease."""

import hashlib
import json
import time

from machine import aws, files, places
from machine.console import Failure, say

# While Parameter Store was never reached. Without it a node that can't read its settings would run for ever.
DEFAULTS = {"isEphemeral": False, "idleTimeoutMinutes": 10, "maxLifetimeMinutes": None}
# NaN is not below it either.
NO_TIME = 1e15


class Parameters:
    def __init__(self, settings, tls, lease, is_cold=False):
        self.settings = settings
        self.tls = tls
        self.lease = lease
        # An ephemeral node was told that it will not have its volume.
        self.is_cold = is_cold

    def fingerprint(self):
        """Of all that a restart of buildkitd applies. Timeouts hold at once; the volume is that of the boot."""
        applied = {"tls": self.tls, **{key: self.settings[key] for key in ("buildkit", "buildkitdToml")}}
        return hashlib.sha256(json.dumps(applied, sort_keys=True).encode()).hexdigest()


def read():
    names = aws.names()
    found = aws.read_parameters(sorted(names.values()))
    for kind in ("settings", "tls"):
        if names[kind] not in found:
            raise aws.Refused(f"the parameter {names[kind]} does not exist in Parameter Store")
    try:
        settings, tls = (json.loads(found[names[kind]]) for kind in ("settings", "tls"))
        claims = claims_of(found.get(names["lease"]))
        own = aws.instance_id() if settings.get("isEphemeral") else None
        read_parameters = Parameters(
            settings,
            {key: tls[key] for key in ("ca", "cert", "key")},
            lease_of(claims, own),
            bool(own) and f"{own} cold" in claims,
        )
        read_parameters.fingerprint()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # The error's own text may hold the value.
        raise Failure(
            f"the parameters {names['settings']} and {names['tls']} are not whole: {type(error).__name__}"
        ) from None
    remember(settings)
    return read_parameters


def remember(settings):
    """For times without Parameter Store. They are good without it, too: a full disk is no reason to refuse them."""
    text = json.dumps(settings)
    try:
        if files.read(places.KNOWN_SETTINGS) != text:
            files.write(places.KNOWN_SETTINGS, text)
    except (OSError, ValueError) as error:
        print(f"the settings can't be kept: {error}", flush=True)


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


def claims_of(text):
    """Holder to the time until which it needs the node, as seconds since 1970."""
    try:
        claims = json.loads(text or "{}").items()
    except (ValueError, AttributeError):
        return {}
    # What is no time is a later release's, and for later nodes.
    return {holder: until for holder, until in claims if type(until) in (int, float) and abs(until) < NO_TIME}


def lease_of(claims, own=None):
    """The greatest time of any holder; of an ephemeral node that of its own claim alone; 0 without one."""
    return claims.get(own, 0) if own else max(claims.values(), default=0)


def known_settings():
    try:
        return {**DEFAULTS, **json.loads(files.read(places.KNOWN_SETTINGS) or "{}")}
    except (OSError, ValueError, TypeError):
        return DEFAULTS
