"""Callers that a test kills at their n-th call: that call waits here, before it takes effect or after, until they are gone."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field
from typing import Any

BEFORE, AFTER = "before", "after"


@dataclass
class Halt:
    """An order: the caller whose agent has this text is held at this call, and at all that follow."""

    agent: str
    at: int
    when: str
    count: int = 0
    # The call at which it is held.
    reached: str | None = None
    released: threading.Event = field(default_factory=threading.Event)


class Halts:
    def __init__(self) -> None:
        self.ordered: dict[str, Halt] = {}

    def order(self, halts: list[dict[str, Any]]) -> None:
        for each in halts:
            if each["when"] not in (BEFORE, AFTER) or each["at"] < 1:
                raise ValueError(f"{each}: `when` is {BEFORE} or {AFTER}, `at` counts from 1")
            self.release(each["agent"])
            self.ordered[each["agent"]] = Halt(each["agent"], each["at"], each["when"])

    def release(self, agent: str) -> None:
        """Lets go what is held, and counts no more. A caller that is gone never gets what it asked for."""
        halt = self.ordered.pop(agent, None)
        if halt:
            halt.released.set()

    def describe(self) -> list[dict[str, Any]]:
        return [{"agent": halt.agent, "count": halt.count, "reached": halt.reached} for halt in self.ordered.values()]

    def count(self, agent: str) -> tuple[Halt, int] | None:
        """Which order a call is about, and the how manieth it is for it."""
        halt = next((each for each in self.ordered.values() if each.agent in agent), None)
        if not halt:
            return None
        halt.count += 1
        return halt, halt.count

    @staticmethod
    def wait_before(counted: tuple[Halt, int] | None, operation: str, environ: dict[str, Any]) -> bool:
        """Whether the call takes effect: what was held does not if its caller is gone by now."""
        if not counted:
            return True
        halt, number = counted
        if number < halt.at or (number == halt.at and halt.when == AFTER):
            return True
        if number == halt.at:
            halt.reached = operation
        halt.released.wait()
        return _is_there(environ.get("werkzeug.socket"))

    @staticmethod
    def wait_after(counted: tuple[Halt, int] | None, operation: str) -> None:
        """Holds the answer of a call that has taken effect."""
        if counted and counted[1] == counted[0].at and counted[0].when == AFTER:
            counted[0].reached = operation
            counted[0].released.wait()


def _is_there(connection: socket.socket | None) -> bool:
    """Whether whoever asked still waits for the answer: the kernel closes what a killed process had open."""
    if connection is None:
        return True
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
