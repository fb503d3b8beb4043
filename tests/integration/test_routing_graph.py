"""Rules, maintenance windows and the preview over the graph."""

from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from app.wiring import Backend
from documents import Role
from documents.base import utc_now
from domain.facts.severity import Severity
from jobs.tasks.tell_later import tell_later
from schema.node import global_id
from tests.factories.graph import Graph
from tests.factories.machine import make_machine
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.factories.told import Desk, make_channel

CREATE = """mutation($input: CreateRoutingRuleInput!) { createRoutingRule(input: $input) { __typename
  ... on CreateRoutingRuleSuccess { rule { id name position version channelIds accountIds tags timing
    hours { zone days begins ends } escalations { afterMinutes channelIds repeatTimes repeatMinutes } } }
  ... on UserError { message code path } } }"""
UPDATE = """mutation($input: UpdateRoutingRuleInput!) { updateRoutingRule(input: $input) { __typename
  ... on UpdateRoutingRuleSuccess { rule { name version delayMinutes channelIds } }
  ... on UserError { message code path } } }"""
MOVE = """mutation($input: MoveRoutingRuleInput!) { moveRoutingRule(input: $input) { __typename
  ... on MoveRoutingRuleSuccess { rule { position version } } ... on UserError { code } } }"""
DELETE = """mutation($input: DeleteRoutingRuleInput!) { deleteRoutingRule(input: $input) { __typename
  ... on DeleteRoutingRuleSuccess { deletedId } ... on UserError { code } } }"""
LIST = "{ routingRules { nodes { id name position } totalCount } }"
PREVIEW = """query($input: PreviewRoutingInput!) { previewRouting(input: $input) {
  rules { ruleId name isMatch reason } channels { channelId channelName ruleId isTold hold until reason }
  escalations { ruleId dueAt step { channelIds } } mutedById mutedUntil } }"""
WINDOW = "id name startsAt endsAt endedAt version tags weekly { zone begins } "
OPEN = f"""mutation($input: CreateMaintenanceWindowInput!) {{ createMaintenanceWindow(input: $input) {{ __typename
  ... on CreateMaintenanceWindowSuccess {{ window {{ {WINDOW} }} }} ... on UserError {{ message code path }} }} }}"""
CHANGE = f"""mutation($input: UpdateMaintenanceWindowInput!) {{ updateMaintenanceWindow(input: $input) {{ __typename
  ... on UpdateMaintenanceWindowSuccess {{ window {{ {WINDOW} }} }} ... on UserError {{ message code path }} }} }}"""
END = f"""mutation($input: EndMaintenanceWindowInput!) {{ endMaintenanceWindow(input: $input) {{ __typename
  ... on EndMaintenanceWindowSuccess {{ window {{ {WINDOW} }} }} ... on UserError {{ message code path }} }} }}"""


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def made(graph: Graph, tenant: Tenant, name: str, *channels: ObjectId, **fields: Any) -> dict[str, Any]:
    ids = [global_id("Channel", channel) for channel in channels]
    input = {"name": name, "channelIds": ids, **fields}
    answer = (await graph.ask(CREATE, tenant.token, input=input))["createRoutingRule"]
    assert answer["__typename"] == "CreateRoutingRuleSuccess", answer
    rule: dict[str, Any] = answer["rule"]
    return rule


async def order(graph: Graph, tenant: Tenant) -> list[str]:
    return [rule["name"] for rule in (await graph.ask(LIST, tenant.token))["routingRules"]["nodes"]]


async def test_a_rule_is_kept_as_it_was_said(graph: Graph, tenant: Tenant) -> None:
    channel = await make_channel(tenant)
    step = {"afterMinutes": 15, "channelIds": [global_id("Channel", channel)], "repeatTimes": 2}
    hours = {"zone": "Europe/Berlin", "days": ["SATURDAY"], "begins": "22:00", "ends": "07:00"}

    rule = await made(
        graph, tenant, "night", channel, tags=["env=live"], hours=[hours], escalations=[step], timing="HOURLY"
    )

    assert rule["channelIds"] == [global_id("Channel", channel)]
    assert (rule["position"], rule["version"], rule["timing"], rule["tags"]) == (0, 1, "HOURLY", ["env=live"])
    assert rule["hours"] == [hours]
    assert rule["escalations"] == [{**step, "repeatMinutes": 15}]


