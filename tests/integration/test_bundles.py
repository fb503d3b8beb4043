"""Bundles: checks of one that is on are judged, alerted and listed; of one that is off, only their history is left."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

import documents
from app.wiring import Backend
from documents.base import utc_now
from documents.filed_record import control_owners
from domain.compliance.registry import bundled_controls
from jobs.queue import JUDGE_CONTROLS
from jobs.tasks.judge_controls import judge_controls
from schema.node import global_id
from tests.factories.backlog import forget_job, is_asked
from tests.factories.graph import Graph
from tests.factories.made_controls import OWNED, a_control, use_controls
from tests.factories.synthetic_account import a_vendor, connect, context_of, register, sync
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes.synthetic import Synthetic

# A check of the synthetic vendor, whose two volumes have no owner.
LABELLED = a_control("TC-PHI-99", *OWNED.procedures, criteria=(), bundle="trustcloud")
SWITCH = """mutation ($bundles: [String!]!) { changeComplianceSettings(input: {bundles: $bundles}) {
  ... on ChangeComplianceSettingsSuccess { settings { bundles } } } }"""
LISTS = """{ controls { key bundle status } checks { nodes { controlId status } }
  controlStates { nodes { controlId status } } complianceGaps { control { key } }
  alerts(filter: {states: [OPEN]}) { nodes { title } } complianceScore { total counts { status count } } }"""
ONE = """query ($key: String!) { control(key: $key) { control { status bundle }
  procedures { integration operations fails } checks { status } history { status } } }"""
OWN = """mutation ($input: SetControlOwnerInput!) { setControlOwner(input: $input) {
  ... on SetControlOwnerSuccess { ownership { owners { userId since } } } } }"""
OWNERS = "{ controlOwners { nodes { controlId userId since } } controlStates { nodes { controlId since } } }"
BUNDLES = "{ complianceBundles { key isOn checks { key status problem } } }"
RUN = """mutation ($ids: [String!]!) { runChecks(input: {controlIds: $ids}) { __typename
  ... on ValidationError { message } } }"""


@pytest.fixture(autouse=True)
def vendor_and_controls_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)
    use_controls(monkeypatch, OWNED)
    every = (*bundled_controls(), LABELLED)
    monkeypatch.setattr("domain.compliance.registry.bundled_controls", lambda: every)


@pytest.fixture
async def vendor() -> AsyncIterator[Synthetic]:
    async with a_vendor() as running:
        yield running


@pytest.fixture
async def tenant(backend: Backend, vendor: Synthetic) -> Tenant:
    """One with an account that was read."""
    made = await make_tenant(backend)
    await sync(backend, await connect(backend, vendor, made))
    return made


async def switch(graph: Graph, tenant: Tenant, backend: Backend, *bundles: str) -> bool:
    """Change the bundles that are on, and judge; returns whether that was asked for."""
    job = f"{JUDGE_CONTROLS}:{tenant.org_id}"
    await forget_job(backend, job)
    await graph.ask(SWITCH, tenant.token, bundles=list(bundles))
    was_asked = await is_asked(backend, job)
    await judge_controls({"context": context_of(backend)}, org_id=tenant.org_id)
    return was_asked


async def listed(graph: Graph, tenant: Tenant) -> dict[str, Any]:
    """Where each list has the check, and how many controls count."""
    found = await graph.ask(LISTS, tenant.token)
    return {
        "controls": [one["status"] for one in found["controls"] if one["key"] == LABELLED.id],
        "checks": [one["status"] for one in found["checks"]["nodes"] if one["controlId"] == LABELLED.id],
        "states": [one["status"] for one in found["controlStates"]["nodes"] if one["controlId"] == LABELLED.id],
        "gaps": [one["control"]["key"] for one in found["complianceGaps"] if one["control"]["key"] == LABELLED.id],
        "alerts": [one["title"] for one in found["alerts"]["nodes"] if LABELLED.id in one["title"]],
        "total": found["complianceScore"]["total"],
    }


async def test_a_bundle_that_is_on_is_judged_and_alerted_and_one_that_is_off_is_gone(
    graph: Graph, tenant: Tenant, backend: Backend
) -> None:
    was_asked = [await switch(graph, tenant, backend, "trustcloud")]
    on = await listed(graph, tenant)
    refused = await graph.ask(RUN, tenant.token, ids=["PS-CDN-01"])
    asked = await graph.ask(RUN, tenant.token, ids=[LABELLED.id])
    records = await documents.EvidenceRecord.rows().count_documents({"record.control_id": LABELLED.id})
    was_asked.append(await switch(graph, tenant, backend))
    off = await listed(graph, tenant)
    kept = (await graph.ask(ONE, tenant.token, key=LABELLED.id))["control"]

    assert was_asked == [True, True]
    # The only control of the catalogue here, twelve checks of the bundle, and the one of this test.
    assert on == {
        "controls": ["FAIL"],
        "checks": ["FAIL"],
        "states": ["FAIL"],
        "gaps": [LABELLED.id],
        "alerts": [f"{LABELLED.id} {LABELLED.name}: fails in Synthetic"],
        "total": 14,
    }
    assert off == {"controls": [], "checks": [], "states": [], "gaps": [], "alerts": [], "total": 1}
    assert refused["runChecks"]["message"] == "There is no such control as PS-CDN-01."
    assert asked["runChecks"]["__typename"] == "RunChecksSuccess"
    assert records == 1
    assert (kept["control"], kept["checks"]) == ({"status": "NOT_ASSESSED", "bundle": "trustcloud"}, [])
    assert [day["status"] for day in kept["history"]] == ["FAIL"]
    changes = await documents.CheckChange.rows().find({"control_id": LABELLED.id}).to_list()
    assert [change["after"] for change in changes] == ["FAIL"]


async def test_a_bundle_tells_where_its_checks_stand_and_what_is_missing(
    graph: Graph, tenant: Tenant, backend: Backend
) -> None:
    await switch(graph, tenant, backend, "trustcloud")

    bundles = {one["key"]: one for one in (await graph.ask(BUNDLES, tenant.token))["complianceBundles"]}
    labels = (await graph.ask(ONE, tenant.token, key="TC-PHI-01"))["control"]["procedures"]

    assert {key: bundle["isOn"] for key, bundle in bundles.items()} == {
        "cloudcomply": False,
        "peakscale": False,
        "trustcloud": True,
    }
    assert {(one["status"], one["problem"]) for one in bundles["peakscale"]["checks"]} == {
        ("NOT_ASSESSED", "The bundle is not switched on.")
    }
    told = {one["key"]: (one["status"], one["problem"]) for one in bundles["trustcloud"]["checks"]}
    assert told["TC-PHI-03"] == ("NOT_ASSESSED", "Connect AWS or Google Cloud.")
    assert told["TC-PHI-11"] == ("NOT_APPLICABLE", None)
    assert told["TC-PHI-02"] == ("NOT_ASSESSED", "Connect AWS.")
    assert told["TC-PHI-12"][1].startswith("platform:patient_pages: no page of patients is named")
    assert len(told) == 12
    assert all(bool(problem) == (status == "NOT_ASSESSED") for status, problem in told.values())
    # What is not judged in a system has no condition to fail there.
    assert {one["integration"]: one["fails"] is None for one in labels} == {"AWS": False, "AZURE": True, "GCP": False}


async def own(graph: Graph, tenant: Tenant) -> None:
    """The tenant's one member answers for the check."""
    member = await documents.Membership.find_in(tenant.scope, {"user_id": tenant.user.id})
    assert member is not None
    input = {"controlIds": [LABELLED.id], "role": "OWNER", "memberId": global_id("Member", member.id)}
    await graph.ask(OWN, tenant.token, input=input)


