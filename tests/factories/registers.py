"""One entry of every register for holdings, and many for the crowd that queries are explained over."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId

import documents
from documents.base import TenantDocument, utc_now
from documents.vendor import HeldApp
from domain.facts.compliance import Integration
from domain.facts.register import ExerciseKind, PagePurpose, PrivacyRequestKind, RiskLevel, RiskTreatment
from tests.factories.tenant import Tenant

START = datetime(2026, 1, 1, tzinfo=UTC)
Rows = dict[type[documents.TenantDocument], Sequence[dict[str, Any]]]


async def make_registers(tenant: Tenant) -> dict[str, TenantDocument]:
    """The entries by the name of their type."""
    org_id, owner_id = PydanticObjectId(tenant.organization.id), PydanticObjectId(tenant.user.id)
    now = utc_now()
    made: dict[str, Any] = {"org_id": org_id, "changed_at": now, "changed_by": "user:secret-actor"}
    entries: list[TenantDocument] = [
        documents.Vendor(
            **made,
            name="secret-vendor",
            tier=1,
            owner_id=owner_id,
            apps=[HeldApp(integration=Integration.GITHUB, app="secret-app", permissions=["secret:read"])],
            sees=["secret-label"],
            report_type="secret-report",
            reviewed_by="user:secret-reader",
        ),
        documents.Risk(
            **made,
            title="secret-risk",
            description="secret-description",
            likelihood=5,
            impact=5,
            level=RiskLevel.HIGH,
            treatment=RiskTreatment.ACCEPT,
            owner_id=owner_id,
            control_ids=["CW-IAM-01"],
            labels=["secret-label"],
            review_days=90,
            next_review_at=now + timedelta(days=90),
        ),
        documents.DataStore(
            **made,
            name="secret-store",
            place="secret-place",
            owner_id=owner_id,
            purpose="secret-purpose",
            patient_pages=["https://secret-page.example"],
        ),
        documents.PrivacyRequest(
            **made,
            kind=PrivacyRequestKind.ACCESS,
            reference="secret-ticket",
            received_at=now,
            due_at=now,
            note="secret-note",
        ),
        documents.Exercise(
            **made, kind=ExerciseKind.TABLETOP, scenario="secret-scenario", held_at=now, participants=["secret-person"]
        ),
        documents.IncidentClock(**made, incident="secret-incident", regime="gdpr", started_at=now, due_at=now),
        documents.PublicPage(
            **made, url="https://secret-page.example.com", purpose=PagePurpose.TERMS, due_at=now, body_sha256="secret"
        ),
    ]
    for entry in entries:
        await entry.insert()
    return {type(entry).__name__: entry for entry in entries}


def register_rows(org_id: ObjectId, count: int) -> Rows:
    """Entries of every register, stored raw."""
    own: dict[type[documents.TenantDocument], dict[str, Any]] = {
        documents.Vendor: {"name": "vendor", "tier": 1, "apps": [], "sees": []},
        documents.Risk: {"title": "risk", "likelihood": 1, "impact": 1, "level": "LOW", "control_ids": []},
        documents.DataStore: {"name": "store", "place": "here", "labels": [], "purpose": "orders"},
        documents.PrivacyRequest: {"kind": "ACCESS", "reference": "PRV-1", "received_at": START, "due_at": START},
        documents.Exercise: {"kind": "TABLETOP", "scenario": "fire", "held_at": START, "participants": []},
        documents.PublicPage: {"url": "https://example.com", "purpose": "TERMS", "sections": [], "due_at": START},
        documents.IncidentClock: {"incident": "INC-1", "regime": "gdpr", "started_at": START, "due_at": START},
    }
    kept = {"org_id": org_id, "changed_at": START, "changed_by": "user:0", "retired_at": None, "version": 1}
    return {
        document: [{"_id": ObjectId(), **kept, **fields, "created_at": START} for _ in range(max(2, count // 10))]
        for document, fields in own.items()
    }
