"""Who calls: the tests' own key, an instance through its role, or whoever assumed a role."""

from __future__ import annotations

import secrets
import string
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from moto.sts.models import sts_backends

from .errors import refusal
from .signature import fault_in_signature, read_signature
from .world import World

_LIFETIME_SECONDS = 6 * 3600
_UNKNOWN = "The security token included in the request is invalid."


@dataclass
class Identity:
    # "caller", "node" (an instance) or "role" (assumed through STS).
    kind: str
    arn: str
    # None: no policy limits it.
    role: str | None = None
    instance_id: str | None = None


@dataclass
class Credentials:
    """What an instance's metadata service hands out."""

    access_key_id: str
    secret: str
    token: str
    issued: float
    expires: float
    identity: Identity


class Identities:
    def __init__(self, world: World):
        self.world = world
        self.issued: dict[str, Credentials] = {}

    def credentials_of(self, instance_id: str, role: str) -> Credentials:
        """The role's temporary key for this instance: the same until the last quarter of its life."""
        now = time.time()
        for known in self.issued.values():
            own = known.identity.instance_id == instance_id and known.identity.role == role
            if own and known.expires - now > _LIFETIME_SECONDS / 4:
                return known
        arn = f"arn:aws:sts::{self.world.settings.accountId}:assumed-role/{role}/{instance_id}"
        key = "ASIA" + "".join(secrets.choice(string.ascii_uppercase + "234567") for _ in range(16))
        identity = Identity("node", arn, role, instance_id)
        new = Credentials(
            key, secrets.token_urlsafe(30), secrets.token_urlsafe(300), now, now + _LIFETIME_SECONDS, identity
        )
        self.issued[key] = new
        return new

    def identify(self, service: str, request: Any, body: bytes) -> Identity:
        """Raises unless the request is signed by a key that is known and lives."""
        header = request.headers.get("Authorization", "")
        signature = read_signature(header)
        if not signature:
            raise refusal(service, "unsigned", "Request is missing Authentication Token")
        found = self._find(signature.access_key_id)
        if not found or request.headers.get("X-Amz-Security-Token", "") != found.token:
            raise refusal(service, "unknown key", _UNKNOWN)
        fault = fault_in_signature(signature, found.secret, request, body)
        if fault:
            raise refusal(service, "bad signature", fault)
        if found.expires < time.time():
            raise refusal(service, "expired", "The security token included in the request is expired")
        return found.identity

    def _find(self, key: str) -> Credentials | None:
        settings = self.world.settings
        if key == settings.accessKeyId:
            arn = f"arn:aws:iam::{settings.accountId}:user/moto"
            return Credentials(key, settings.secretAccessKey, "", 0, time.time() + 60, Identity("caller", arn))
        if key in self.issued:
            return self.issued[key]
        for account in list(sts_backends.values()):
            assumed = account["aws"].get_assumed_role_from_access_key(key)
            if assumed:
                expires = assumed.expiration.replace(tzinfo=timezone.utc).timestamp()
                # Policies of another account are that account's affair, and not emulated.
                own = assumed.account_id == settings.accountId
                identity = Identity("role", assumed.arn, assumed.role_arn.split("/")[-1] if own else None)
                return Credentials(key, assumed.secret_access_key, assumed.session_token, 0, expires, identity)
        return None


def timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
