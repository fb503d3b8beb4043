"""Calls of the group persistence of the catalogue, by their name alone."""

from domain.detection.catalogue import catalogued
from domain.detection.example import call, fires, quiet

DETECTOR = catalogued(
    id="persistence-call",
    group="persistence",
    title="Something was set up that outlasts a password change",
    does="gives a way in that outlasts a changed password",
    is_certain=False,
    source="MITRE ATT&CK TA0003; names that detections of SigmaHQ, Elastic and Stratus Red Team look at",
    blind_spots="Setting up users, roles and providers is ordinary work, and looks the same. Nothing but the name is "
    "looked at.",
    examples=(
        fires(call("CreateUser")),
        quiet(call("CreateUser", error="AccessDenied")),
        quiet(call("CreateUser", kind="AWSService")),
    ),
)
