"""Calls of the group resource_abuse of the catalogue, by their name alone."""

from domain.detection.catalogue import catalogued
from domain.detection.example import call, fires, quiet

DETECTOR = catalogued(
    id="resource-abuse-call",
    group="resource_abuse",
    title="Costly services were opened",
    does="opens what costs a lot and what thieves like to use",
    is_certain=False,
    left_out=("RunInstances", "InvokeModel", "InvokeModelWithResponseStream", "Converse", "ConverseStream"),
    source="MITRE ATT&CK T1496; names that detections of SigmaHQ, Elastic and Stratus Red Team look at",
    blind_spots="Starting machines and asking models is left out, because it is ordinary work: see gpu-launch for "
    "the costly machines.",
    examples=(
        fires(call("PutFoundationModelEntitlement", "bedrock")),
        quiet(call("InvokeModel", "bedrock")),
        quiet(call("RunInstances", "ec2")),
    ),
)
