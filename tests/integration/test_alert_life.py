"""The life of an alert: put away, given back, assigned, commented, closed, worse, seen again; and its history."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from websockets import ClientConnection

import documents
from app.wiring import Backend
from app.worker import options
from documents.alert import AlertSource, Cause, raise_alert, resolve_alerts
from documents.base import utc_now
from documents.transaction import Transaction
from domain.facts.severity import Severity
from jobs.tasks.keep_house import wake_alerts
from schema.node import global_id
from tests.factories.graph import Graph, messages, socket, subscribe
from tests.factories.tenant import Tenant, make_tenant

ALERT = "alert { state version assigneeId snoozedUntil resolution }"


def change(name: str, fields: str = "") -> str:
    kind = f"{name[0].upper()}{name[1:]}"
    return f"""mutation($input: {kind}Input!) {{ {name}(input: $input) {{ __typename
      ... on {kind}Success {{ {ALERT} }} ... on ConflictError {{ message }}
      ... on ValidationError {{ message path }} ... on NotFoundError {{ message }} }} }}"""


HISTORY = "query($id: ID!) { alertHistory(alertId: $id) { nodes { step text actor assigneeId } } }"


async def raised(
    backend: Backend, tenant: Tenant, *, source: AlertSource = AlertSource.EVENT, severity: Severity = Severity.MEDIUM
) -> str:
    """The global id of an alert of this tenant, raised (again)."""

    async def run(tx: Transaction) -> None:
        cause = Cause("cause", source, severity, "title", "message")
        await raise_alert(tx, tenant.organization.id, cause, utc_now())

    await backend.writer.commit(run)
    (alert,) = await documents.Alert.list_in(tenant.scope, {"fingerprint": "cause"})
    return global_id("Alert", alert.id)


async def done(graph: Graph, tenant: Tenant, name: str, id: str, **fields: Any) -> dict[str, Any]:
    answer = await graph.ask(change(name), tenant.token, input={"alertId": id, **fields})
    payload: dict[str, Any] = answer[name]
    return payload


async def steps(graph: Graph, tenant: Tenant, id: str) -> list[str]:
    nodes = (await graph.ask(HISTORY, tenant.token, id=id))["alertHistory"]["nodes"]
    return [node["step"] for node in reversed(nodes)]


async def is_tallied(tenant: Tenant) -> bool:
    """Whether the tally of open alerts is what counting gives."""
    counters = documents.EventCounter.get_pymongo_collection()
    before = await counters.find_one({"_id": tenant.organization.id})
    counted = await documents.Alert.count_in(tenant.scope, {"state": "OPEN"}, cap=10)
    assert before is not None
    return sum(before["tally"].get("open_alerts", {}).values()) == counted


async def test_a_snoozed_alert_comes_back_when_its_time_has_come(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    id = await raised(backend, tenant)

    until = utc_now() + timedelta(hours=1)
    away = await done(graph, tenant, "snoozeAlert", id, until=until.isoformat())
    early = await wake_alerts(options(backend)["ctx"])
    (stored,) = await documents.Alert.list_in(tenant.scope, {})
    await documents.Alert.rows().update_one({"_id": stored.id}, {"$set": {"snoozed_until": utc_now()}})
    await wake_alerts(options(backend)["ctx"])

    assert away["alert"]["state"] == "SNOOZED"
    assert early == 0
    (after,) = await documents.Alert.list_in(tenant.scope, {})
    assert (after.state.value, after.snoozed_until) == ("OPEN", None)
    assert await steps(graph, tenant, id) == ["RAISED", "SNOOZED", "REOPENED"]
    assert await is_tallied(tenant)


@pytest.mark.parametrize("offset", [timedelta(minutes=-1), timedelta(days=91)])
async def test_an_alert_is_snoozed_for_at_most_ninety_days(graph: Graph, backend: Backend, offset: timedelta) -> None:
    tenant = await make_tenant(backend)
    id = await raised(backend, tenant)

    answer = await done(graph, tenant, "snoozeAlert", id, until=(utc_now() + offset).isoformat())

    assert answer["__typename"] == "ValidationError"


async def test_an_acknowledged_alert_can_be_given_back(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    id = await raised(backend, tenant)

    await done(graph, tenant, "acknowledgeAlert", id)
    back = await done(graph, tenant, "reopenAlert", id)
    twice = await done(graph, tenant, "reopenAlert", id)

    assert back["alert"]["state"] == "OPEN"
    assert twice["__typename"] == "ConflictError"
    assert await is_tallied(tenant)


async def test_people_close_what_merely_happened_and_nothing_else(graph: Graph, backend: Backend) -> None:
    tenant, other = await make_tenant(backend), await make_tenant(backend)
    event = await raised(backend, tenant)
    failing = await raised(backend, other, source=AlertSource.SYNC)

    closed = await done(graph, tenant, "resolveAlert", event, reason="It was us.")
    refused = await done(graph, other, "resolveAlert", failing, reason="Go away.")

    assert (closed["alert"]["state"], closed["alert"]["resolution"]) == ("RESOLVED", "It was us.")
    assert refused["__typename"] == "ConflictError"
    assert "by itself" in refused["message"]
    assert await is_tallied(tenant)


async def test_an_alert_is_given_to_a_member_who_can_see_it(graph: Graph, backend: Backend) -> None:
    tenant, other = await make_tenant(backend), await make_tenant(backend)
    id = await raised(backend, tenant)
    (member,) = await documents.Membership.list_in(tenant.scope, {})
    (stranger,) = await documents.Membership.list_in(other.scope, {})

    given = await done(graph, tenant, "assignAlert", id, memberId=global_id("Member", member.id))
    refused = await done(graph, tenant, "assignAlert", id, memberId=global_id("Member", stranger.id))
    taken = await done(graph, tenant, "assignAlert", id, memberId=None)

    assert given["alert"]["assigneeId"] == global_id("Member", member.id)
    assert refused["__typename"] == "NotFoundError"
    assert taken["alert"]["assigneeId"] is None


async def test_an_alert_is_not_given_to_a_member_who_is_set_aside(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    id = await raised(backend, tenant)
    (member,) = await documents.Membership.list_in(tenant.scope, {})
    await documents.Membership.rows().insert_one(
        {"org_id": tenant.organization.id, "user_id": member.id, "role": "USER", "deactivated_at": utc_now()}
    )
    (aside,) = await documents.Membership.list_in(tenant.scope, {"user_id": member.id})

    refused = await done(graph, tenant, "assignAlert", id, memberId=global_id("Member", aside.id))

    assert refused["__typename"] == "ValidationError"
    assert refused["path"] == ["input", "memberId"]


async def test_comments_stand_in_the_history_with_who_wrote_them(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    id = await raised(backend, tenant)

    await done(graph, tenant, "commentAlert", id, text="Looking at it.")

    newest, oldest = (await graph.ask(HISTORY, tenant.token, id=id))["alertHistory"]["nodes"]
    assert (newest["step"], newest["text"]) == ("COMMENTED", "Looking at it.")
    assert newest["actor"] == f"user:{tenant.user.id}"
    assert (oldest["step"], oldest["actor"]) == ("RAISED", None)


async def test_a_repeat_is_counted_and_told_of_at_the_tenth_time(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    id = await raised(backend, tenant)

    for _ in range(10):
        await raised(backend, tenant)

    (alert,) = await documents.Alert.list_in(tenant.scope, {})
    assert (alert.occurrences, alert.times_raised) == (11, 1)
    assert await steps(graph, tenant, id) == ["RAISED", "REPEATED"]


async def test_a_worse_cause_makes_the_alert_worse_and_never_better(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    id = await raised(backend, tenant)

    await raised(backend, tenant, severity=Severity.CRITICAL)
    await raised(backend, tenant, severity=Severity.LOW)

    (alert,) = await documents.Alert.list_in(tenant.scope, {})
    assert alert.severity is Severity.CRITICAL
    assert await steps(graph, tenant, id) == ["RAISED", "WORSENED"]
    assert await is_tallied(tenant)


async def test_what_is_raised_again_begins_anew(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await raised(backend, tenant)
    await raised(backend, tenant)
    await backend.writer.commit(lambda tx: resolve_alerts(tx, tenant.organization.id, ["cause"], utc_now()))

    await raised(backend, tenant)

    (alert,) = await documents.Alert.list_in(tenant.scope, {})
    assert (alert.state.value, alert.occurrences, alert.times_raised) == ("OPEN", 1, 2)


async def test_every_step_is_told_of_once_and_in_order(graph: Graph, backend: Backend) -> None:
    tenant, other = await make_tenant(backend), await make_tenant(backend)
    query = "subscription { alertChanged { ... on AlertChanged { step alert { state } } } }"
    live = (socket(graph.address, tenant.token), socket(graph.address, other.token))
    async with live[0] as ours, live[1] as theirs, asyncio.timeout(30):
        await subscribe(ours, query)
        await subscribe(theirs, query)
        await asyncio.sleep(0.5)
        id = await raised(backend, tenant)
        await done(graph, tenant, "acknowledgeAlert", id)
        await done(graph, tenant, "commentAlert", id, text="Mine.")
        await done(graph, tenant, "resolveAlert", id, reason="Done.")
        await raised(backend, other)
        told, silent = await told_steps(ours, 4), await told_steps(theirs, 1)

    assert told == ["RAISED", "ACKNOWLEDGED", "COMMENTED", "RESOLVED"]
    assert silent == ["RAISED"]


async def told_steps(live: ClientConnection, count: int) -> list[str]:
    stream = messages(live)
    return [(await anext(stream))["payload"]["data"]["alertChanged"]["step"] for _ in range(count)]


async def test_alerts_are_listed_by_category_account_and_assignee(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await raised(backend, tenant)
    (member,) = await documents.Membership.list_in(tenant.scope, {})
    query = "query($filter: AlertFilter) { alerts(filter: $filter) { totalCount } }"

    async def count(**filter: Any) -> int:
        found: int = (await graph.ask(query, tenant.token, filter=filter))["alerts"]["totalCount"]
        return found

    assert await count(categories=["OPERATIONS"]) == 1
    assert await count(categories=["FINOPS"]) == 0
    assert await count(accountId=global_id("Account", "0" * 24)) == 0
    assert await count(assigneeId=global_id("Member", member.id)) == 0
