"""Calls of the group exfiltration of the catalogue, by their name alone."""

from domain.detection.catalogue import catalogued
from domain.detection.example import call, fires, quiet

DETECTOR = catalogued(
    id="exfiltration-call",
    group="exfiltration",
    title="Data may leave the account",
    does="can carry data out of the account",
    is_certain=False,
    source="MITRE ATT&CK TA0010; names that detections of SigmaHQ, Elastic and Stratus Red Team look at",
    blind_spots="Where the data goes is not looked at, but for snapshots and images, which have detectors of their "
    "own. Backups do the same.",
    examples=(
        fires(call("ExportTableToPointInTime", "dynamodb")),
        quiet(call("ExportTableToPointInTime", "dynamodb", error="AccessDenied")),
        quiet(call("Subscribe", "sns")),
    ),
)
