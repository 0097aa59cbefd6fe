"""ECR: repositories at the tests' own registry, which asks two files for what it has to know of them."""

from __future__ import annotations

import base64
import json
import os
import secrets
import time
from datetime import datetime, timezone
from typing import Any

from moto.core.responses import ActionResult
from moto.ecr.models import Repository, ecr_backends
from moto.ecr.responses import ECRResponse

from .world import Call, World


def install_registry(world: World) -> None:
    original = Repository.__init__

    def make(self: Repository, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)
        if world.settings.ecrHost:
            self.uri = f"{world.settings.ecrHost}/{self.name}"

    def authorize(self: ECRResponse) -> ActionResult:
        settings = world.settings
        password = issue_token(world)
        expires = world.ecr_tokens[-1]["expires"]
        account = (self._get_param("registryIds") or [settings.accountId])[0]
        host = settings.ecrHost or f"{account}.dkr.ecr.{settings.region}.amazonaws.com"
        token = {
            "authorizationToken": base64.b64encode(f"AWS:{password}".encode()).decode(),
            "expiresAt": datetime.fromtimestamp(expires, timezone.utc),
            "proxyEndpoint": f"https://{host}",
        }
        return ActionResult({"authorizationData": [token]})

    Repository.__init__ = make  # type: ignore[method-assign]
    ECRResponse.get_authorization_token = authorize  # type: ignore[method-assign]

    @world.after("ecr", "CreateRepository", "DeleteRepository", "PutImageTagMutability")
    def tell(call: Call) -> None:
        known = ecr_backends[world.settings.accountId][world.settings.region].repositories.values()
        described = [{"name": one.name, "immutable": one.image_tag_mutability != "MUTABLE"} for one in known]
        _tell(world, "ecr-repositories.json", described)


def issue_token(world: World) -> str:
    """With the second at which it ends, among those that the registry knows."""
    password = secrets.token_urlsafe(48)
    with world.lock:
        world.ecr_tokens.append({"token": password, "expires": time.time() + world.settings.ecrTokenLifetimeSeconds})
        _tell(world, "ecr-tokens.json", world.ecr_tokens)
    return password


def _tell(world: World, name: str, value: Any) -> None:
    """The registry reads the file at each request, so it is never seen half written."""
    draft = world.settings.folder / f"{name}.draft"
    draft.write_text(json.dumps(value))
    os.replace(draft, world.settings.folder / name)