async def test_a_changed_rule_is_what_jobs_go_by(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    first, second = await make_channel(tenant, "first"), await make_channel(tenant, "second")
    rule = await made(graph, tenant, "all", first)
    changed = {"ruleId": rule["id"], "name": "all", "channelIds": [global_id("Channel", second)], "expectedVersion": 1}

    answer = (await graph.ask(UPDATE, tenant.token, input=changed))["updateRoutingRule"]
    stale = (await graph.ask(UPDATE, tenant.token, input=changed))["updateRoutingRule"]
    desk = Desk(backend, tenant)
    await desk.raised("bad")
    await desk.dispatched()

    assert answer["rule"]["version"] == 2
    assert stale["code"] == "CONFLICT"
    assert [one["channel_id"] for one in await desk.deliveries()] == [second]


async def test_rules_are_moved_among_each_other(graph: Graph, tenant: Tenant) -> None:
    rules = [await made(graph, tenant, name) for name in "abcd"]

    await graph.ask(MOVE, tenant.token, input={"ruleId": rules[3]["id"], "place": 1})
    moved = await order(graph, tenant)
    last = await graph.ask(MOVE, tenant.token, input={"ruleId": rules[0]["id"], "place": 50})

    assert moved == ["a", "d", "b", "c"]
    assert await order(graph, tenant) == ["d", "b", "c", "a"]
    assert last["moveRoutingRule"]["rule"] == {"position": 3, "version": 2}


async def test_a_deleted_rule_is_gone_and_with_it_the_alert_that_it_tells_nobody(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    await make_channel(tenant, "good")
    bad = await make_channel(tenant, "bad")
    rule = await made(graph, tenant, "deaf", bad)
    await backend.database["channels"].update_one({"_id": bad}, {"$set": {"state": "DISABLED"}})
    desk = Desk(backend, tenant)
    await desk.raised("bad")
    await desk.dispatched()
    fingerprint = f"channels:rule:{await stored_id(backend, tenant)}"
    before = (await desk.alert(fingerprint)).state

    answer = await graph.ask(DELETE, tenant.token, input={"ruleId": rule["id"], "expectedVersion": 1})

    assert answer["deleteRoutingRule"]["deletedId"] == rule["id"]
    assert await order(graph, tenant) == []
    assert (before, (await desk.alert(fingerprint)).state) == ("OPEN", "RESOLVED")


async def stored_id(backend: Backend, tenant: Tenant) -> ObjectId:
    raw = await backend.database["routing_rules"].find_one({"org_id": tenant.organization.id})
    assert raw is not None
    return ObjectId(raw["_id"])


async def test_a_name_is_given_once(graph: Graph, tenant: Tenant) -> None:
    await made(graph, tenant, "all")

    answer = await graph.ask(CREATE, tenant.token, input={"name": "all", "channelIds": []})

    assert answer["createRoutingRule"]["path"] == ["input", "name"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"tags": ["env"]},
        {"zone": "Mars"},
        {"digestAt": "8:00"},
        {"hours": [{"begins": "22:00", "ends": "24:00"}]},
        {"delayMinutes": 1441},
        {"escalations": [{"afterMinutes": 5, "channelIds": []}]},
    ],
)
async def test_a_rule_that_cannot_be_is_refused(graph: Graph, tenant: Tenant, wrong: dict[str, Any]) -> None:
    answer = await graph.ask(CREATE, tenant.token, input={"name": "x", "channelIds": [], **wrong})

    assert answer["createRoutingRule"]["__typename"] == "ValidationError"
    assert await order(graph, tenant) == []


