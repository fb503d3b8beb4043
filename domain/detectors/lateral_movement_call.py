"""Calls of the group lateral_movement of the catalogue, by their name alone."""

from domain.detection.catalogue import catalogued
from domain.detection.example import call, fires, quiet

DETECTOR = catalogued(
    id="lateral-movement-call",
    group="lateral_movement",
    title="Somebody has gone from the cloud into a machine",
    does="leads from the cloud into a machine or another account",
    is_certain=False,
    left_out=("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"),
    source="MITRE ATT&CK TA0008; names that detections of SigmaHQ, Elastic and Stratus Red Team look at",
    blind_spots="Operators do the same. Taking on roles is left out, because it is most of what happens in an "
    "account: see role-chain.",
    examples=(
        fires(call("SendCommand", "ssm")),
        quiet(call("AssumeRole", "sts")),
        quiet(call("SendCommand", "ssm", error="AccessDenied")),
    ),
)
