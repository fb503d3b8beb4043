"""Calls of the group destruction of the catalogue, by their name alone."""

from domain.detection.catalogue import catalogued
from domain.detection.example import call, fires, quiet

DETECTOR = catalogued(
    id="destruction-call",
    group="destruction",
    title="Something that is hard to bring back was destroyed",
    does="destroys what is hard to bring back",
    is_certain=False,
    source="MITRE ATT&CK TA0040, T1485; names that detections of SigmaHQ, Elastic and Stratus Red Team look at",
    blind_spots="Tidying up does the same, and whether there is a copy is not looked at.",
    examples=(
        fires(call("DeleteDBInstance", "rds")),
        quiet(call("DeleteDBInstance", "rds", error="InvalidDBInstanceState")),
        quiet(call("DeleteTags", "ec2")),
    ),
)