async def test_a_strangers_channel_is_no_channel(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    stranger = await make_tenant(backend)
    theirs = global_id("Channel", await make_channel(stranger))

    direct = await graph.ask(CREATE, tenant.token, input={"name": "x", "channelIds": [theirs]})
    step = {"afterMinutes": 5, "channelIds": [theirs]}
    hidden = await graph.ask(CREATE, tenant.token, input={"name": "x", "channelIds": [], "escalations": [step]})

    assert direct["createRoutingRule"]["__typename"] == hidden["createRoutingRule"]["__typename"] == "NotFoundError"


async def test_the_preview_says_what_is_then_done(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    calm, loud = await make_channel(tenant, "calm"), await make_channel(tenant, "loud")
    step = {"afterMinutes": 15, "channelIds": [global_id("Channel", calm)]}
    first = await made(graph, tenant, "worst", loud, atLeast="CRITICAL")
    second = await made(graph, tenant, "rest", calm, loud, escalations=[step])
    desk = Desk(backend, tenant)
    await desk.raised("bad", severity=Severity.MEDIUM)
    alert = await desk.alert("bad")

    preview = (await graph.ask(PREVIEW, tenant.token, input={"alertId": global_id("Alert", alert.id)}))[
        "previewRouting"
    ]
    await desk.dispatched()

    assert preview["rules"] == [
        {"ruleId": first["id"], "name": "worst", "isMatch": False, "reason": "MEDIUM is less than CRITICAL."},
        {"ruleId": second["id"], "name": "rest", "isMatch": True, "reason": "Every condition holds."},
    ]
    assert [(one["channelName"], one["isTold"], one["hold"]) for one in preview["channels"]] == [
        ("calm", True, None),
        ("loud", True, None),
    ]
    assert preview["escalations"][0]["ruleId"] == second["id"]
    assert preview["escalations"][0]["step"] == {"channelIds": [global_id("Channel", calm)]}
    assert [one["channel_id"] for one in await desk.deliveries()] == [calm, loud]


async def test_a_made_up_alert_is_previewed_at_any_time(graph: Graph, tenant: Tenant) -> None:
    await make_channel(tenant)
    window = {
        "name": "move",
        "tags": ["env=test"],
        "startsAt": "2026-03-01T00:00:00Z",
        "endsAt": "2026-03-02T00:00:00Z",
    }
    opened = (await graph.ask(OPEN, tenant.token, input=window))["createMaintenanceWindow"]["window"]
    made_up = {"severity": "LOW", "tags": ["env=test"], "at": "2026-03-01T12:00:00Z"}

    during = (await graph.ask(PREVIEW, tenant.token, input=made_up))["previewRouting"]
    after = (await graph.ask(PREVIEW, tenant.token, input={**made_up, "at": "2026-03-02T12:00:00Z"}))["previewRouting"]

    assert (during["mutedById"], during["channels"][0]["hold"]) == (opened["id"], "MAINTENANCE")
    assert (after["mutedById"], after["channels"][0]["hold"]) == (None, "DIGEST")
    assert after["channels"][0]["until"].startswith("2026-03-03T08:00:00")


async def test_the_preview_shows_no_alert_to_whom_may_not_see_it(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    stranger = await make_tenant(backend)
    machine = await make_machine(tenant, "channels:read")
    desk = Desk(backend, tenant)
    await desk.raised("bad")
    input = {"alertId": global_id("Alert", (await desk.alert("bad")).id)}

    refusals = [await graph.refused(PREVIEW, token, input=input) for token in (stranger.token, machine.token)]

    assert [error["extensions"]["code"] for (error,) in refusals] == ["NOT_FOUND", "FORBIDDEN"]


async def test_only_who_manages_channels_may_change_who_is_told(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    user = await add_member(backend, tenant.organization, Role.USER)

    (error,) = await graph.refused(CREATE, user.token, input={"name": "x", "channelIds": []})
    listed = await graph.ask(LIST, user.token)

    assert error["extensions"]["code"] == "FORBIDDEN"
    assert listed["routingRules"]["totalCount"] == 0


async def test_an_ended_window_tells_what_is_open_within_a_minute(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    await make_channel(tenant)
    ends_at = (utc_now() + timedelta(hours=5)).isoformat()
    opened = (await graph.ask(OPEN, tenant.token, input={"name": "move", "endsAt": ends_at}))["createMaintenanceWindow"]
    desk = Desk(backend, tenant)
    await desk.raised("bad")
    await desk.dispatched()
    muted = await desk.alert("bad")

    ended = (await graph.ask(END, tenant.token, input={"windowId": opened["window"]["id"], "expectedVersion": 1}))[
        "endMaintenanceWindow"
    ]
    again = (await graph.ask(END, tenant.token, input={"windowId": opened["window"]["id"]}))["endMaintenanceWindow"]
    await tell_later(desk.ctx(utc_now() + timedelta(minutes=1)))

    assert global_id("MaintenanceWindow", muted.muted_by) == opened["window"]["id"]
    assert ended["window"]["endedAt"] is not None
    assert (again["code"], again["message"]) == ("CONFLICT", "The maintenance window is over: look at it again.")
    assert [one[:2] for one in await desk.told(state="WAITING")] == [
        ("SUMMARY", "1 alert still open after maintenance: 1 HIGH")
    ]


async def test_a_window_that_is_made_longer_holds_what_it_holds_for_longer(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    await make_channel(tenant)
    soon, late = utc_now() + timedelta(hours=1), utc_now() + timedelta(hours=3)
    opened = await graph.ask(OPEN, tenant.token, input={"name": "move", "endsAt": soon.isoformat()})
    window = opened["createMaintenanceWindow"]["window"]
    desk = Desk(backend, tenant)
    await desk.raised("bad")
    await desk.dispatched()

    longer = {"windowId": window["id"], "name": "move", "endsAt": late.isoformat(), "expectedVersion": 1}
    answer = (await graph.ask(CHANGE, tenant.token, input=longer))["updateMaintenanceWindow"]
    await tell_later(desk.ctx(soon + timedelta(minutes=1)))
    early = await desk.deliveries(state="WAITING")
    await tell_later(desk.ctx(late + timedelta(minutes=1)))

    assert answer["window"]["startsAt"] == window["startsAt"]
    assert early == []
    assert len(await desk.deliveries(state="WAITING")) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"startsAt": "2026-03-02T00:00:00Z", "endsAt": "2026-03-01T00:00:00Z"},
    ],
)
async def test_a_window_without_an_end_is_refused(graph: Graph, tenant: Tenant, wrong: dict[str, Any]) -> None:
    answer = await graph.ask(OPEN, tenant.token, input={"name": "move", **wrong})

    assert answer["createMaintenanceWindow"]["path"] == ["input", "endsAt"]


async def test_a_window_every_week_needs_no_end(graph: Graph, tenant: Tenant) -> None:
    weekly = {"zone": "Europe/Berlin", "begins": "02:00", "ends": "04:00"}

    answer = await graph.ask(OPEN, tenant.token, input={"name": "patches", "weekly": weekly})
    listed = await graph.ask(f"{{ maintenanceWindows {{ nodes {{ {WINDOW} }} }} }}", tenant.token)

    window = answer["createMaintenanceWindow"]["window"]
    assert (window["endsAt"], window["weekly"]) == (None, {"zone": "Europe/Berlin", "begins": "02:00"})
    assert listed["maintenanceWindows"]["nodes"] == [window]
