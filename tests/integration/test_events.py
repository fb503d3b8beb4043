"""The feeds that bring several things together, over real sockets: who is told of what, once and in order."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from beanie import PydanticObjectId
from websockets.asyncio.client import ClientConnection

import documents
from app.graphql.execution import Execution
from app.web import Web, serving
from app.wiring import Backend
from documents import Role
from documents.alert import AlertSource, Cause, raise_alert
from documents.audit_export import AuditFormat
from documents.base import utc_now
from documents.channel_change import announce_channel
from documents.integration_health import announce_health
from documents.job_progress import announce_job
from documents.sync_run import SyncRun, announce_sync
from documents.transaction import Transaction
from domain.facts.channel import ChannelKind
from domain.facts.job import JobKind, JobProgress, JobState
from domain.facts.severity import Severity
from resolvers.event import PARTS as TOPICS
from resolvers.job import PARTS as KINDS
from schema.event import EventTopic
from schema.node import global_id
from tests.factories.costs import OCTOBER, load
from tests.factories.focus import focus_row, write_csv
from tests.factories.graph import messages, socket, subscribe
from tests.factories.incidents import raised_and_matched, the_example
from tests.factories.machine import make_machine
from tests.factories.tenant import Tenant, add_member, make_tenant

EVENTS = """
subscription($after: Cursor, $topics: [EventTopic!], $organization: ID) {
  events(after: $after, topics: $topics, organizationId: $organization) {
    __typename
    ... on Event {
      cursor organizationId sequence topic type
      subject {
        __typename
        ... on Alert { title }
        ... on Sync { syncState: state }
        ... on IntegrationHealth { score }
        ... on CostUpdate { lineCount }
        ... on Job { kind jobState: state }
        ... on AuditExport { format }
        ... on Incident { number memberCount explanation }
        ... on Channel { name channelState: state shown }
      }
    }
  }
}
"""
JOBS = """
subscription($kinds: [JobKind!]) {
  jobProgressed(kinds: $kinds) {
    ... on JobProgressed {
      organizationId job { id kind subjectId state step done total problem startedAt endedAt }
    }
  }
}
"""
COSTS = """
subscription($filter: CostUpdateFilter) {
  costsUpdated(filter: $filter) {
    ... on CostsUpdated {
      update {
        organizationId lineCount periodCount
        periods {
          provider billingAccountId periodStart periodEnd billed { amount currency } lineCount wasReplaced
        }
      }
    }
  }
}
"""
DEADLINE = 60


@pytest.fixture
async def here(backend: Backend) -> AsyncIterator[str]:
    async with serving(Web(backend)) as address:
        yield address


@pytest.fixture
def executed() -> Iterator[list[Any]]:
    """Every message that was executed for a group."""
    seen: list[Any] = []
    original = Execution.payload

    async def counted(self: Execution, message: Any) -> bytes:
        seen.append(message)
        return await original(self, message)

    with patch.object(Execution, "payload", counted):
        yield seen


@asynccontextmanager
async def following(address: str, token: str, query: str, **variables: Any) -> AsyncIterator[ClientConnection]:
    """A socket with a subscription that has begun: the server has told where."""
    async with asyncio.timeout(DEADLINE), socket(address, token) as opened:
        await subscribe(opened, query, **variables)
        assert orjson.loads(await opened.recv())["type"] == "ping"
        yield opened


async def told(opened: ClientConnection, count: int) -> list[dict[str, Any]]:
    """The next messages, by their one root field."""
    found = []
    async for message in messages(opened):
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        found.append(next(iter(message["payload"]["data"].values())))
        if len(found) == count:
            break
    return found


async def refusal(address: str, token: str, query: str, **variables: Any) -> dict[str, Any]:
    async with asyncio.timeout(DEADLINE), socket(address, token) as opened:
        await subscribe(opened, query, **variables)
        message = await anext(messages(opened))
    error: dict[str, Any] = (message["payload"] if message["type"] == "error" else message["payload"]["errors"])[0]
    return error


def job(org_id: str, kind: JobKind, **fields: Any) -> JobProgress:
    chosen = {"state": JobState.RUNNING, "step": "Working", "id": "1", **fields}
    return JobProgress(kind=kind, subject=f"Organization:{org_id}", **chosen)


async def happen(backend: Backend, tenant: Tenant) -> None:
    """One event of each topic, in the order of ALL."""
    org_id = tenant.organization.id
    cause = Cause(fingerprint="f", source=AlertSource.FINDING, severity=Severity.HIGH, title="Open", message="m")
    export = documents.AuditExport(
        id=PydanticObjectId(),
        org_id=org_id,
        format=AuditFormat.CSV,
        at_from=utc_now(),
        at_before=utc_now(),
        requested_by="user:x",
        expires_at=utc_now(),
    )
    health = documents.IntegrationHealth(id=PydanticObjectId(), org_id=org_id, account_id=org_id, at=utc_now())

    async def change(tx: Transaction) -> None:
        await raise_alert(tx, org_id, cause, utc_now())
        announce_sync(tx, SyncRun(id=PydanticObjectId(), org_id=org_id, account_id=org_id))
        announce_health(tx, health)
        announce_job(tx, org_id, job(tenant.org_id, JobKind.COST_IMPORT))
        announce_job(tx, org_id, job(tenant.org_id, JobKind.DISCONNECTION))
        export.announce(tx)
        # Nobody is told of what belongs to no part.
        tx.announce(org_id, f"tenant/{org_id}/syncs", "AccountChanged", {"account_id": "x", "state": "CONNECTED"})

    await backend.writer.commit(change)


ALL = [
    ("ALERTS", "AlertRaised", "Alert"),
    ("SYNCS", "SyncProgressed", "Sync"),
    ("INTEGRATIONS", "IntegrationHealthChanged", "IntegrationHealth"),
    ("JOBS", "JobProgressed", "Job"),
    ("JOBS", "JobProgressed", "Job"),
    ("AUDIT_EXPORTS", "AuditExportProgressed", "AuditExport"),
]


def seen(events: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(event["topic"], event["type"], event["subject"]["__typename"]) for event in events]


async def test_one_feed_tells_of_everything_in_the_order_of_the_log(
    backend: Backend, here: str, tmp_path: Path
) -> None:
    tenant, stranger = await make_tenant(backend), await make_tenant(backend)

    async with following(here, tenant.token, EVENTS) as opened:
        await happen(backend, stranger)
        await happen(backend, tenant)
        await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row()]))
        events = await told(opened, 8)

    assert seen(events) == [*ALL, ("COSTS", "CostsUpdated", "CostUpdate"), ("JOBS", "JobProgressed", "Job")]
    assert {event["organizationId"] for event in events} == {tenant.global_id}
    sequences = [event["sequence"] for event in events]
    assert sequences == sorted(set(sequences))
    assert events[-1]["subject"] == {"__typename": "Job", "kind": "COST_IMPORT", "jobState": "SUCCEEDED"}


async def made_channel(backend: Backend, tenant: Tenant) -> None:
    channel = documents.Channel(
        id=PydanticObjectId(),
        org_id=tenant.organization.id,
        name="Partner",
        kind=ChannelKind.WEBHOOK,
        shown="https://partner.example.com",
        settings=b"sealed",
    )

    async def change(tx: Transaction) -> None:
        announce_channel(tx, channel)

    await backend.writer.commit(change)


async def test_incidents_and_channels_are_told_of_as_they_were(backend: Backend, here: str) -> None:
    tenant, stranger = await make_tenant(backend), await make_tenant(backend)

    async with following(here, tenant.token, EVENTS, topics=["INCIDENTS", "CHANNELS"]) as opened:
        for one in (stranger, tenant):
            await made_channel(backend, one)
            await raised_and_matched(backend, one, *the_example())
        channel, incident = await told(opened, 2)

    assert seen([channel, incident]) == [
        ("CHANNELS", "ChannelChanged", "Channel"),
        ("INCIDENTS", "IncidentOpened", "Incident"),
    ]
    assert {channel["organizationId"], incident["organizationId"]} == {tenant.global_id}
    assert channel["subject"] == {
        "__typename": "Channel",
        "name": "Partner",
        "channelState": "UNVERIFIED",
        "shown": "https://partner.example.com",
    }
    assert (incident["subject"]["number"], incident["subject"]["memberCount"]) == (1, 3)
    assert len(incident["subject"]["explanation"]) == 3


async def test_incidents_go_with_alerts_and_channels_take_a_permission_of_their_own(
    backend: Backend, here: str
) -> None:
    tenant = await make_tenant(backend)
    machine = await make_machine(tenant, "alerts:read")

    async with following(here, machine.token, EVENTS) as opened:
        await made_channel(backend, tenant)
        await raised_and_matched(backend, tenant, *the_example())
        events = await told(opened, 4)
    error = await refusal(here, machine.token, EVENTS, topics=["INCIDENTS", "CHANNELS"])

    assert [event["topic"] for event in events] == ["ALERTS", "ALERTS", "ALERTS", "INCIDENTS"]
    assert error["message"] == "You may not read CHANNELS."


def test_every_topic_and_every_kind_of_job_has_a_part() -> None:
    assert {part.name for part in TOPICS} == set(EventTopic)
    assert {part.name for part in KINDS} == set(JobKind)


async def test_a_viewer_is_told_what_their_role_reads_and_refused_the_rest_by_name(backend: Backend, here: str) -> None:
    tenant = await make_tenant(backend)
    viewer = await add_member(backend, tenant.organization, Role.CLIENT_VIEWER)

    async with following(here, viewer.token, EVENTS) as opened:
        await happen(backend, tenant)
        await happen(backend, tenant)
        events = await told(opened, 9)
    error = await refusal(here, viewer.token, EVENTS, topics=["ALERTS", "AUDIT_EXPORTS"])

    assert seen(events) == [*ALL[:5], *ALL[1:5]]  # the alert stays one alert
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["message"] == "You may not read AUDIT_EXPORTS."


async def test_each_topic_takes_its_own_permission(backend: Backend, here: str) -> None:
    tenant = await make_tenant(backend)
    machine = await make_machine(tenant, "costs:read")

    async with following(here, machine.token, EVENTS) as opened:
        await happen(backend, tenant)
        await happen(backend, tenant)
        kinds = [event["subject"]["kind"] for event in await told(opened, 2)]
    refused = [
        (await refusal(here, machine.token, EVENTS, topics=[topic]))["extensions"]["code"]
        for topic in ("ALERTS", "SYNCS", "INTEGRATIONS", "AUDIT_EXPORTS")
    ]

    assert kinds == ["COST_IMPORT", "COST_IMPORT"]
    assert refused == ["FORBIDDEN"] * 4


async def test_who_may_read_nothing_is_refused(backend: Backend, here: str) -> None:
    machine = await make_machine(await make_tenant(backend), "machines:read")

    assert (await refusal(here, machine.token, EVENTS))["message"] == "You may read nothing of this."


async def test_in_each_organization_what_may_be_read_there(backend: Backend, here: str) -> None:
    here_admin, elsewhere = await make_tenant(backend), await make_tenant(backend)
    user_id, org_id = here_admin.user.id, elsewhere.organization.id
    await documents.Membership(user_id=user_id, org_id=org_id, role=Role.CLIENT_VIEWER).insert()

    async with following(here, here_admin.token, EVENTS, topics=["AUDIT_EXPORTS", "ALERTS"]) as opened:
        await happen(backend, elsewhere)
        await happen(backend, here_admin)
        events = await told(opened, 3)
    error = await refusal(here, here_admin.token, EVENTS, topics=["AUDIT_EXPORTS"], organization=elsewhere.global_id)

    found = sorted((event["organizationId"] == here_admin.global_id, event["topic"]) for event in events)
    assert found == [(False, "ALERTS"), (True, "ALERTS"), (True, "AUDIT_EXPORTS")]
    assert error["extensions"]["code"] == "FORBIDDEN"


async def test_another_tenants_organization_is_not_found(backend: Backend, here: str) -> None:
    tenant, stranger = await make_tenant(backend), await make_tenant(backend)

    error = await refusal(here, tenant.token, EVENTS, organization=stranger.global_id)

    assert error["extensions"]["code"] == "NOT_FOUND"


async def test_who_loses_a_right_is_told_nothing_more(backend: Backend, here: str) -> None:
    tenant = await make_tenant(backend)
    other = await add_member(backend, tenant.organization, Role.ADMIN)

    async with (
        following(here, tenant.token, EVENTS) as lost,
        following(here, other.token, EVENTS) as kept,
        following(here, tenant.token, EVENTS, topics=["ALERTS", "SYNCS"]) as narrow,
    ):
        await happen(backend, tenant)
        assert [seen(await told(one, 6)) for one in (lost, kept)] == [ALL, ALL]
        assert seen(await told(narrow, 2)) == ALL[:2]
        await backend.database["memberships"].update_one(
            {"user_id": tenant.user.id}, {"$set": {"role": Role.CLIENT_VIEWER.value}}
        )
        await asyncio.sleep(1.1)
        await happen(backend, tenant)
        ended = orjson.dumps(await anext(messages(lost))).decode()
        # What needs no more than is still held goes on; the alert was raised before.
        assert seen(await told(narrow, 1)) == ALL[1:2]
        assert seen(await told(kept, 5)) == ALL[1:]

    assert "You may no longer read this feed." in ended
    assert "subject" not in ended


async def test_a_cursor_goes_on_behind_the_message_it_came_with(backend: Backend, here: str) -> None:
    tenant = await make_tenant(backend)
    async with following(here, tenant.token, EVENTS) as opened:
        await happen(backend, tenant)
        first = await told(opened, 6)

    async with following(here, tenant.token, EVENTS, after=first[2]["cursor"]) as opened:
        again = await told(opened, 3)

    assert again == first[3:]


@pytest.mark.parametrize(("query", "count"), [(EVENTS, 6), (JOBS, 4), (COSTS, 1)])
async def test_equal_feeds_of_different_people_are_executed_once(
    backend: Backend, here: str, executed: list[Any], tmp_path: Path, query: str, count: int
) -> None:
    tenant = await make_tenant(backend)
    colleague = await add_member(backend, tenant.organization, Role.ADMIN)

    async with following(here, tenant.token, query) as one, following(here, colleague.token, query) as other:
        if query == COSTS:
            await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row()]))
        else:
            await happen(backend, tenant)
        heard = [await told(each, count) for each in (one, other)]

    assert heard[0] == heard[1]
    assert len(executed) == count


async def test_jobs_of_every_kind_come_in_one_feed(backend: Backend, here: str) -> None:
    tenant = await make_tenant(backend)
    org_id, begun = tenant.organization.id, utc_now()
    progress = job(tenant.org_id, JobKind.DISCONNECTION, done=3, total=2**40, problem="p", started_at=begun)

    async def change(tx: Transaction) -> None:
        announce_sync(
            tx,
            SyncRun(
                id=PydanticObjectId(), org_id=org_id, account_id=org_id, state="PARTIAL", step="Done", done=2, total=2
            ),
        )
        announce_job(tx, org_id, progress)

    async with following(here, tenant.token, JOBS) as opened:
        await backend.writer.commit(change)
        sync, disconnection = (message["job"] for message in await told(opened, 2))

    assert (sync["kind"], sync["state"], sync["step"], sync["done"], sync["total"]) == ("SYNC", "PARTIAL", "Done", 2, 2)
    assert sync["subjectId"] == global_id("Account", org_id)
    assert disconnection == {
        "id": global_id("Job", "DISCONNECTION:1"),
        "kind": "DISCONNECTION",
        "subjectId": tenant.global_id,
        "state": "RUNNING",
        "step": "Working",
        "done": 3,
        "total": 2**40,
        "problem": "p",
        "startedAt": begun.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "endedAt": None,
    }


async def test_kinds_of_jobs_can_be_chosen_where_they_may_be_read(backend: Backend, here: str) -> None:
    tenant = await make_tenant(backend)
    viewer = await add_member(backend, tenant.organization, Role.CLIENT_VIEWER)

    async with following(here, viewer.token, JOBS, kinds=["DISCONNECTION"]) as opened:
        await happen(backend, tenant)
        await happen(backend, tenant)
        kinds = [message["job"]["kind"] for message in await told(opened, 2)]
    error = await refusal(here, viewer.token, JOBS, kinds=["AUDIT_EXPORT"])

    assert kinds == ["DISCONNECTION", "DISCONNECTION"]
    assert error["message"] == "You may not read AUDIT_EXPORT."


async def test_costs_that_are_loaded_and_replaced_are_told_with_what_to_ask_anew(
    backend: Backend, here: str, tmp_path: Path
) -> None:
    tenant = await make_tenant(backend)
    first = [focus_row(BilledCost="1.10"), focus_row(BilledCost="2.20"), focus_row(BilledCost="0.01", **OCTOBER)]
    second = [focus_row(BilledCost="5.00")]

    async with following(here, tenant.token, COSTS) as opened:
        await load(backend, tenant, write_csv(tmp_path / "a.csv", first))
        await load(backend, tenant, write_csv(tmp_path / "b.csv", second))
        loaded, replaced = (message["update"] for message in await told(opened, 2))

    assert (loaded["organizationId"], loaded["lineCount"], loaded["periodCount"]) == (tenant.global_id, 3, 2)
    september, october = sorted(loaded["periods"], key=lambda period: str(period["periodStart"]))
    assert september == {
        "provider": "AWS",
        "billingAccountId": "100000000001",
        "periodStart": "2026-09-01T00:00:00Z",
        "periodEnd": "2026-10-01T00:00:00Z",
        "billed": {"amount": "3.30", "currency": "USD"},
        "lineCount": 2,
        "wasReplaced": False,
    }
    assert october["billed"]["amount"] == "0.01"
    assert replaced["periods"] == [
        {**september, "billed": {"amount": "5.00", "currency": "USD"}, "lineCount": 1, "wasReplaced": True}
    ]


async def test_costs_of_a_seller_nobody_knows_are_told_as_those_of_another(
    backend: Backend, here: str, tmp_path: Path
) -> None:
    tenant = await make_tenant(backend)
    rows = [focus_row(), focus_row(ProviderName="Oracle", BillingAccountId="20209880")]

    async with following(here, tenant.token, COSTS, filter={"providers": ["OTHER"]}) as opened:
        await load(backend, tenant, write_csv(tmp_path / "a.csv", rows))
        (update,) = (message["update"] for message in await told(opened, 1))

    assert [(one["provider"], one["billingAccountId"]) for one in update["periods"]] == [("OTHER", "20209880")]
    assert update["periodCount"] == 2


async def test_updates_of_costs_can_be_narrowed_to_an_account_and_a_currency(
    backend: Backend, here: str, tmp_path: Path
) -> None:
    tenant = await make_tenant(backend)
    rows = [focus_row(), focus_row(BillingAccountId="100000000002"), focus_row(BillingAccountId="3")]
    wanted = {"billingAccountIds": ["100000000002"], "currencies": ["USD"], "providers": ["AWS"]}
    stranger = {"organizationId": (await make_tenant(backend)).global_id}

    async with following(here, tenant.token, COSTS, filter=wanted) as opened:
        await load(backend, tenant, write_csv(tmp_path / "other.csv", rows[:1]))
        await load(backend, tenant, write_csv(tmp_path / "some.csv", rows[1:]))
        (update,) = (message["update"] for message in await told(opened, 1))
    error = await refusal(here, tenant.token, COSTS, filter=stranger)

    assert [period["billingAccountId"] for period in update["periods"]] == ["100000000002"]
    assert update["periodCount"] == 2
    assert error["extensions"]["code"] == "NOT_FOUND"
