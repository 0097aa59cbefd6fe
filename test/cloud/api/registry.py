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
    # With the second at which each ends.
    tokens: list[dict[str, Any]] = []
    original = Repository.__init__

    def make(self: Repository, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)
        if world.settings.ecrHost:
            self.uri = f"{world.settings.ecrHost}/{self.name}"

    def authorize(self: ECRResponse) -> ActionResult:
        settings = world.settings
        password = secrets.token_urlsafe(48)
        expires = time.time() + settings.ecrTokenLifetimeSeconds
        tokens.append({"token": password, "expires": expires})
        _tell(world, "ecr-tokens.json", tokens)
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


def _tell(world: World, name: str, value: Any) -> None:
    """The registry reads the file at each request, so it is never seen half written."""
    draft = world.settings.folder / f"{name}.draft"
    draft.write_text(json.dumps(value))
    os.replace(draft, world.settings.folder / name)
