"""One of everything that people decide and file for compliance, for a tenant."""

from datetime import timedelta

import documents
from documents.base import TenantDocument, utc_now
from domain.facts.governance import AttestationKind, OwnerRole
from tests.factories.tenant import Tenant


async def make_governance(tenant: Tenant, account: documents.Account) -> dict[str, TenantDocument]:
    """An exception, an owner, an attestation, and a policy with a version."""
    org_id, now = tenant.organization.id, utc_now()
    exception = documents.ControlException(
        org_id=org_id,
        control_id="CW-IAM-01",
        account_id=account.id,
        resources=["secret-resource"],
        reason="secret-reason",
        compensating_control="secret-compensation",
        starts_at=now,
        ends_at=now + timedelta(days=30),
        requested_by=tenant.user.id,
        comment="secret-comment",
    )
    await exception.insert()
    owner = documents.ControlOwner(
        org_id=org_id, control_id="CW-IAM-01", role=OwnerRole.OWNER, user_id=tenant.user.id, since=now
    )
    await owner.insert()
    attestation = documents.Attestation(
        org_id=org_id,
        kind=AttestationKind.BOARD_MINUTES,
        control_id="CW-GOV-03",
        statement="secret-statement",
        content=[{"topics": ["secret-topic"]}],
        submitted_by=tenant.user.id,
        comment="secret-review",
        expires_at=now + timedelta(days=366),
    )
    await attestation.insert()
    policy = documents.Policy(org_id=org_id, name="secret-policy", is_required=True)
    await policy.insert()
    version = documents.PolicyVersion(
        org_id=org_id,
        policy_id=policy.id,
        number=1,
        text="secret-text",
        sha256="secret-hash",
        written_by=tenant.user.id,
    )
    await version.insert()
    made = {"Policy": policy, "PolicyVersion": version, "Attestation": attestation}
    return {**made, "ControlException": exception, "ControlOwner": owner}
