"""What a role's policies allow. Conditions are not looked at: no policy of a node has one."""

import json
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any


def allows(documents: Iterable[str], action: str, resource: str | None) -> bool:
    """`resource` None: a call whose resources are not modelled, for which the action alone decides."""
    statements = [statement for document in documents for statement in _list(json.loads(document)["Statement"])]
    matching = [one["Effect"] for one in statements if _matches(one, action, resource)]
    return "Allow" in matching and "Deny" not in matching


def resources_of(service: str, operation: str, parameters: Any, region: str, account: str) -> list[str | None]:
    """The ARNs that a call is about: all of them must be allowed."""
    if service != "ssm":
        return [None]
    names = parameters.get("Names") or [parameters.get("Name") or parameters.get("Path")]
    return [_parameter(name, region, account) for name in names if name] or [None]


def _parameter(name: str, region: str, account: str) -> str:
    # Public parameters are in nobody's account.
    owner = "" if name.startswith("/aws/service/") else account
    return f"arn:aws:ssm:{region}:{owner}:parameter/{name.lstrip('/')}"


def _matches(statement: dict[str, Any], action: str, resource: str | None) -> bool:
    actions = [entry.lower() for entry in _list(statement.get("Action", []))]
    if not any(fnmatchcase(action.lower(), _pattern(entry)) for entry in actions):
        return False
    resources = _list(statement.get("Resource", []))
    return resource is None or any(fnmatchcase(resource, _pattern(entry)) for entry in resources)


def _pattern(text: str) -> str:
    # IAM knows * and ? only; a bracket is itself.
    return text.replace("[", "[[]")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
