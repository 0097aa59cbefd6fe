"""What the tests decide about a cloud before it starts: one JSON file, whose keys are the field names here."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Delays:
    """Seconds. Shorter than AWS's own, never zero: a caller that does not wait must fail here, too."""

    pending: float = 1.5
    stopping: float = 1.0
    volumeCreating: float = 0.5
    volumeAttaching: float = 2.0
    # AWS says "several seconds"; ten are not rare.
    iamPropagation: float = 3.0


@dataclass
class Image:
    """An AMI, and the parameter by which its owner publishes it."""

    id: str
    name: str
    architecture: str
    # Files that machines boot from; unused without machines.
    folder: str = ""
    parameter: str = ""


@dataclass
class Settings:
    # Of the run. Volumes, instances and tokens are below it.
    folder: Path
    accessKeyId: str
    secretAccessKey: str
    images: list[Image]
    region: str = "us-east-1"
    # moto's own for every key that it does not know.
    accountId: str = "123456789012"
    # "none": instances have states but nothing boots.
    machines: str = "none"
    # Of the VPC's network, and the prefix of all that machines make in the kernel.
    namespace: str = ""
    namePrefix: str = ""
    apiPort: int = 5000
    controlPort: int = 5001
    # Where instances reach Parameter Store by its real name, over TLS.
    frontAddress: str = "169.254.169.253"
    frontCertificate: str = ""
    frontKey: str = ""
    metadataAddress: str = "169.254.169.254"
    delays: Delays = field(default_factory=Delays)
    # How long a minute of a node's timeouts lasts: nodes read their settings with shorter ones.
    minuteSeconds: float = 60
    # May change while the cloud runs: the tests' registry stands in for ECR, and short-lived tokens are worth a test.
    ecrHost: str = ""
    # What the account may run, as well; None is without a limit.
    standardVcpus: int | None = None
    standardSpotVcpus: int | None = None
    plan: str = "paid"
    ecrTokenLifetimeSeconds: float = 12 * 3600


def load_settings(file: str) -> Settings:
    text: dict[str, Any] = json.loads(Path(file).read_text())
    text["folder"] = Path(text["folder"])
    text["images"] = [Image(**image) for image in text["images"]]
    text["delays"] = Delays(**text.get("delays", {}))
    return Settings(**text)
