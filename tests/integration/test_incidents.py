"""From alerts to incidents: what joins, what stays alone, what follows an alert's end, twice and in a storm."""

import time
from datetime import timedelta

import pytest

import documents
from app.wiring import Backend
from documents.alert import AlertCategory, AlertSource, raise_alert, resolve_alerts
from documents.base import utc_now
from documents.incident import REOPENED_WITHIN
from documents.incident_member import IncidentMember
from documents.log_reader import LogReader
from documents.sync_run import SyncRun, SyncState, announce_sync
from documents.transaction import Transaction
from domain.facts.severity import Severity
from jobs.consumers.incidents import CONSUMER
from jobs.tasks import dispatch_events as task
from tests.factories.holdings import make_holdings
from tests.factories.incidents import (
    event,
    follow_up,
    raise_all,
    raised_and_matched,
    stored_incidents,
    the_example,
    titles_of,
)
from tests.factories.tenant import Tenant, make_tenant

OPEN, RESOLVED = documents.IncidentState.OPEN, documents.IncidentState.RESOLVED


@pytest.fixture(autouse=True)
def only_incidents(monkeypatch: pytest.MonkeyPatch) -> None:
    """What else follows from events is not what these tests are about."""
    monkeypatch.setattr(task, "consumers", lambda: (CONSUMER,))


async def resolve(backend: Backend, tenant: Tenant, *names: str) -> None:
    await backend.writer.commit(lambda tx: resolve_alerts(tx, tenant.organization.id, names, utc_now()))
    await follow_up(backend, tenant)


async def told(tenant: Tenant) -> list[str]:
    rows = documents.Event.rows().find({"org_id": tenant.organization.id, "type": {"$regex": "^Incident"}})
    return [raw["type"] async for raw in rows.sort("seq", 1)]


async def test_the_example_becomes_one_incident_with_a_reason_for_each_link(backend: Backend) -> None:
    tenant, other = await make_tenant(backend), await make_tenant(backend)

    await raised_and_matched(backend, tenant, *the_example())
    await follow_up(backend, other)

    (incident,) = await stored_incidents(tenant)
    assert [moment["title"] for moment in incident.timeline] == [
        "Unusual access key",
        "Instances in a new region",
        "Cost jump",
    ]
    assert [(link["rule"], link["reason"]) for link in incident.links] == [
        ("same-principal", "Both were done by AKIAEXAMPLE, 12 min apart."),
        ("same-region", "SECOPS and FINOPS in ap-south-2 of the same account, 50 min apart."),
        ("same-region", "SECOPS and FINOPS in ap-south-2 of the same account, 38 min apart."),
    ]
    # HIGH is the worst of them; cost and security make it one step worse.
    assert incident.severity is Severity.CRITICAL
    assert incident.title == "Unusual access key, and 2 more"
    assert (incident.number, incident.state, incident.member_count) == (1, OPEN, 3)
    assert incident.categories == [AlertCategory.FINOPS, AlertCategory.SECOPS]
    alerts = await documents.Alert.list_in(tenant.scope, {})
    assert {alert.incident_id for alert in alerts} == {incident.id}
    assert await stored_incidents(other) == []


async def test_one_at_a_time_they_come_to_the_same(backend: Backend) -> None:
    together, apart = await make_tenant(backend), await make_tenant(backend)

    await raised_and_matched(backend, together, *the_example())
    for cause in reversed(the_example()):
        await raised_and_matched(backend, apart, cause)

    (one,), (other,) = await stored_incidents(together), await stored_incidents(apart)
    assert (one.title, one.severity, one.member_count) == (other.title, other.severity, other.member_count)
    assert sorted(link["reason"] for link in one.links) == sorted(link["reason"] for link in other.links)


async def test_an_alert_by_itself_is_no_incident(backend: Backend) -> None:
    tenant = await make_tenant(backend)

    await raised_and_matched(backend, tenant, event("a", principal="eve", resource_native_id="i-1", region="r-1"))

    assert await stored_incidents(tenant) == []
    assert await told(tenant) == []


