"""What a gp3 volume may have, wherever it is asked for.

https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html#gp3-ebs-volume-type: 500 IOPS for each GiB (a volume
of any size has the first 3000), 0.25 MiB/s for each of them. moto takes what is given.
"""

from __future__ import annotations

from typing import Any

from .errors import Refusal

_INCLUDED_IOPS = 3000
_INCLUDED_THROUGHPUT = 125
_IOPS_PER_GIBIBYTE = 500
_LEAST_IOPS_PER_MEBIBYTE = 4


def check_gp3(given: dict[str, Any]) -> None:
    """`given`: the parameters of CreateVolume, of ModifyVolume with what stays, or `Ebs` of a device."""
    if given.get("VolumeType") != "gp3":
        return
    iops = int(given.get("Iops") or _INCLUDED_IOPS)
    throughput = int(given.get("Throughput") or _INCLUDED_THROUGHPUT)
    size = int(given.get("Size") or given.get("VolumeSize") or 8)
    if not _INCLUDED_IOPS <= iops <= 80_000:
        raise Refusal("InvalidParameterValue", f"Volume iops of {iops} is out of the range of 3000 to 80000.")
    if iops > max(_INCLUDED_IOPS, _IOPS_PER_GIBIBYTE * size):
        message = f"Iops to volume size ratio of {iops / size:.6f} is too high; maximum is {_IOPS_PER_GIBIBYTE}"
        raise Refusal("InvalidParameterValue", message)
    if throughput * _LEAST_IOPS_PER_MEBIBYTE > iops:
        message = (
            f"Throughput (MiBps) to iops ratio of {throughput / iops:.6f} is too high; "
            "maximum is 0.250000 MiBps per iops"
        )
        raise Refusal("InvalidParameterValue", message)
