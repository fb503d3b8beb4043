"""What ends or is owed soon: told of once until it is renewed, and judged again when it has ended."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from beanie import PydanticObjectId

import documents
from app.wiring import Backend
from documents.base import TenantDocument, utc_now
from domain.facts.compliance import CheckStatus, Integration
from domain.facts.governance import AttestationKind, AttestationState
from jobs.tasks.check_deadlines import check_deadlines
from tests.factories.synthetic_account import context_of
from tests.factories.tenant import Tenant, make_tenant

SOMEBODY = PydanticObjectId()
DAY = timedelta(days=1)


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def alerts(backend: Backend, tenant: Tenant, at: datetime) -> list[tuple[str, str]]:
    """The title and state of every alert, after the job has run twice at this time."""
    for _ in range(2):
        await check_deadlines({"context": context_of(backend, now=lambda: at)})
    found = await documents.Alert.list_in(tenant.scope, {})
    return sorted((one.title, one.state.value) for one in found if one.occurrences == 1)


def register(tenant: Tenant, now: datetime) -> dict[str, Any]:
    return {"org_id": PydanticObjectId(tenant.org_id), "changed_at": now, "changed_by": "user:x"}


async def set_fields(document: TenantDocument, **fields: Any) -> None:
    await type(document).rows().update_one({"_id": document.id}, {"$set": fields})


def statement(tenant: Tenant, expires_at: datetime, **fields: Any) -> documents.Attestation:
    said: dict[str, Any] = {
        "org_id": PydanticObjectId(tenant.org_id),
        "kind": AttestationKind.PEOPLE_RECORDS,
        "control_id": "CW-HRS-01",
        "statement": "People of the team.",
        "content": [{"person": "ada"}],
        "submitted_by": SOMEBODY,
        "state": AttestationState.ACCEPTED,
        "expires_at": expires_at,
    }
    return documents.Attestation(**{**said, **fields})


async def test_a_policy_and_a_vendor_are_told_of_until_they_are_reviewed(backend: Backend, tenant: Tenant) -> None:
    now = utc_now()
    due = now + 20 * DAY
    policy = documents.Policy(
        org_id=PydanticObjectId(tenant.org_id), name="Access", is_required=True, in_force=1, next_review_at=due
    )
    vendor = documents.Vendor(**register(tenant, now), name="Acme", tier=1, next_review_at=due)
    for one in (policy, vendor):
        await one.insert()

    early = await alerts(backend, tenant, now + 5 * DAY)
    soon = await alerts(backend, tenant, now + 7 * DAY)
    late = await alerts(backend, tenant, now + 60 * DAY)
    for one in (policy, vendor):
        await set_fields(one, next_review_at=now + 200 * DAY)
    renewed = await alerts(backend, tenant, now + 60 * DAY)
    again = await alerts(backend, tenant, now + 190 * DAY)

    titles = ("The policy Access must be reviewed", "The vendor Acme must be reviewed")
    assert early == []
    assert soon == late == [(title, "OPEN") for title in titles]
    assert renewed == [(title, "RESOLVED") for title in titles]
    assert again == sorted([*renewed, *late])


async def test_reviews_of_access_and_notices_are_told_of_by_the_time_there_is(backend: Backend, tenant: Tenant) -> None:
    now = utc_now()
    review = documents.AccessReview(
        org_id=PydanticObjectId(tenant.org_id),
        name="2026 Q1",
        reviewer_ids=[SOMEBODY],
        opened_by="user:x",
        opened_at=now,
        due_at=now + 10 * DAY,
    )
    clock = documents.IncidentClock(
        **register(tenant, now), incident="INC-1", regime="gdpr", started_at=now, due_at=now + timedelta(hours=72)
    )
    for one in (review, clock):
        await one.insert()

    at = [await alerts(backend, tenant, now + timedelta(hours=hours)) for hours in (35, 37, 121)]
    await set_fields(clock, sent_at=now + 5 * DAY)
    await set_fields(review, closed_at=now + 6 * DAY)
    done = await alerts(backend, tenant, now + 6 * DAY)

    notice, access = "A notice to gdpr of INC-1 is owed", "The access review 2026 Q1 is due"
    assert at == [[], [(notice, "OPEN")], [(notice, "OPEN"), (access, "OPEN")]]
    assert done == [(notice, "RESOLVED"), (access, "RESOLVED")]


async def test_a_statement_is_told_of_unless_later_ones_say_something_of_all_it_is_of(
    backend: Backend, tenant: Tenant
) -> None:
    now = utc_now()
    await statement(tenant, now + 10 * DAY, content=[{"person": "ada"}, {"person": "bob"}]).insert()
    await statement(tenant, now + 300 * DAY).insert()
    await statement(tenant, now + 300 * DAY, content=[{"person": "bob"}], state=AttestationState.RETURNED).insert()

    told = await alerts(backend, tenant, now)
    await statement(tenant, now + 400 * DAY, content=[{"person": "bob"}]).insert()
    renewed = await alerts(backend, tenant, now)

    title = "A statement for CW-HRS-01 expires soon"
    assert told == [(title, "OPEN")]
    assert renewed == [(title, "RESOLVED")]


async def test_what_has_just_expired_is_judged_again_until_that_was_done(
    backend: Backend, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def ask(_: Any, org_id: PydanticObjectId, control_ids: list[str]) -> None:
        if str(org_id) == tenant.org_id:
            asked.append(control_ids)

    monkeypatch.setattr("jobs.tasks.check_deadlines.ask_checks_of", ask)
    now = utc_now()
    expired = now - timedelta(minutes=10)
    await statement(tenant, expired).insert()
    check = documents.Check(
        org_id=PydanticObjectId(tenant.org_id),
        control_id="CW-HRS-01",
        integration=Integration.MANUAL,
        status=CheckStatus.PASS,
        judged_at=now - DAY,
        changed_at=now - DAY,
        version=1,
        next_at=now + 30 * DAY,
    )
    await check.insert()

    assert await alerts(backend, tenant, expired - timedelta(minutes=1)) == [
        ("A statement for CW-HRS-01 expires soon", "OPEN")
    ]
    assert asked == []
    over = await alerts(backend, tenant, now)
    # Nothing judges here: so it is asked for by both runs.
    assert asked == [["CW-HRS-01"], ["CW-HRS-01"]]
    await set_fields(check, judged_at=now)
    await alerts(backend, tenant, now + timedelta(minutes=30))

    assert over == [("A statement for CW-HRS-01 expires soon", "RESOLVED")]
    assert len(asked) == 2
