"""Evidence of a tenant whose every text is a secret, for those who must not see it."""

from datetime import timedelta

import documents
from documents.base import utc_now
from domain.facts.job import JobState
from tests.factories.tenant import Tenant


async def add_evidence(tenant: Tenant) -> documents.AuditPack:
    """A record and a checkpoint; returns a pack for auditors that failed."""
    org_id, at = tenant.organization.id, utc_now()
    record = documents.EvidenceRecord(
        org_id=org_id,
        seq=1,
        at=at,
        record={"control_id": "secret-control", "account": "secret-account", "evidence": ["secret-pack"]},
        prev_hash="secret-prev-hash",
        hash="secret-hash",
    )
    await record.insert()
    checkpoint = documents.EvidenceCheckpoint(
        org_id=org_id,
        form="secret-form",
        number=1,
        first_seq=1,
        last_seq=1,
        last_hash="secret-last-hash",
        window_root="secret-window",
        root="secret-root",
        previous=None,
        at="secret-at",
        peaks=[],
        key_id="secret-key",
        signature="secret-signature",
    )
    await checkpoint.insert()
    pack = documents.AuditPack(
        org_id=org_id,
        frameworks=["secret-framework"],
        first=at,
        until=at,
        state=JobState.FAILED,
        problem="secret-problem",
        requested_by="user:secret-actor",
        expires_at=at + timedelta(days=7),
    )
    await pack.insert()
    return pack
