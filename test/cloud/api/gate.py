"""Every call passes here before and after moto: who calls, may they, is a fault ordered, would AWS refuse."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Iterable
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse

from .errors import Refusal, status_of
from .identities import Identity
from .signature import read_signature
from .targets import passed_roles, request_tags, resources_of
from .world import Call, World

_BODY = "emulator.body"
_UNKNOWN = Identity("unknown", "")


def install_gate(world: World) -> None:
    original = BaseResponse.call_action

    def call_action(self: BaseResponse) -> Any:
        parameters = _parameters(self)
        call = Call(self.service_name or "", self._get_action(), parameters, _UNKNOWN)
        request = self.normalized_request
        body = request.environ.get(_BODY, b"")
        agent = request.headers.get("User-Agent", "")
        with world.lock:
            counted = world.halts.count(agent)
        if not world.halts.wait_before(counted, call.operation, request.environ):
            # Nobody is there to read it.
            return _refuse(self, Refusal("ServiceUnavailable", "The caller was killed before its call took effect."))
        with world.lock:
            entry = _entry(world, call, request.remote_addr, agent)
            try:
                call.identity = world.identities.identify(call.service, request, body)
                world.roles.authorize(call)
                world.faults.strike(call)
                world.check(call)
                answer = original(self)
                if answer[0] < 300:
                    world.follow(call)
                else:
                    entry["error"] = _code(answer[2])
            except ServiceException as error:
                entry["error"] = error.code
                answer = _refuse(self, error)
            except Answered as answered:
                answer = self.serialized(ActionResult(answered.result))
            finally:
                _log(world, call, entry)
        for later in call.afterwards:
            later()
        world.halts.wait_after(counted, call.operation)
        return answer

    BaseResponse.call_action = call_action  # type: ignore[method-assign]


class Answered(Exception):
    """A rule has the answer itself: moto is not asked."""

    def __init__(self, result: object):
        super().__init__()
        self.result = result


def entrance(app: Any, service: str | None = None) -> Any:
    """Before moto, which takes an unsigned request for one to S3, and reads the service off the signature alone.

    `service`: the only one behind this address. A signature is over the bytes of a body, which moto's parsing uses up,
    so they are kept.
    """

    def enter(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        environ[_BODY] = body
        environ["wsgi.input"] = io.BytesIO(body)
        signature = read_signature(environ.get("HTTP_AUTHORIZATION", ""))
        if not signature:
            return _turn_away(start_response, "MissingAuthenticationTokenException", "Missing Authentication Token")
        if service and signature.service != service:
            message = f"Credential should be scoped to correct service: '{service}'."
            return _turn_away(start_response, "InvalidSignatureException", message)
        return app(environ, start_response)

    return enter


def _turn_away(start_response: Any, code: str, message: str) -> Iterable[bytes]:
    start_response("400 Bad Request", [("Content-Type", "application/x-amz-json-1.1")])
    return [json.dumps({"__type": code, "message": message}).encode()]


def _parameters(response: BaseResponse) -> Any:
    if response.automated_parameter_parsing:
        return response.params
    try:
        return json.loads(response.body or "{}")
    except ValueError:
        return {}


def log_internal(world: World, call: Call) -> None:
    """What EC2 does in a caller's name: its policies are asked, and CloudTrail says who did it for whom."""
    _log(world, call, _entry(world, call, "ec2fleet.amazonaws.com", "ec2fleet.amazonaws.com"))


def _log(world: World, call: Call, entry: dict[str, Any]) -> None:
    world.calls.append({**entry, "caller": {"kind": call.identity.kind, "arn": call.identity.arn}})


def _entry(world: World, call: Call, address: str | None, agent: str) -> dict[str, Any]:
    return {
        "time": time.time(),
        "service": call.service,
        "operation": call.operation,
        "parameters": sorted(call.parameters),
        "resources": resources_of(world, call),
        "requestTags": request_tags(call),
        "passedRoles": passed_roles(world, call),
        "policyArn": call.get("PolicyArn") if call.service == "iam" else None,
        "alarmActions": [
            action for state in ("OK", "Alarm", "InsufficientData") for action in call.get(f"{state}Actions") or []
        ],
        "address": address,
        "agent": agent,
    }


def _code(body: Any) -> str:
    """Of a refusal of moto's own, in XML or in JSON."""
    text = body.decode() if isinstance(body, bytes) else str(body)
    found = re.search(r"<Code>([^<]+)</Code>|\"__type\":\s*\"(?:[^\"]*#)?([^\"]+)\"", text)
    return (found[1] or found[2]) if found else "unknown"


def _refuse(response: BaseResponse, error: ServiceException) -> Any:
    status, headers, body = response.serialized(ActionResult(error))
    status = status_of(error.code) if status == 400 else status
    return status, {**headers, "status": str(status)}, body
