"""ClientToken: a request that is repeated gets the answer of the first."""

from __future__ import annotations

import json
from typing import Any

from .errors import Refusal
from .gate import Answered
from .world import Call


class Tokens:
    def __init__(self) -> None:
        # By token: what was asked, and what came of it.
        self._asked: dict[str, str] = {}
        self._answers: dict[str, Any] = {}

    def check(self, call: Call) -> None:
        """Before anything changes the call's parameters."""
        token = call.get("ClientToken")
        question = json.dumps(call.parameters, sort_keys=True, default=str)
        if token in self._answers:
            if self._asked[token] == question:
                raise Answered(self._answers[token])
            message = (
                "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."
            )
            raise Refusal("IdempotentParameterMismatch", message)
        if token:
            self._asked[token] = question

    def remember(self, token: str | None, answer: Any) -> None:
        if token:
            self._answers[token] = answer
