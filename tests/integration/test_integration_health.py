"""The health of integrations: merged from reports, told live, shown worst first, and nobody else's."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

import documents
from app.wiring import Backend
from app.worker import options
from connectors.guard import Guards
from connectors.guarding.samples import GuardReport
from connectors.limits import Limit
from documents import AccountState
from domain.errors import ProviderError, Unavailable
from domain.facts.health import BreakerState, CircuitBreaker, HealthState, Tally
from domain.facts.inventory import GapCause, ServiceGap
from domain.facts.provider import Provider
from jobs.context import JobContext
from jobs.health import record_health, watched
from schema.node import global_id
from tests.factories.graph import messages, socket, subscribe
from tests.factories.tenant import Tenant, make_tenant

GAP = ServiceGap(
    service="s3",
    region=None,
    reason="S3 says no.",
    operation="s3.get_bucket_acl",
    cause=GapCause.PERMISSION,
    missing="s3:GetBucketAcl",
)
ONE = """
query($id: ID!) {
  integrationHealth(accountId: $id) {
    id state score at organizationId account { name }
    services { service score calls unavailable meanSeconds }
    problems { kind service message advice }
    circuitBreakers { service state since nextTryAt }
  }
}
"""
ALL = """
query($after: Cursor) {
  integrationHealths(first: 2, after: $after) { pageInfo { endCursor } nodes { state score account { name } } }
}
"""
FEED = """
subscription($account: ID) {
  integrationHealthChanged(accountId: $account) {
    ... on IntegrationHealthChanged {
      health { state score account { name } circuitBreakers { service state nextTryAt } problems { kind } }
    }
  }
}
"""


@pytest.fixture
def context(backend: Backend) -> JobContext:
    made: JobContext = options(backend)["ctx"]["context"]
    return made


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def connected(tenant: Tenant, name: str = "production") -> documents.Account:
    account = documents.Account(
        org_id=tenant.organization.id, provider=Provider.AWS, name=name, state=AccountState.CONNECTED
    )
    await account.insert()
    return account


def slice_now() -> datetime:
    now = datetime.now(UTC)
    return now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)


def report(id: str = "first", *, breakers: tuple[CircuitBreaker, ...] = (), **counts: Any) -> GuardReport:
    return GuardReport(id, (Tally(service="ec2", at=slice_now(), **{"calls": 100, **counts}),), breakers)


async def row(account: documents.Account, tenant: Tenant) -> documents.IntegrationHealth:
    found = await documents.IntegrationHealth.find_in(tenant.scope, {"account_id": account.id})
    assert found is not None
    return found


async def changes(tenant: Tenant) -> int:
    query = {"org_id": tenant.organization.id, "type": "IntegrationHealthChanged"}
    return await documents.Event.get_pymongo_collection().count_documents(query)


async def test_the_same_report_again_changes_nothing(context, tenant):
    account = await connected(tenant)

    for _ in range(3):
        await record_health(context, account, report(unavailable=40), (GAP,))

    health = await row(account, tenant)
    assert [(one.calls, one.unavailable) for one in health.services] == [(100, 40)]
    assert await changes(tenant) == 1


async def test_a_later_report_of_the_same_reading_replaces_it_and_another_readings_is_added(context, tenant):
    account = await connected(tenant)

    await record_health(context, account, report("first", calls=10), None)
    await record_health(context, account, report("first", calls=30), ())
    await record_health(context, account, report("second", calls=5), ())

    (service,) = (await row(account, tenant)).services
    assert service.calls == 35


async def test_figures_older_than_the_window_are_left_out(context, tenant):
    account = await connected(tenant)
    old = Tally(service="ec2", at=datetime.now(UTC) - timedelta(hours=2), calls=100, unavailable=100)

    await record_health(context, account, GuardReport("old", (old,), ()), ())
    await record_health(context, account, report("new"), ())

    health = await row(account, tenant)
    assert (health.state, health.score) == (HealthState.HEALTHY, 100)


async def test_gaps_stay_while_the_next_reading_goes_on_and_go_when_it_ends_without_them(context, tenant):
    account = await connected(tenant)
    await record_health(context, account, report("first"), (GAP,))

    await record_health(context, account, report("second", calls=1), None)
    during = await row(account, tenant)
    await record_health(context, account, report("second"), ())
    after = await row(account, tenant)

    assert [one.message for one in during.problems] == ["The permission s3:GetBucketAcl is missing."]
    assert (after.problems, after.state) == ([], HealthState.HEALTHY)


async def test_since_when_it_does_as_it_does_is_kept_however_often_it_is_reported(context, tenant):
    account = await connected(tenant)
    hour, now = timedelta(hours=1), context.now()
    earlier = [replace(context, now=partial(lambda at: at, now - hours * hour)) for hours in (3, 2, 1)]

    await record_health(earlier[0], account, report("first"), ())
    await record_health(earlier[1], account, report("first", unavailable=100), ())
    await record_health(earlier[2], account, report("second", unavailable=100), ())

    health = await row(account, tenant)
    assert (health.state, health.since, health.at) == (HealthState.FAILING, now - 2 * hour, now - hour)


async def test_small_changes_are_stored_and_not_announced(context, tenant):
    account = await connected(tenant)
    await record_health(context, account, report("first", throttled=2), ())

    await record_health(context, account, report("second", throttled=3), ())

    assert (await row(account, tenant)).services[0].throttled == 5
    assert await changes(tenant) == 1


async def test_reports_at_the_same_moment_are_all_counted(context, tenant):
    account = await connected(tenant)

    await asyncio.gather(*(record_health(context, account, report(f"{n}", calls=1), None) for n in range(8)))

    assert (await row(account, tenant)).services[0].calls == 8


def opened() -> CircuitBreaker:
    now = datetime.now(UTC).replace(microsecond=0)
    return CircuitBreaker(service="ec2", state=BreakerState.OPEN, since=now, next_try_at=now + timedelta(minutes=1))


async def test_a_breaker_whose_service_answers_a_later_reading_is_closed_once_its_pause_is_over(context, tenant):
    account, resting = await connected(tenant), opened()
    over = resting.model_copy(update={"service": "s3", "next_try_at": resting.since - timedelta(seconds=1)})
    await record_health(context, account, report("first", breakers=(resting, over)), ())

    later = tuple(Tally(service=name, at=slice_now(), calls=5) for name in ("ec2", "s3"))
    await record_health(context, account, GuardReport("second", later, ()), ())

    states = {one.service: one.state for one in (await row(account, tenant)).breakers}
    assert states == {"ec2": BreakerState.OPEN, "s3": BreakerState.CLOSED}


async def test_health_is_read_with_its_problems_figures_and_breakers(context, tenant, graph):
    account, breaker = await connected(tenant), opened()
    told = report(unavailable=40, seconds=50.0, breakers=(breaker,))

    await record_health(context, account, told, (GAP,))
    health = (await graph.ask(ONE, tenant.token, id=global_id("Account", account.id)))["integrationHealth"]

    # No service but one that rests: all is lost.
    assert (health["state"], health["score"]) == ("FAILING", 0)
    assert health["account"] == {"name": "production"}
    assert health["organizationId"] == tenant.global_id
    assert health["services"] == [{"service": "ec2", "score": 0, "calls": 100, "unavailable": 40, "meanSeconds": 0.5}]
    assert [one["kind"] for one in health["problems"]] == ["RESTING", "PERMISSION"]
    assert f"{breaker.next_try_at:%H:%M} UTC" in health["problems"][0]["message"]
    (shown,) = health["circuitBreakers"]
    assert shown["state"] == "OPEN"
    assert datetime.fromisoformat(shown["since"]) == breaker.since
    assert datetime.fromisoformat(shown["nextTryAt"]) == breaker.next_try_at


async def test_an_account_that_was_never_read_has_no_health_yet(tenant, graph):
    account = await connected(tenant)

    answer = await graph.ask(ONE, tenant.token, id=global_id("Account", account.id))

    assert answer == {"integrationHealth": None}


async def test_the_worst_come_first_and_what_is_not_known_last(context, tenant, graph):
    made = {name: await connected(tenant, name) for name in ("unknown", "well", "dead", "ailing")}
    for name, told in {
        "well": report(),
        "dead": report(unavailable=100),
        "ailing": report(unavailable=30),
        "unknown": GuardReport("none", (), ()),
    }.items():
        await record_health(context, made[name], told, ())

    seen: list[Any] = []
    after = None
    for _ in range(2):
        page = (await graph.ask(ALL, tenant.token, after=after))["integrationHealths"]
        seen += [(one["account"]["name"], one["state"], one["score"]) for one in page["nodes"]]
        after = page["pageInfo"]["endCursor"]

    assert seen == [
        ("dead", "FAILING", 0),
        ("ailing", "DEGRADED", 70),
        ("well", "HEALTHY", 100),
        ("unknown", "UNKNOWN", None),
    ]


async def test_changes_are_followed_live_and_strangers_hear_nothing(context, tenant, backend, address):
    account, stranger = await connected(tenant), await make_tenant(backend)
    theirs = await connected(stranger, "theirs")

    async with socket(address, tenant.token) as live, asyncio.timeout(30):
        await subscribe(live, FEED, account=global_id("Account", account.id))
        await asyncio.sleep(0.5)
        await record_health(context, theirs, report(), ())
        await record_health(context, account, report("first"), ())
        await record_health(context, account, report("second", breakers=(opened(),)), ())
        stream = messages(live)
        seen = [(await anext(stream))["payload"]["data"]["integrationHealthChanged"]["health"] for _ in range(2)]

    assert [(one["state"], one["account"]["name"]) for one in seen] == [
        ("HEALTHY", "production"),
        ("FAILING", "production"),
    ]
    assert seen[1]["circuitBreakers"][0]["state"] == "OPEN"


def as_it_is(error: Exception, service: str, operation: str) -> ProviderError | None:
    return error if isinstance(error, ProviderError) else None


async def test_a_breaker_that_opens_in_the_middle_of_a_reading_is_seen_before_it_ends(backend, context, tenant):
    account = await connected(tenant)
    guards = Guards(backend.redis, limits=lambda *_: Limit(attempts=1, failures=2))
    patched = JobContext(**{**vars(context), "guards": guards})

    async def gone() -> None:
        raise Unavailable("gone", service="ec2")

    async with watched(patched, account) as maker, asyncio.timeout(20):
        guard = maker(as_it_is)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await guard.call("ec2", "DescribeVolumes", gone)
        for _ in range(500):
            if await documents.IntegrationHealth.find_in(tenant.scope, {"account_id": account.id}):
                break
            await asyncio.sleep(0.02)

    health = await row(account, tenant)
    assert [(one.service, one.state) for one in health.breakers] == [("ec2", BreakerState.OPEN)]
    assert await changes(tenant) == 1
