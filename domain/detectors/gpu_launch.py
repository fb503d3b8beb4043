"""Machines for mining and model training, which thieves start first."""

import re

from domain.detection.cloudtrail import asked
from domain.detection.detector import Detector, DetectorContext, Sighting
from domain.detection.example import call, fires, quiet
from domain.facts.provider_event import ProviderEvent
from domain.facts.severity import Severity

# EC2 User Guide, "Instance types": accelerated computing.
_ACCELERATED = re.compile(r"^(?:p|g|trn|inf|dl|vt|f)\d", re.IGNORECASE)


def is_gpu_launch(event: ProviderEvent, _: DetectorContext) -> Sighting | None:
    """Fires when machines with accelerators are started, or were to be."""
    size = str(asked(event).get("instanceType"))
    if event.name != "RunInstances" or event.source != "ec2.amazonaws.com" or not _ACCELERATED.match(size):
        return None
    did = "has started" if event.error is None else "was refused when it wanted to start"
    return Sighting(
        message=f"{event.principal} {did} machines of the type {size}.",
        severity=Severity.MEDIUM if event.error is None else Severity.LOW,
        is_grouped=True,
    )


DETECTOR = Detector(
    id="gpu-launch",
    title="Machines with accelerators were started",
    severity=Severity.MEDIUM,
    source="MITRE ATT&CK T1496; Stratus Red Team aws.execution.ec2-launch-unusual-instances",
    blind_spots="Teams that train models do this every day. Machines started by groups and fleets name their type in a "
    "template, which is not looked into.",
    check=is_gpu_launch,
    examples=(
        fires(call("RunInstances", "ec2", request={"instanceType": "p2.xlarge"})),
        fires(call("RunInstances", "ec2", request={"instanceType": "g5.xlarge"}, error="Client.UnauthorizedOperation")),
        quiet(call("RunInstances", "ec2", request={"instanceType": "t3.micro"})),
        quiet(call("StartInstances", "ec2", request={"instanceType": "p2.xlarge"})),
        quiet(call("RunInstances", "other", request={"instanceType": "p2.xlarge"})),
    ),
)
