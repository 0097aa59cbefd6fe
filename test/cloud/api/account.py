"""What the account may run: its quotas of vCPUs, and its plan. By default those of an account that was raised.

Quotas of a new account: 5 vCPUs on demand and 5 of spot instances, for the types of "Standard".
https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
The words of the refusals are AWS's own, as users quote them:
https://github.com/aws/amazon-cloudwatch-agent-test/pull/256
https://github.com/LinkedInLearning/learning-terraform-3087701/issues/345
"""

from __future__ import annotations

from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES

from .errors import Refusal
from .world import World

# A stopping instance still counts: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html
_COUNTED = ("pending", "running", "stopping")
# Those of the families A, C, D, H, I, M, R, T, Z; the others have quotas of their own.
_STANDARD = frozenset("acdhimrtz")


# Its name sorts before those of all Availability Zones.
_LOCAL_ZONE = "us-east-1-atl-2a"


def opt_in_to_local_zone(world: World) -> None:
    """DescribeInstanceTypeOfferings lists the zones that the account has opted in to beside the Availability Zones, and here
    every type is in one: https://github.com/aws/karpenter-provider-aws/issues/6183
    """
    offerings = INSTANCE_TYPE_OFFERINGS["availability-zone"][world.settings.region]
    types = {offer["InstanceType"] for offer in offerings}
    offerings += [
        {"InstanceType": each, "LocationType": "availability-zone", "Location": _LOCAL_ZONE} for each in sorted(types)
    ]


def check_account(world: World, instance_type: str, capacity_type: str) -> None:
    settings = world.settings
    facts = INSTANCE_TYPES.get(instance_type)
    if facts is None:
        return
    if settings.plan == "free" and not facts.get("FreeTierEligible"):
        message = (
            "The specified instance type is not eligible for Free Tier. For a list of Free Tier instance types, run "
            "'describe-instance-types' with the filter 'free-tier-eligible=true'."
        )
        raise Refusal("InvalidParameterCombination", message)
    quota = settings.standardSpotVcpus if capacity_type == "spot" else settings.standardVcpus
    if quota is None or not _is_standard(instance_type):
        return
    running = sum(
        _vcpus(life.instance.instance_type)
        for life in world.instances.lives.values()
        if life.state in _COUNTED
        and _is_standard(life.instance.instance_type)
        and (life.instance.lifecycle == "spot") == (capacity_type == "spot")
    )
    if running + _vcpus(instance_type) <= quota:
        return
    if capacity_type == "spot":
        raise Refusal("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")
    message = (
        f"You have requested more vCPU capacity than your current vCPU limit of {quota} allows for the instance bucket "
        "that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to "
        "request an adjustment to this limit."
    )
    raise Refusal("VcpuLimitExceeded", message)


def _vcpus(instance_type: str) -> int:
    return INSTANCE_TYPES[instance_type]["VCpuInfo"]["DefaultVCpus"]


def _is_standard(instance_type: str) -> bool:
    return instance_type[0] in _STANDARD and not instance_type.startswith(("inf", "trn", "dl", "hpc"))
