"""Feeds over real sockets that are told of together: what is shared, what is not, and who stops hearing."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from websockets.asyncio.client import ClientConnection

from app.graphql.execution import Execution
from app.graphql.frames import EXTENSION
from app.web import Web, serving
from app.wiring import Backend
from auth.authentication import Subject
from auth.standings import load_standings_of
from documents import OrganizationKind, Role
from documents.alert import AlertSource, Cause, raise_alert
from documents.base import utc_now
from documents.transaction import Transaction
from domain.facts.severity import Severity
from live.cursor import encode
from live.position import Position
from tests.factories.graph import frame_of, messages, socket, subscribe
from tests.factories.tenant import Tenant, add_member, make_subject, make_tenant

ALERTS = "subscription($after: Cursor) { alertRaised(after: $after) { ... on AlertRaised { cursor alert { title } } } }"
TITLES = "subscription { alertRaised { ... on AlertRaised { alert { title severity } } } }"
FILTERED = """
subscription($filter: AlertFilter) { alertRaised(filter: $filter) { ... on AlertRaised { alert { title } } } }
"""
DEADLINE = 30


@pytest.fixture
def executed() -> Iterator[list[Any]]:
    """Every message that was executed for a group."""
    seen: list[Any] = []
    original = Execution.payload

    async def counted(self: Execution, message: object) -> bytes:
        seen.append(message)
        return await original(self, message)

    with patch.object(Execution, "payload", counted):
        yield seen


@pytest.fixture
async def web(backend: Backend) -> Web:
    return Web(backend)


@pytest.fixture
async def here(web: Web) -> AsyncIterator[str]:
    async with serving(web) as address:
        yield address


async def raised(
    backend: Backend, tenant: Tenant, title: str, severity: Severity = Severity.HIGH, message: str = "m"
) -> None:
    cause = Cause(fingerprint=title, source=AlertSource.FINDING, severity=severity, title=title, message=message)

    async def change(tx: Transaction) -> None:
        await raise_alert(tx, tenant.organization.id, cause, utc_now())

    await backend.writer.commit(change)


@asynccontextmanager
async def following(address: str, *tokens: str, query: str = ALERTS, **variables: Any) -> AsyncIterator[list[Any]]:
    """A socket per token with a subscription that has begun."""
    async with AsyncExitStack() as stack, asyncio.timeout(DEADLINE):
        opened = [await stack.enter_async_context(socket(address, token)) for token in tokens]
        for number, one in enumerate(opened):
            await subscribe(one, query, id=f"operation-{number}", **variables)
        await asyncio.sleep(0.7)
        yield opened


async def next_payload(opened: ClientConnection) -> dict[str, Any]:
    message = await anext(messages(opened))
    assert message["type"] == "next", message
    payload: dict[str, Any] = message["payload"]
    return payload


def title_of(payload: dict[str, Any]) -> str:
    title: str = payload["data"]["alertRaised"]["alert"]["title"]
    return title


async def test_equal_subscriptions_of_different_people_are_executed_once(
    backend: Backend, here: str, executed: list[Any]
) -> None:
    tenant = await make_tenant(backend)
    colleague = await add_member(backend, tenant.organization, Role.ADMIN)

    async with following(here, tenant.token, tenant.token, colleague.token, after=None) as sockets:
        for title in ("1", "2"):
            await raised(backend, tenant, title)
        frames = [[await anext(messages(one)) for _ in range(2)] for one in sockets]

    assert len(executed) == 2
    assert [[frame["id"] for frame in each] for each in frames] == [[f"operation-{n}"] * 2 for n in range(3)]
    assert [frame["payload"] for frame in frames[0]] == [frame["payload"] for frame in frames[2]]
    assert [title_of(frame["payload"]) for frame in frames[0]] == ["1", "2"]


async def test_a_subscription_that_begins_at_another_cursor_joins_the_others(
    backend: Backend, here: str, executed: list[Any]
) -> None:
    tenant = await make_tenant(backend)
    async with following(here, tenant.token, after=None) as (first,):
        await raised(backend, tenant, "1")
        cursor = (await next_payload(first))["data"]["alertRaised"]["cursor"]
        await raised(backend, tenant, "2")
        assert title_of(await next_payload(first)) == "2"
        async with following(here, tenant.token, after=cursor) as (second,):
            await raised(backend, tenant, "3")

            assert [title_of(await next_payload(second)) for _ in range(2)] == ["2", "3"]
            assert title_of(await next_payload(first)) == "3"

    assert len(executed) == 3


async def test_other_documents_filters_and_roles_are_executed_apart(
    backend: Backend, here: str, web: Web, executed: list[Any]
) -> None:
    tenant = await make_tenant(backend)
    viewer = await add_member(backend, tenant.organization, Role.CLIENT_VIEWER)
    high, low = {"severities": ["HIGH"]}, {"severities": ["LOW"]}

    async with (
        following(here, tenant.token, viewer.token) as same,
        following(here, tenant.token, query=TITLES) as titles,
        following(here, tenant.token, query=FILTERED, filter=high) as only_high,
        following(here, tenant.token, query=FILTERED, filter=low) as only_low,
    ):
        groups = len(web.fanout)
        await raised(backend, tenant, "low", Severity.LOW)
        await raised(backend, tenant, "high", Severity.HIGH)
        heard = [[title_of(await next_payload(one)) for _ in range(2)] for one in [*same, *titles]]
        of_high, of_low = title_of(await next_payload(only_high[0])), title_of(await next_payload(only_low[0]))

    assert heard == [["low", "high"]] * 3
    assert (of_high, of_low) == ("high", "low")
    assert (groups, len(executed)) == (5, 2 * 3 + 1 + 1)


async def test_a_client_that_does_not_read_delays_nobody_and_loses_nothing(
    backend: Backend, here: str, executed: list[Any]
) -> None:
    tenant = await make_tenant(backend)
    feed = ALERTS.replace("title", "title message")
    titles = [str(number) for number in range(200)]

    async with following(here, tenant.token, tenant.token, query=feed, after=None) as (stalled, reading):
        heard = []
        for title in titles:
            await raised(backend, tenant, title, message="x" * 60_000)  # 12 MB in all, more than the sockets hold
            heard.append(title_of(await next_payload(reading)))
        executed_until_then = len(executed)
        heard_late = [title_of(await next_payload(stalled)) for _ in titles]

    assert heard == heard_late == titles
    assert executed_until_then == len(titles)


async def test_cost_is_told_without_what_one_caller_has_left(backend: Backend, here: str) -> None:
    tenant = await make_tenant(backend)
    async with following(here, tenant.token) as (opened,):
        await raised(backend, tenant, "1")
        cost = (await next_payload(opened))["extensions"]["cost"]

    assert cost["available"] is None
    assert cost["requested"] == cost["actual"] > 0
    assert cost["limit"] == 5000
    assert cost["restoreRate"] == backend.settings.cost_per_minute // 60


async def test_who_loses_the_membership_is_ended_and_the_others_go_on(backend: Backend, here: str) -> None:
    tenant = await make_tenant(backend)
    others = [await add_member(backend, tenant.organization, Role.ADMIN) for _ in range(3)]

    async with following(here, tenant.token, *(one.token for one in others)) as (lost, *kept):
        await raised(backend, tenant, "1")
        assert [title_of(await next_payload(one)) for one in (lost, *kept)] == ["1"] * 4
        await backend.database["memberships"].delete_many({"user_id": tenant.user.id})
        await asyncio.sleep(1.1)
        await raised(backend, tenant, "2")
        ended, complete = await anext(messages(lost)), await anext(messages(lost))
        heard = [title_of(await next_payload(one)) for one in kept]

    assert "FORBIDDEN" in orjson.dumps(ended).decode()
    assert "You may no longer read this feed." in orjson.dumps(ended).decode()
    assert '"2"' not in orjson.dumps(ended).decode()
    assert complete["type"] == "complete"
    assert heard == ["2"] * 3


async def test_who_has_another_role_goes_on_in_another_group(backend: Backend, here: str, web: Web) -> None:
    tenant = await make_tenant(backend)
    other = await add_member(backend, tenant.organization, Role.ADMIN)

    async with following(here, tenant.token, other.token) as (changed, same):
        before = len(web.fanout)
        await backend.database["memberships"].update_one(
            {"user_id": tenant.user.id}, {"$set": {"role": Role.CLIENT_VIEWER.value}}
        )
        await asyncio.sleep(1.1)
        for title in ("1", "2"):
            await raised(backend, tenant, title)
        heard = [[title_of(await next_payload(one)) for _ in range(2)] for one in (changed, same)]
        after = len(web.fanout)

    assert heard == [["1", "2"]] * 2
    assert (before, after) == (1, 2)


async def test_a_group_ends_with_its_last_member(backend: Backend, here: str, web: Web) -> None:
    tenant = await make_tenant(backend)
    async with following(here, tenant.token, tenant.token) as (first, second):
        await first.send('{"id":"operation-0","type":"complete"}')
        await asyncio.sleep(0.2)
        with_one = len(web.fanout)
        await raised(backend, tenant, "1")
        assert title_of(await next_payload(second)) == "1"
        await second.send('{"id":"operation-1","type":"complete"}')
        await asyncio.sleep(0.2)
        with_none = len(web.fanout)
        await first.send('{"type":"ping"}')
        answer = orjson.loads(await frame_of(first))

    assert (with_one, with_none) == (1, 0)
    assert answer == {"type": "pong"}  # and nothing of the alert came before it


async def test_a_server_that_cannot_write_ready_frames_sends_results_one_by_one(
    backend: Backend, here: str, web: Web, executed: list[Any]
) -> None:
    tenant = await make_tenant(backend)
    with patch("app.graphql.websocket.EXTENSION", EXTENSION + ".gone"):
        async with following(here, tenant.token, tenant.token) as sockets:
            await raised(backend, tenant, "1")
            heard = [title_of(await next_payload(one)) for one in sockets]
            groups = len(web.fanout)

    assert heard == ["1", "1"]
    assert (groups, executed) == (0, [])


async def test_results_that_are_sent_one_by_one_begin_anew_and_end_by_the_same_rules(
    backend: Backend, here: str
) -> None:
    tenant = await make_tenant(backend)
    feed = "subscription($after: Cursor) { alertRaised(after: $after) { __typename ... on StreamReset { reason } } }"
    before = encode({tenant.org_id: Position("an older log", 7)}, backend.keys.cursor)
    with patch("app.graphql.websocket.EXTENSION", EXTENSION + ".gone"):
        async with following(here, tenant.token, query=feed, after=before) as (opened,):
            reset = await next_payload(opened)
            await backend.database["memberships"].delete_many({"user_id": tenant.user.id})
            await asyncio.sleep(1.1)
            await raised(backend, tenant, "1")
            ended, complete = await anext(messages(opened)), await anext(messages(opened))

    assert reset["data"]["alertRaised"]["__typename"] == "StreamReset"
    assert "made anew" in reset["data"]["alertRaised"]["reason"]
    assert "You may no longer read this feed." in orjson.dumps(ended).decode()
    assert complete["type"] == "complete"


async def test_standings_of_many_are_those_of_each(backend: Backend) -> None:
    msp = await make_tenant(backend, role=Role.MSP_ADMIN, kind=OrganizationKind.MSP)
    bare_msp = await make_tenant(backend, role=Role.MSP_ADMIN, kind=OrganizationKind.MSP)
    client = await make_tenant(backend, managed_by=msp)
    people = [msp, bare_msp, client, await add_member(backend, client.organization, Role.CLIENT_VIEWER)]
    subjects = [await make_subject(one) for one in people]
    stranger = Subject("user:" + "0" * 24, "0" * 24)

    alone = {subject: (await load_standings_of([subject]))[subject] for subject in subjects}

    assert [set(held) for held in alone.values()] == [
        {msp.org_id, client.org_id},
        {bare_msp.org_id},
        {client.org_id},
        {client.org_id},
    ]
    assert await load_standings_of([*subjects, stranger]) == {**alone, stranger: {}}
    assert await load_standings_of(subjects[2:]) == {subject: alone[subject] for subject in subjects[2:]}