async def test_an_alert_and_an_open_finding_on_its_resource_are_an_incident(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    held = await make_holdings(tenant)
    await documents.IncidentMember.rows().delete_many({"org_id": tenant.organization.id})
    await documents.Incident.rows().delete_many({"org_id": tenant.organization.id})
    # Holdings have an alert about that finding, which stands for it; here there is none.
    await documents.Alert.rows().delete_many({"org_id": tenant.organization.id})
    where = {"account_id": held["Account"].id, "resource_native_id": "arn:aws:s3:::secret-bucket"}

    await raised_and_matched(backend, tenant, event("Read by a stranger", **where))

    (incident,) = await stored_incidents(tenant)
    assert await titles_of(incident) == ["Read by a stranger", "secret-finding"]
    assert incident.links[0]["reason"].startswith("It happened to arn:aws:s3:::secret-bucket, which has an open fault")
    # The finding stays when the alert ends, until a sync has seen it mended.
    await resolve(backend, tenant, "Read by a stranger")
    assert (await stored_incidents(tenant))[0].state is OPEN
    await mended(backend, tenant, held["Finding"])
    assert (await stored_incidents(tenant))[0].state is RESOLVED


async def mended(backend: Backend, tenant: Tenant, finding: documents.TenantDocument) -> None:
    """A sync that saw the finding no more."""
    assert isinstance(finding, documents.Finding)
    await documents.Finding.rows().update_one({"_id": finding.id}, {"$set": {"state": "RESOLVED"}})
    run = SyncRun(org_id=tenant.organization.id, account_id=finding.account_id, state=SyncState.SUCCEEDED)

    async def change(tx: Transaction) -> None:
        announce_sync(tx, run)

    await backend.writer.commit(change)
    await follow_up(backend, tenant)


async def test_a_finding_and_the_alert_about_it_are_one_thing(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    held = await make_holdings(tenant)
    await documents.Alert.rows().delete_many({"org_id": tenant.organization.id})
    about = {"account_id": held["Account"].id, "resource_native_id": "arn:aws:s3:::secret-bucket"}
    own = event("Bucket is public", source=AlertSource.FINDING, finding_id=held["Finding"].id, **about)

    await raised_and_matched(backend, tenant, own)
    alone = len(await stored_incidents(tenant))
    await raised_and_matched(backend, tenant, event("Read", **about))

    assert alone == 1  # that of the holdings
    assert await titles_of((await stored_incidents(tenant))[-1]) == ["Bucket is public", "Read"]


async def test_two_incidents_that_turn_out_to_be_one_go_on_as_the_older(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    first = (event("a", resource_native_id="i-1"), event("b", 1, resource_native_id="i-1"))
    second = (event("c", 2, resource_native_id="i-2"), event("d", 3, resource_native_id="i-2"))
    await raised_and_matched(backend, tenant, *first)
    await raised_and_matched(backend, tenant, *second)

    bridge = (event("e", 4, resource_native_id="i-1", principal="eve"), event("f", 5, principal="eve"))
    await raised_and_matched(backend, tenant, *bridge, event("g", 6, resource_native_id="i-2", principal="eve"))

    old, young = await stored_incidents(tenant)
    assert await titles_of(old) == ["a", "b", "c", "d", "e", "f", "g"]
    assert (young.state, young.merged_into_id, young.member_count) == (RESOLVED, old.id, 0)
    assert await told(tenant) == ["IncidentOpened", "IncidentOpened", "IncidentClosed", "IncidentChanged"]
    alerts = await documents.Alert.list_in(tenant.scope, {})
    assert {alert.incident_id for alert in alerts} == {old.id}


async def test_it_is_over_when_all_of_it_is_and_back_when_some_of_it_is(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    causes = (event("a", resource_native_id="i-1"), event("b", 1, resource_native_id="i-1"))
    await raised_and_matched(backend, tenant, *causes)

    await resolve(backend, tenant, "a")
    half = (await stored_incidents(tenant))[0]
    await resolve(backend, tenant, "b")
    over = (await stored_incidents(tenant))[0]
    await raised_and_matched(backend, tenant, causes[1])
    (back,) = await stored_incidents(tenant)

    assert (half.state, half.open_count) == (OPEN, 1)
    assert over.state is RESOLVED
    assert over.resolved_at is not None
    assert (back.state, back.open_count, back.resolved_at) == (OPEN, 1, None)
    assert await told(tenant) == ["IncidentOpened", "IncidentChanged", "IncidentClosed", "IncidentChanged"]
    alert = await documents.Alert.find_in(tenant.scope, {"fingerprint": "b"})
    assert alert is not None
    assert alert.incident_id == back.id


async def test_what_comes_back_after_a_week_is_looked_at_anew(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    causes = (event("a", resource_native_id="i-1"), event("b", 1, resource_native_id="i-1"))
    await raised_and_matched(backend, tenant, *causes)
    await resolve(backend, tenant, "a", "b")
    long_ago = utc_now() - REOPENED_WITHIN - timedelta(minutes=1)
    await documents.Incident.rows().update_one({"org_id": tenant.organization.id}, {"$set": {"resolved_at": long_ago}})

    await raised_and_matched(backend, tenant, causes[0])
    one = await stored_incidents(tenant)
    await raised_and_matched(backend, tenant, causes[1])
    old, new = await stored_incidents(tenant)

    assert [incident.state for incident in one] == [RESOLVED]
    assert (old.state, new.state, new.number) == (RESOLVED, OPEN, 2)
    assert await titles_of(new) == ["a", "b"]


async def test_an_alert_that_gets_worse_makes_its_incident_worse_and_opens_it_again(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    causes = (event("a", resource_native_id="i-1"), event("b", 1, resource_native_id="i-1"))
    await raised_and_matched(backend, tenant, *causes)
    taken = {"$set": {"state": "ACKNOWLEDGED", "acknowledged_at": utc_now()}}
    await documents.Incident.rows().update_one({"org_id": tenant.organization.id}, taken)

    await raised_and_matched(backend, tenant, event("c", 2, resource_native_id="i-1"))
    same = (await stored_incidents(tenant))[0]
    await raised_and_matched(backend, tenant, event("a", resource_native_id="i-1", severity=Severity.CRITICAL))
    worse = (await stored_incidents(tenant))[0]

    assert (same.state.value, same.severity) == ("ACKNOWLEDGED", Severity.MEDIUM)
    assert (worse.state, worse.severity, worse.acknowledged_at) == (OPEN, Severity.CRITICAL, None)


async def test_the_same_events_again_change_nothing(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await raised_and_matched(backend, tenant, *the_example())
    (before,), announced = await stored_incidents(tenant), await told(tenant)

    await LogReader.get_pymongo_collection().delete_many({"org_id": tenant.organization.id})
    passed = await follow_up(backend, tenant)

    assert passed >= 3
    assert await stored_incidents(tenant) == [before]
    assert await told(tenant) == announced


async def test_syncs_that_fail_are_no_incident(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    failed = {"source": AlertSource.SYNC, "category": AlertCategory.OPERATIONS, "region": "r-1"}

    await raised_and_matched(backend, tenant, event("s1", **failed), event("s2", **failed), event("a", region="r-1"))

    assert await stored_incidents(tenant) == []


async def test_a_storm_of_alerts_is_dealt_with_quickly(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    # A quarter about one intruder, a quarter in pairs on one resource, the rest unrelated but all in one account.
    causes = [event(f"intruder {n}", n / 100, principal="eve", region="r-1") for n in range(200)]
    causes += [event(f"pair {n}", n / 100, resource_native_id=f"i-{n // 2}", region="r-1") for n in range(200)]
    causes += [event(f"lone {n}", n / 100, resource_native_id=f"lone-{n}", region="r-1") for n in range(400)]
    await raise_all(backend, tenant, causes)

    begun, busy = time.perf_counter(), time.process_time()
    await follow_up(backend, tenant)
    seconds, busy = time.perf_counter() - begun, time.process_time() - busy

    incidents = await stored_incidents(tenant)
    print(f"\n800 alerts: {seconds:.1f} s, {busy:.1f} s of them our own")
    assert sorted((incident.member_count for incident in incidents), reverse=True) == [200, *[2] * 100]
    # Our own time, because the machine may be busy with other things; this catches what grows with the square.
    assert busy < 10


async def test_a_large_incident_is_no_large_document(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    causes = [event(f"alert {n} {'x' * 150}", n / 100, principal="eve") for n in range(250)]
    await raised_and_matched(backend, tenant, *causes)

    (incident,) = await stored_incidents(tenant)
    pipeline = [{"$match": {"_id": incident.id}}, {"$project": {"size": {"$bsonSize": "$$ROOT"}}}]
    (row,) = await (await documents.Incident.rows().aggregate(pipeline)).to_list()

    assert incident.member_count == 250
    assert len(incident.timeline) == len(incident.links) == 100
    assert row["size"] < 100_000
    linked = IncidentMember.rows().find({"incident_id": incident.id, "links": {"$ne": []}})
    assert len(await linked.to_list()) == 249  # all but the first came by a link


async def test_an_alert_in_two_tenants_joins_neither(backend: Backend) -> None:
    ours, theirs = await make_tenant(backend), await make_tenant(backend)
    name = "arn:aws:iam::1:user/eve"

    await backend.writer.commit(lambda tx: raise_alert(tx, ours.organization.id, event("a", principal=name), utc_now()))
    await raised_and_matched(backend, theirs, event("b", 1, principal=name))
    await follow_up(backend, ours)

    assert await stored_incidents(ours) == []
    assert await stored_incidents(theirs) == []
