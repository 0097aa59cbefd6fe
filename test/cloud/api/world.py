"""What all parts of the emulator share, and where they hook into the calls of the API."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.ec2.models import EC2Backend, ec2_backends
from moto.iam.models import IAMBackend, iam_backends
from moto.ssm.models import SimpleSystemManagerBackend, ssm_backends

from .settings import Settings

if TYPE_CHECKING:
    from .ecs import Ecs
    from .faults import Faults
    from .halts import Halts
    from .identities import Identities, Identity
    from .instances import Instances
    from .roles import Roles
    from .volumes import Volumes


@dataclass
class Call:
    """One request to the API. Rules may change its parameters, which moto then reads."""

    service: str
    operation: str
    parameters: Any
    identity: Identity
    # Runs after the answer is made, without the lock: for what takes time.
    afterwards: list[Callable[[], None]] = field(default_factory=list)

    def get(self, path: str, default: Any = None) -> Any:
        """The parameter at a path of names: `IamInstanceProfile.Name`."""
        value = self.parameters
        for name in path.split("."):
            value = value.get(name) if value else None
        return default if value is None else value


Rule = Callable[[Call], None]


class World:
    def __init__(self, settings: Settings):
        self.settings = settings
        # moto is not made for threads. Held for every call and every change of a state, never while a machine works.
        self.lock = threading.RLock()
        self.calls: list[dict[str, Any]] = []
        self._before: dict[tuple[str, str], list[Rule]] = defaultdict(list)
        self._after: dict[tuple[str, str], list[Rule]] = defaultdict(list)
        self.ecr_tokens: list[dict[str, Any]] = []
        self.ecs: Ecs
        self.faults: Faults
        self.halts: Halts
        self.identities: Identities
        self.instances: Instances
        self.roles: Roles
        self.volumes: Volumes

    def before(self, service: str, *operations: str) -> Callable[[Rule], Rule]:
        """Runs the rule before moto does; what it raises is the answer."""
        return self._register(self._before, service, operations)

    def after(self, service: str, *operations: str) -> Callable[[Rule], Rule]:
        """Runs the rule when moto has answered without an error."""
        return self._register(self._after, service, operations)

    def check(self, call: Call) -> None:
        for rule in self._before[call.service, call.operation]:
            rule(call)

    def follow(self, call: Call) -> None:
        for rule in self._after[call.service, call.operation]:
            rule(call)

    @property
    def ec2(self) -> EC2Backend:
        return ec2_backends[self.settings.accountId][self.settings.region]

    @property
    def iam(self) -> IAMBackend:
        return iam_backends[self.settings.accountId]["aws"]

    @property
    def ssm(self) -> SimpleSystemManagerBackend:
        return ssm_backends[self.settings.accountId][self.settings.region]

    @staticmethod
    def _register(rules: dict[tuple[str, str], list[Rule]], service: str, operations: tuple[str, ...]):
        def register(rule: Rule) -> Rule:
            for operation in operations:
                rules[service, operation].append(rule)
            return rule

        return register
