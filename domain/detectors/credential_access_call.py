"""Calls of the group credential_access of the catalogue, by their name alone."""

from domain.detection.catalogue import catalogued
from domain.detection.example import call, fires, quiet, told
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind

DETECTOR = catalogued(
    id="credential-access-call",
    group="credential_access",
    title="Credentials were handed out",
    does="hands out or changes credentials",
    is_certain=False,
    source="MITRE ATT&CK TA0006; names that detections of SigmaHQ, Elastic and Stratus Red Team look at",
    blind_spots="Reads of secrets are counted, not reported one by one: see mass-secret-read.",
    examples=(
        fires(told(EventKind.API_CALL, Provider.GCP, name="io.k8s.core.v1.serviceaccounts.token.create")),
        quiet(call("GetSecretValue", "secretsmanager", readOnly=True)),
        quiet(told(EventKind.API_CALL, Provider.GCP, name="io.k8s.core.v1.secrets.get")),
    ),
)
