"""Registers of vendors, risks and data, requests, exercises and notices: kept in the graph, judged by the controls."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import documents
from app.wiring import Backend
from documents import Role
from documents.base import utc_now
from documents.own_register import exercises, incident_clocks, risk_links, vendor_apps, vendor_documents
from domain.compliance import registry
from domain.compliance.answers import Unread
from domain.facts.compliance import CheckStatus
from jobs.tasks.judge_controls import judge_controls
from schema.node import global_id
from tests.factories.graph import Graph
from tests.factories.synthetic_account import context_of
from tests.factories.tenant import Tenant, add_member, make_tenant

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ERRORS = "... on UserError { __typename message code path }"
ENTRY = "id version retiredAt changedBy"
SHOWN = {
    "Vendor": ("vendor", "name tier reviewedBy reviewedAt ownerId apps { integration app permissions }"),
    "Risk": ("risk", "title level labels ownerId nextReviewAt"),
    "DataStore": ("store", "name place labels purpose retentionDays ownerId"),
    "PrivacyRequest": ("request", "kind reference answeredAt"),
    "Exercise": ("exercise", "kind scenario heldAt participants"),
    "IncidentClock": ("clock", "incident regime dueAt sentAt"),
}


class Desk:
    """An organization, and a compliance officer who records."""

    def __init__(self, graph: Graph, backend: Backend, officer: Tenant, member: str) -> None:
        self.graph, self.backend, self.officer, self.member = graph, backend, officer, member

    async def record(self, of: str, who: Tenant | None = None, **input: Any) -> dict[str, Any]:
        noun, shown = SHOWN[of]
        mutation = f"""mutation($input: Record{of}Input!) {{ record{of}(input: $input) {{
          ... on Record{of}Success {{ {noun} {{ {ENTRY} {shown} }} }} {ERRORS} }} }}"""
        said = (await self.graph.ask(mutation, (who or self.officer).token, input=input))[f"record{of}"]
        found: dict[str, Any] = said.get(noun, said)
        return found

    async def vendor(self, **input: Any) -> dict[str, Any]:
        return await self.record("Vendor", **{"name": "Acme", "tier": 1, **input})

    async def risk(self, **input: Any) -> dict[str, Any]:
        risk = {"title": "Fire", "likelihood": 5, "impact": 5, "treatment": "MITIGATE", "ownerId": self.member}
        return await self.record("Risk", **{**risk, **input})


@pytest.fixture
async def desk(graph: Graph, backend: Backend) -> Desk:
    officer = await make_tenant(backend)
    member = await documents.Membership.rows().find_one({"user_id": officer.user.id})
    assert member is not None
    return Desk(graph, backend, officer, global_id("Member", member["_id"]))


def told(at: datetime) -> str:
    return at.isoformat()


async def test_an_entry_is_replaced_retired_and_counted_no_more(desk: Desk) -> None:
    app = {"integration": "GITHUB", "app": "acme-bot", "permissions": ["contents:read"]}
    made = await desk.vendor(apps=[app], ownerId=desk.member)
    before = await vendor_apps(desk.officer.scope, utc_now())

    stale = await desk.vendor(id=made["id"], expectedVersion=7)
    gone = await desk.vendor(id=made["id"], expectedVersion=1, isRetired=True)
    still = await desk.vendor(id=made["id"], isRetired=True)
    back = await desk.vendor(id=made["id"])

    assert (made["version"], made["retiredAt"], made["apps"]) == (1, None, [app])
    assert made["ownerId"] == global_id("User", desk.officer.user.id)
    assert before == [{"vendor": "Acme", "integration": "GITHUB", "app": "acme-bot", "permissions": ["contents:read"]}]
    assert (stale["__typename"], stale["path"]) == ("ConflictError", ["input", "expectedVersion"])
    assert (gone["version"], gone["retiredAt"] is not None, gone["apps"]) == (2, True, [])
    assert still["retiredAt"] == gone["retiredAt"]
    assert back["retiredAt"] is None
    audited = await documents.AuditEntry.rows().find({"org_id": desk.officer.organization.id}).to_list()
    assert [one["action"] for one in audited if one["outcome"] == "DONE"].count("vendor.record") == 4


async def test_a_report_is_read_by_whoever_says_so_until_it_is_another(desk: Desk) -> None:
    other = await add_member(desk.backend, desk.officer.organization, Role.ADMIN)
    report = {"reportType": "SOC 2 Type 2", "periodEnd": told(NOON), "hasReadReport": True}

    read = await desk.vendor(**report)
    same = await desk.record("Vendor", other, id=read["id"], name="Acme Inc", tier=1, **report)
    newer = {**report, "periodEnd": told(NOON + timedelta(days=365))}
    anew = await desk.record("Vendor", other, id=read["id"], name="Acme Inc", tier=1, **newer)
    unread = await desk.vendor(id=read["id"], **{**newer, "hasReadReport": False})
    without = await desk.vendor(hasReadReport=True)

    assert (same["reviewedBy"], same["reviewedAt"]) == (f"user:{desk.officer.user.id}", read["reviewedAt"])
    assert anew["reviewedBy"] == f"user:{other.user.id}"
    assert unread["reviewedBy"] is None
    assert without["path"] == ["input", "periodEnd"]


async def test_what_vendors_have_given_is_told_to_the_control(desk: Desk) -> None:
    report = {"reportType": "SOC 2 Type 2", "periodEnd": told(NOON), "hasReadReport": True, "breachNoticeHours": 48}
    await desk.vendor(**report, needsDpa=True, dpaSignedAt=told(NOON))

    (row,) = await vendor_documents(desk.officer.scope, utc_now())

    assert row == {
        "vendor": "Acme",
        "tier": 1,
        "report_type": "SOC 2 Type 2",
        "period_end": NOON,
        "bridge_letter_until": None,
        "reviewed_by": f"user:{desk.officer.user.id}",
        "needs_baa": False,
        "baa_signed_at": None,
        "needs_dpa": True,
        "dpa_signed_at": NOON,
        "breach_notice_hours": 48,
    }


async def test_a_risk_stands_as_the_worst_of_its_controls(desk: Desk) -> None:
    org_id, now = desk.officer.organization.id, utc_now()
    for control_id, status in (("CW-IAM-01", CheckStatus.PASS), ("CW-IAM-02", CheckStatus.FAIL)):
        await documents.ControlState(org_id=org_id, control_id=control_id, status=status, since=now).insert()

    made = await desk.risk(controlIds=["CW-IAM-01"], labels=["Fraud"])
    await desk.risk(title="Flood", likelihood=2, controlIds=["CW-IAM-01", "CW-IAM-02"])
    await desk.risk(title="Storm", impact=1, controlIds=["CW-IAM-01", "CW-GOV-01"])
    await desk.risk(title="Theft")
    unknown = await desk.risk(controlIds=["CW-ZZZ-01"])

    rows = await risk_links(desk.officer.scope, now)
    assert [(row["risk_id"], row["level"], row["worst_status"]) for row in rows] == [
        ("Fire", "high", CheckStatus.PASS),
        ("Flood", "medium", CheckStatus.FAIL),
        ("Storm", "low", CheckStatus.NOT_ASSESSED),
        ("Theft", "high", None),
    ]
    assert (made["level"], made["labels"]) == ("HIGH", ["fraud"])
    assert datetime.fromisoformat(made["nextReviewAt"]) - now == pytest.approx(
        timedelta(days=90), abs=timedelta(minutes=1)
    )
    assert unknown["path"] == ["input", "controlIds"]


async def test_the_owner_must_be_a_member_in_force(desk: Desk) -> None:
    stranger = await desk.risk(ownerId=global_id("Member", "0" * 24))
    await documents.Membership.rows().update_one(
        {"user_id": (other := await add_member(desk.backend, desk.officer.organization, Role.USER)).user.id},
        {"$set": {"deactivated_at": utc_now()}},
    )
    member = await documents.Membership.rows().find_one({"user_id": other.user.id})
    assert member is not None

    gone = await desk.risk(ownerId=global_id("Member", member["_id"]))

    assert (stranger["__typename"], gone["__typename"]) == ("NotFoundError", "NotFoundError")


async def test_a_notice_is_due_when_its_regime_says_or_people_do(desk: Desk) -> None:
    clock = {"incident": "INC-1", "startedAt": told(NOON)}

    known = await desk.record("IncidentClock", **clock, regime="gdpr")
    own = await desk.record("IncidentClock", **clock, regime="insurer", dueAt=told(NOON), sentAt=told(NOON))
    unknown = await desk.record("IncidentClock", **clock, regime="insurer")
    early = await desk.record("IncidentClock", **clock, regime="gdpr", dueAt=told(NOON - timedelta(hours=1)))

    assert datetime.fromisoformat(known["dueAt"]) == NOON + timedelta(hours=72)
    assert datetime.fromisoformat(own["sentAt"]) == NOON
    assert (unknown["path"], early["path"]) == (["input", "dueAt"], ["input", "dueAt"])
    rows = await incident_clocks(desk.officer.scope, utc_now())
    assert [(row["regime"], row["sent_at"]) for row in rows] == [("gdpr", None), ("insurer", NOON)]


async def test_the_last_tabletop_exercise_is_told(desk: Desk) -> None:
    held = {"scenario": "ransomware", "participants": ["Ann"]}

    none = await exercises(desk.officer.scope, utc_now())
    for days, kind in ((30, "TABLETOP"), (20, "TABLETOP"), (10, "TECHNICAL")):
        await desk.record("Exercise", **held, kind=kind, heldAt=told(NOON - timedelta(days=days)))
    planned = await desk.record("Exercise", **held, kind="TABLETOP", heldAt=told(utc_now() + timedelta(days=1)))

    assert none == [{"last_tabletop_at": None}]
    assert await exercises(desk.officer.scope, utc_now()) == [{"last_tabletop_at": NOON - timedelta(days=20)}]
    assert planned["path"] == ["input", "heldAt"]


async def test_a_request_is_answered_to_whom_it_is_known_to_come_from(desk: Desk) -> None:
    request = {"kind": "ERASURE", "reference": "PRV-1", "receivedAt": told(NOON), "dueAt": told(NOON)}

    unknown = await desk.record("PrivacyRequest", **request, answeredAt=told(NOON))
    early = await desk.record("PrivacyRequest", **{**request, "dueAt": told(NOON - timedelta(days=1))})
    done = await desk.record("PrivacyRequest", **request, identityCheckedAt=told(NOON), answeredAt=told(NOON))

    assert (unknown["path"], early["path"]) == (["input", "identityCheckedAt"], ["input", "dueAt"])
    assert (done["kind"], done["reference"]) == ("ERASURE", "PRV-1")


async def test_a_store_of_data_is_kept_with_its_term(desk: Desk) -> None:
    store = {"name": "orders", "place": "aws/rds/orders", "purpose": "to deliver", "ownerId": desk.member}

    made = await desk.record("DataStore", **store, labels=["pii"], retentionDays=400)
    listed = await desk.graph.ask("{ dataStores { nodes { name labels retentionDays } } }", desk.officer.token)

    assert listed["dataStores"]["nodes"] == [{"name": "orders", "labels": ["pii"], "retentionDays": 400}]
    assert made["ownerId"] == global_id("User", desk.officer.user.id)


async def test_a_register_that_was_never_begun_says_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for read in (vendor_apps, vendor_documents, risk_links):
        assert await read(desk.officer.scope, utc_now()) is None
    await desk.vendor()
    monkeypatch.setattr("documents.own_register.MOST_ENTRIES", 1)
    monkeypatch.setattr("documents.register_entry.MOST_ENTRIES", 1)

    with pytest.raises(Unread, match="too many"):
        await vendor_apps(desk.officer.scope, utc_now())


async def test_the_controls_judge_what_is_kept(desk: Desk) -> None:
    org_id = desk.officer.organization.id
    await desk.risk()
    now = utc_now()
    await desk.record("Exercise", kind="TABLETOP", scenario="fire", participants=["Ann"], heldAt=told(now))
    await desk.vendor(reportType="SOC 2", periodEnd=told(now), hasReadReport=True, breachNoticeHours=24, needsBaa=True)

    await judge_controls({"context": context_of(desk.backend)}, org_id=str(org_id))

    ids = ["CW-IAM-10", "CW-INC-02", "CW-RSK-01", "CW-VEN-02", "CW-PRV-05"]
    found = await documents.Check.rows().find({"org_id": org_id, "control_id": {"$in": ids}}).to_list()
    said = {raw["control_id"]: (raw["status"], [one["observed"] for one in raw["items"]]) for raw in found}
    assert said["CW-IAM-10"] == ("FAIL", ["no review was completed in time"])
    assert said["CW-INC-02"] == ("PASS", [f"last held: {now:%Y-%m-%d}"])
    assert said["CW-RSK-01"] == ("FAIL", ["no control treats it"])
    assert said["CW-VEN-02"][0] == "FAIL"
    assert said["CW-VEN-02"][1][0] == "no business associate agreement"
    assert said["CW-PRV-05"][0] == "NOT_APPLICABLE"


@pytest.fixture(autouse=True)
def catalogue_is_whole() -> None:
    registry.all_controls.cache_clear()
