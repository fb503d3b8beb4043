"""Calls of the group root_use of the catalogue, by their name alone."""

from domain.detection.catalogue import catalogued
from domain.detection.example import call, fires, quiet

DETECTOR = catalogued(
    id="account-power-call",
    group="root_use",
    title="Power over the whole account was used",
    does="decides over the whole account",
    is_certain=True,
    source="AWS Account Management and Organizations; MITRE ATT&CK T1078.004; names that detections of SigmaHQ, "
    "Elastic and Stratus Red Team look at",
    blind_spots="Only the names that are known are reported; what the root user does otherwise has a detector of its "
    "own.",
    examples=(
        fires(call("LeaveOrganization", "organizations")),
        quiet(call("DescribeOrganization", "organizations")),
        quiet(call("LeaveOrganization", "organizations", error="AccessDenied")),
    ),
)
