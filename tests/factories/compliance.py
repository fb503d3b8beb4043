"""One stored thing of every kind about compliance for a tenant, and many milestones of one."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

import documents
from documents.base import TenantDocument, utc_now
from domain.compliance.framework import Framework, Requirement
from domain.facts.compliance import CheckStatus
from domain.facts.framework import Fit
from tests.factories.tenant import Tenant

START = datetime(2026, 1, 1, tzinfo=UTC)


async def make_compliance(tenant: Tenant) -> dict[str, TenantDocument]:
    """An own framework, and a milestone of it."""
    org_id = tenant.organization.id
    asked = Requirement(id="secret-requirement", name="secret-name", group="secret-group", fit=Fit.MANUAL)
    content = Framework(id="secret_framework", name="secret-framework", version="1", requirements=(asked,))
    await documents.Framework(org_id=org_id, key=content.id, content=content).insert()
    milestone = documents.Milestone(
        org_id=org_id,
        framework=content.id,
        name="secret-milestone",
        saved_by="user:secret-actor",
        saved_at=utc_now(),
        statuses=[("secret-requirement", CheckStatus.FAIL)],
    )
    await milestone.insert()
    return {"Milestone": milestone}


def milestone_rows(org_id: ObjectId, count: int) -> Sequence[dict[str, Any]]:
    """`count` milestones of ten frameworks, stored raw."""
    return [
        {
            "org_id": org_id,
            "framework": f"framework_{number % 10}",
            "name": f"milestone {number}",
            "note": "",
            "saved_by": "user:0",
            "saved_at": START + timedelta(minutes=number),
            "ratio": 0.5,
            "assessed": 1,
            "total": 2,
            "statuses": [],
            "created_at": START,
        }
        for number in range(count)
    ]