async def told_owners(backend: Backend, tenant: Tenant) -> list[str]:
    """The controls of which our own records tell the owner."""
    return [row["control_id"] for row in await control_owners(tenant.scope, utc_now()) or []]


async def test_the_owner_of_a_check_stays_while_its_bundle_is_off_and_its_status_counts_anew(
    graph: Graph, tenant: Tenant, backend: Backend
) -> None:
    await switch(graph, tenant, backend, "trustcloud")
    await own(graph, tenant)
    before, told_before = await graph.ask(OWNERS, tenant.token), await told_owners(backend, tenant)

    await switch(graph, tenant, backend)
    told_off = await told_owners(backend, tenant)
    turned_on = utc_now()
    await switch(graph, tenant, backend, "trustcloud")
    after, told_after = await graph.ask(OWNERS, tenant.token), await told_owners(backend, tenant)

    assert (told_before, told_off, told_after) == ([LABELLED.id], [], [LABELLED.id])
    assert before["controlOwners"] == after["controlOwners"]
    assert [one["userId"] for one in after["controlOwners"]["nodes"]] == [global_id("User", tenant.user.id)]
    since = {one["controlId"]: datetime.fromisoformat(one["since"]) for one in after["controlStates"]["nodes"]}
    # Nothing was looked at in between: how it stood then nobody knows.
    assert since[LABELLED.id] >= turned_on > since[OWNED.id]
