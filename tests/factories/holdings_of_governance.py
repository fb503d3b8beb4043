"""One of everything that people decide and file for compliance, for a tenant."""

from datetime import timedelta

from beanie import PydanticObjectId

import documents
from documents.base import TenantDocument, utc_now
from domain.facts.governance import AttestationKind, DriftKind, OwnerRole
from domain.facts.resource import ResourceKind
from tests.factories.tenant import Tenant


async def make_governance(tenant: Tenant, account: documents.Account) -> dict[str, TenantDocument]:
    """An exception, an owner, an attestation, a policy with a version, and drift since a baseline."""
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
    baseline = documents.DriftBaseline(
        org_id=org_id,
        account_id=account.id,
        tags=["secret=tag"],
        reason="secret-reason",
        since=now,
        looked_at=now,
        declared_by=tenant.user.id,
    )
    await baseline.insert()
    drift = documents.Drift(
        org_id=org_id,
        account_id=account.id,
        resource_id=PydanticObjectId(),
        resource_kind=ResourceKind.AWS_S3_BUCKET,
        native_id="secret-drifting",
        name="secret-name",
        kind=DriftKind.CHANGED,
        fields=["config.secret"],
        before=["secret-before"],
        after=["secret-after"],
        opened_at=now,
        changed_at=now,
    )
    await drift.insert()
    made = {"Policy": policy, "PolicyVersion": version, "Attestation": attestation}
    made |= {"Drift": drift, "DriftBaseline": baseline}
    return {**made, "ControlException": exception, "ControlOwner": owner}
