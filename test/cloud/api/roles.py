"""Roles and instance profiles are late on AWS: what is new is not yet known to EC2 and to other services.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
"""

from __future__ import annotations

import json
import time
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.exceptions import NotFoundException
from moto.iam.models import AWSManagedPolicy, ManagedPolicy
from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator

from .errors import Refusal, refusal
from .identities import Identity
from .policies import allows, resources_of
from .world import Call, World


class Roles:
    def __init__(self, world: World):
        self.world = world
        # Each change of a role's policies with its time, oldest first.
        self._policies: dict[str, list[tuple[float, list[str]]]] = {}
        self._profiles: dict[str, float] = {}
        world.before("iam", "CreateRole")(self._check_trust)
        world.before("sts", "AssumeRole")(self._check_role)
        world.before("iam", "AttachRolePolicy")(self._publish)
        world.before("iam", "RemoveRoleFromInstanceProfile")(self._check_member)
        changes = ("CreateRole", "PutRolePolicy", "DeleteRolePolicy", "AttachRolePolicy", "DetachRolePolicy")
        world.after("iam", *changes)(self._remember_policies)
        world.after("iam", "CreateInstanceProfile", "AddRoleToInstanceProfile")(self._remember_profile)

    def authorize(self, call: Call) -> None:
        identity = call.identity
        if identity.role is None or (call.service, call.operation) == ("sts", "GetCallerIdentity"):
            return
        action = f"{call.service}:{call.operation}"
        settings = self.world.settings
        documents = self.effective(identity.role)
        parameters = call.parameters
        for resource in resources_of(call.service, call.operation, parameters, settings.region, settings.accountId):
            if not allows(documents, action, resource):
                raise refusal(call.service, "denied", _denial(identity, action, resource))

    def profile(self, call: Call) -> Any:
        """The profile that RunInstances names, once EC2 knows it."""
        for part, what in (("Name", "name"), ("Arn", "ARN")):
            value = call.get(f"IamInstanceProfile.{part}")
            if not value:
                continue
            invalid = Refusal(
                "InvalidParameterValue",
                f"Value ({value}) for parameter iamInstanceProfile.{part.lower()} is invalid. "
                f"Invalid IAM Instance Profile {what}",
            )
            get = self.world.iam.get_instance_profile if part == "Name" else self.world.iam.get_instance_profile_by_arn
            try:
                profile = get(value)
            except NotFoundException:
                raise invalid from None
            if not self._has_passed(self._profiles.get(profile.name, 0)):
                raise invalid
            if not profile.roles:
                raise Refusal(
                    "InvalidParameterValue",
                    f"Value ({value}) for parameter iamInstanceProfile.{part.lower()} is invalid. "
                    f'IAM Instance Profile "{profile.arn}" has no associated IAM Roles',
                )
            return profile
        return None

    def effective(self, role: str) -> list[str]:
        known = [documents for moment, documents in self._policies.get(role, []) if self._has_passed(moment)]
        return known[-1] if known else []

    def _has_passed(self, moment: float) -> bool:
        return time.time() - moment >= self.world.settings.delays.iamPropagation

    def _check_trust(self, call: Call) -> None:
        # moto checks it when it is updated, not when it is created.
        IAMTrustPolicyDocumentValidator(call.get("AssumeRolePolicyDocument", "")).validate()

    def _publish(self, call: Call) -> None:
        """AWS's own policies are in every account; moto would make resources of all fourteen hundred."""
        arn = call.get("PolicyArn", "")
        name = arn.split("/")[-1]
        if arn.startswith("arn:aws:iam::aws:policy/") and arn not in self.world.iam.managed_policies:
            data = json.loads(aws_managed_policies_data).get(name)
            if data:
                settings = self.world.settings
                policy = AWSManagedPolicy.from_data(name, settings.accountId, settings.region, data)
                self.world.iam.managed_policies[policy.arn] = policy

    def _check_member(self, call: Call) -> None:
        """A removal whose answer was lost comes again; moto breaks off with an error of Python's.

        https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveRoleFromInstanceProfile.html#API_RemoveRoleFromInstanceProfile_Errors
        """
        profile, role = call.get("InstanceProfileName"), call.get("RoleName")
        if role not in [each.name for each in self.world.iam.get_instance_profile(profile).roles]:
            raise Refusal("NoSuchEntity", f"Role {role} not found in instance profile {profile}.")

    def _check_role(self, call: Call) -> None:
        arn = call.get("RoleArn", "")
        if f":{self.world.settings.accountId}:" not in arn:
            return
        if not any(role.arn == arn for role in self.world.iam.get_roles()):
            message = f"User: {call.identity.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
            raise Refusal("AccessDenied", message)

    def _remember_policies(self, call: Call) -> None:
        role = self.world.iam.get_role(call.get("RoleName"))
        documents = [*role.policies.values(), *(_document(policy) for policy in role.managed_policies.values())]
        self._policies.setdefault(role.name, []).append((time.time(), documents))

    def _remember_profile(self, call: Call) -> None:
        self._profiles[call.get("InstanceProfileName")] = time.time()


def _document(policy: ManagedPolicy) -> str:
    return next(version.document for version in policy.versions if version.is_default)


def _denial(identity: Identity, action: str, resource: str | None) -> str:
    where = f" on resource: {resource}" if resource else ""
    return (
        f"User: {identity.arn} is not authorized to perform: {action}{where} "
        f"because no identity-based policy allows the {action} action"
    )
