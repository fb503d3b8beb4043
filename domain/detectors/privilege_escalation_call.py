"""Calls of the group iam_privilege_escalation of the catalogue, by their name alone."""

from domain.detection.catalogue import catalogued
from domain.detection.example import call, fires, quiet

DETECTOR = catalogued(
    id="privilege-escalation-call",
    group="iam_privilege_escalation",
    title="Rights were widened",
    does="can widen what somebody may do",
    is_certain=False,
    source="MITRE ATT&CK TA0004; names that detections of SigmaHQ, Elastic and Stratus Red Team look at",
    blind_spots="Whether the rights are great or small is not looked at; policies that allow everything have "
    "detectors of their own. Deploying functions falls under it.",
    examples=(
        fires(call("UpdateLoginProfile", request={"userName": "ann"})),
        quiet(call("UpdateLoginProfile", error="NoSuchEntity")),
        quiet(call("UpdateLoginProfile", "elsewhere")),
    ),
)
