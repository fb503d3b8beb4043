"""What gives somebody rights, takes the proof of what was done, or opens a way in takes a sign-in of a moment ago."""

import re

import pytest

from tests.contract.sources import ROOT

DANGEROUS = (
    "changeRole",
    "claimDomain",
    "createApiKey",
    "createChannel",
    "createEventEndpoint",
    "createIdentityProvider",
    "deleteCustomRole",
    "deleteIdentityProvider",
    "deleteOrganization",
    "disconnectAccount",
    "enterClients",
    "invite",
    "inviteAuditor",
    "linkIdentity",
    "regenerateRecoveryCodes",
    "removeDomain",
    "removeGroupRole",
    "removePasskey",
    "removeTotp",
    "requestEmailChange",
    "requireSecondFactor",
    "resendInvitation",
    "rotateApiKey",
    "rotateCredentials",
    "rotateWebhookSecret",
    "rotateEventEndpointSecret",
    "setAuditRetention",
    "setEvidenceChannel",
    "setEvidenceRetention",
    "setGroupRole",
    "updateChannel",
    "updateCustomRole",
    "updateIdentityProvider",
    "updateServiceAccount",
)
SCHEMA = (ROOT / "schema/schema.graphql").read_text()


@pytest.mark.parametrize("name", DANGEROUS)
def test_a_stolen_session_is_not_enough_for_what_lasts_longer_than_it(name: str) -> None:
    (gated,) = re.findall(rf"^  {name}(?:\([^)]*\))?: \w+! @gated\(([^)]*)\)", SCHEMA, re.MULTILINE)

    assert "stepUp: true" in gated
