"""Calls of the group audit_log_tamper of the catalogue, by their name alone."""

from domain.detection.catalogue import catalogued
from domain.detection.example import call, fires, quiet

DETECTOR = catalogued(
    id="audit-tamper-call",
    group="audit_log_tamper",
    title="What records or watches was weakened",
    does="weakens what records or watches",
    is_certain=True,
    source="MITRE ATT&CK T1562; names that detections of SigmaHQ, Elastic and Stratus Red Team look at",
    blind_spots="Whether something else still records the same is not looked at. Taking down an environment does "
    "this on purpose.",
    examples=(
        fires(call("DeleteFlowLogs", "ec2")),
        quiet(call("CreateFlowLogs", "ec2")),
        quiet(call("DeleteFlowLogs", "ec2", error="AccessDenied")),
    ),
)
