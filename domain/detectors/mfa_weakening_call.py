"""Calls of the group mfa_disabling of the catalogue, by their name alone."""

from domain.detection.catalogue import catalogued
from domain.detection.example import fires, quiet, told
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind

DETECTOR = catalogued(
    id="mfa-weakening-call",
    group="mfa_disabling",
    title="A second factor was weakened",
    does="weakens how people prove who they are",
    is_certain=True,
    source="MITRE ATT&CK T1556.006; names that detections of SigmaHQ, Elastic and Stratus Red Team look at",
    blind_spots="A policy that is made stricter has the same name as one that is made weaker.",
    examples=(
        fires(told(EventKind.CODE, Provider.GITHUB, name="org.disable_two_factor_requirement")),
        quiet(told(EventKind.CODE, Provider.GITHUB, name="org.enable_two_factor_requirement")),
        quiet(told(EventKind.API_CALL, Provider.OKTA, name="user.mfa.attempt_bypass", error="DENY")),
    ),
)
