"""Incidents in the graph: read, taken on, given away, split and merged for good, followed live."""

import asyncio
from typing import Any

import pytest

import documents
from app.wiring import Backend
from jobs.consumers.incidents import CONSUMER
from jobs.tasks import dispatch_events as task
from schema.node import global_id
from tests.factories.graph import Graph, messages, socket, subscribe
from tests.factories.incidents import event, raised_and_matched, stored_incidents, the_example, titles_of
from tests.factories.tenant import Tenant, add_member, make_tenant

INCIDENTS = """
query($filter: IncidentFilter) {
  incidents(filter: $filter) {
    nodes {
      id number title severity state categories memberCount openCount version explanation organizationId accountIds
      timeline { memberId at title category severity }
      links { a b rule reason at }
      decisions { kind a b by reason isVoid }
    }
  }
}
"""
MEMBERS = """
query($id: ID!) {
  incidentMembers(incidentId: $id) {
    totalCount nodes { title isOpen happened links { reason } alert { title incident { number } } finding { title } }
  }
}
"""
SHOWN = "id state version memberCount assigneeId decisions { kind reason by isVoid }"
FAULTS = "... on UserError { message code } ... on ConflictError { current { id } }"
ACKNOWLEDGE = f"""
mutation($input: AcknowledgeIncidentInput!) {{
  answer: acknowledgeIncident(input: $input) {{
    __typename ... on AcknowledgeIncidentSuccess {{ incident {{ {SHOWN} }} }} {FAULTS} }}
}}
"""
ASSIGN = f"""
mutation($input: AssignIncidentInput!) {{
  answer: assignIncident(input: $input) {{
    __typename ... on AssignIncidentSuccess {{ incident {{ {SHOWN} }} }} {FAULTS} }}
}}
"""
SPLIT = f"""
mutation($input: SplitIncidentInput!) {{
  answer: splitIncident(input: $input) {{
    __typename ... on SplitIncidentSuccess {{ incident {{ {SHOWN} }} }} {FAULTS} }}
}}
"""
MERGE = f"""
mutation($input: MergeIncidentsInput!) {{
  answer: mergeIncidents(input: $input) {{
    __typename ... on MergeIncidentsSuccess {{ incident {{ {SHOWN} }} }} {FAULTS} }}
}}
"""
FEED = """
subscription($after: Cursor, $filter: IncidentFilter) {
  incidentChanged(after: $after, filter: $filter) {
    __typename
    ... on IncidentChanged { cursor step incident { title severity memberCount links { reason } } }
  }
}
"""


@pytest.fixture(autouse=True)
def only_incidents(monkeypatch: pytest.MonkeyPatch) -> None:
    """What else follows from events is not what these tests are about."""
    monkeypatch.setattr(task, "consumers", lambda: (CONSUMER,))


async def listed(graph: Graph, tenant: Tenant, **filter: Any) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = (await graph.ask(INCIDENTS, tenant.token, filter=filter))["incidents"]["nodes"]
    return nodes


async def changed(graph: Graph, tenant: Tenant, mutation: str, **input: Any) -> dict[str, Any]:
    answer: dict[str, Any] = (await graph.ask(mutation, tenant.token, input=input))["answer"]
    return answer


async def alert_id(tenant: Tenant, name: str) -> str:
    alert = await documents.Alert.find_in(tenant.scope, {"fingerprint": name})
    assert alert is not None
    return global_id("Alert", alert.id)


async def of_one_resource(backend: Backend, tenant: Tenant, *names: str, resource: str = "i-1") -> None:
    """An incident of alerts about one resource, a minute apart."""
    causes = [event(name, minute, resource_native_id=resource) for minute, name in enumerate(names)]
    await raised_and_matched(backend, tenant, *causes)


async def test_an_incident_tells_what_happened_and_why_it_belongs_together(graph: Graph, backend: Backend) -> None:
    tenant, other = await make_tenant(backend), await make_tenant(backend)
    await raised_and_matched(backend, tenant, *the_example())

    (incident,) = await listed(graph, tenant)
    members = (await graph.ask(MEMBERS, tenant.token, id=incident["id"]))["incidentMembers"]
    theirs = await listed(graph, other)
    missing = await graph.refused(MEMBERS, other.token, id=incident["id"])

    assert (incident["number"], incident["severity"], incident["state"]) == (1, "CRITICAL", "OPEN")
    assert [moment["title"] for moment in incident["timeline"]] == [node["title"] for node in members["nodes"]]
    assert incident["timeline"][0]["memberId"] == await alert_id(tenant, "Unusual access key")
    assert incident["links"][0]["a"] == await alert_id(tenant, "Unusual access key")
    assert incident["links"][0]["b"] == await alert_id(tenant, "Instances in a new region")
    assert incident["explanation"] == [link["reason"] for link in incident["links"]]
    assert len(incident["explanation"]) == 3
    assert incident["organizationId"] == tenant.global_id
    assert members["totalCount"] == 3
    assert [node["alert"]["incident"]["number"] for node in members["nodes"]] == [1, 1, 1]
    assert theirs == []
    assert missing[0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("filter", "count"),
    [
        ({"states": ["OPEN"]}, 1),
        ({"states": ["RESOLVED"]}, 0),
        ({"severities": ["CRITICAL"]}, 1),
        ({"severities": ["LOW"]}, 0),
        ({"categories": ["FINOPS", "COMPLIANCE"]}, 1),
        ({"categories": ["COMPLIANCE"]}, 0),
    ],
)
async def test_incidents_are_filtered(graph: Graph, backend: Backend, filter: dict[str, Any], count: int) -> None:
    tenant = await make_tenant(backend)
    await raised_and_matched(backend, tenant, *the_example())

    assert len(await listed(graph, tenant, **filter)) == count
    assert len(await listed(graph, tenant, **filter, organizationId=tenant.global_id)) == count


async def test_who_takes_an_incident_on_takes_its_open_alerts_on(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await of_one_resource(backend, tenant, "a", "b")
    (incident,) = await listed(graph, tenant)

    done = await changed(graph, tenant, ACKNOWLEDGE, incidentId=incident["id"], expectedVersion=incident["version"])
    again = await changed(graph, tenant, ACKNOWLEDGE, incidentId=incident["id"])

    assert done["incident"]["state"] == "ACKNOWLEDGED"
    assert done["incident"]["version"] == incident["version"] + 1
    alerts = await documents.Alert.list_in(tenant.scope, {})
    assert [alert.state.value for alert in alerts] == ["ACKNOWLEDGED", "ACKNOWLEDGED"]
    assert again["__typename"] == "ConflictError"
    assert again["current"]["id"] == incident["id"]


async def test_what_joins_an_acknowledged_incident_can_be_taken_on_too(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await of_one_resource(backend, tenant, "a", "b")
    (incident,) = await listed(graph, tenant)
    await changed(graph, tenant, ACKNOWLEDGE, incidentId=incident["id"])
    await of_one_resource(backend, tenant, "c")

    done = await changed(graph, tenant, ACKNOWLEDGE, incidentId=incident["id"])

    assert done["incident"]["memberCount"] == 3
    assert {alert.state.value for alert in await documents.Alert.list_in(tenant.scope, {})} == {"ACKNOWLEDGED"}


async def test_an_older_version_is_not_changed(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await of_one_resource(backend, tenant, "a", "b")
    (incident,) = await listed(graph, tenant)

    answer = await changed(graph, tenant, ACKNOWLEDGE, incidentId=incident["id"], expectedVersion=77)

    assert (answer["__typename"], answer["current"]["id"]) == ("ConflictError", incident["id"])
    assert (await listed(graph, tenant))[0]["state"] == "OPEN"


async def test_an_incident_is_given_to_a_member_who_sees_it_and_taken_back(graph: Graph, backend: Backend) -> None:
    tenant, other = await make_tenant(backend), await make_tenant(backend)
    colleague = await add_member(backend, tenant.organization, documents.Role.USER)
    await of_one_resource(backend, tenant, "a", "b")
    (incident,) = await listed(graph, tenant)
    ids = []
    for one in (colleague, other):
        member = await documents.Membership.find_in(one.scope, {"user_id": one.user.id})
        assert member is not None
        ids.append(global_id("Member", member.id))

    given = await changed(graph, tenant, ASSIGN, incidentId=incident["id"], memberId=ids[0])
    stranger = await changed(graph, tenant, ASSIGN, incidentId=incident["id"], memberId=ids[1])
    back = await changed(graph, tenant, ASSIGN, incidentId=incident["id"], memberId=None)

    assert given["incident"]["assigneeId"] == ids[0]
    assert stranger["__typename"] == "NotFoundError"
    assert back["incident"]["assigneeId"] is None


async def test_what_was_split_stays_split_after_more_alerts(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await of_one_resource(backend, tenant, "a", "b", "c", "d")
    (incident,) = await listed(graph, tenant)
    out = [await alert_id(tenant, name) for name in ("c", "d")]

    done = await changed(graph, tenant, SPLIT, incidentId=incident["id"], memberIds=out, reason="Planned work")
    await raised_and_matched(backend, tenant, event("e", 4, resource_native_id="i-1"))
    # It names both, and is nearest to "e", which went to the nearest of the two.
    await raised_and_matched(backend, tenant, event("f", 0.1, resource_native_id="i-1"))

    assert done["incident"]["memberCount"] == 2
    (decided,) = done["incident"]["decisions"]
    assert (decided["kind"], decided["reason"], decided["isVoid"]) == ("APART", "Planned work", False)
    assert decided["by"] == f"user:{tenant.user.id}"
    left, made = await stored_incidents(tenant)
    assert await titles_of(left) == ["a", "f", "b"]
    assert await titles_of(made) == ["c", "d", "e"]
    # Links across are gone; each part is still explained.
    for part in (left, made):
        ids = {moment["signal"] for moment in part.timeline}
        assert part.links
        assert all({link["a"], link["b"]} <= ids for link in part.links)


async def test_a_single_one_that_was_split_off_stands_alone_and_stays_so(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await of_one_resource(backend, tenant, "a", "b", "c")
    (incident,) = await listed(graph, tenant)

    await changed(graph, tenant, SPLIT, incidentId=incident["id"], memberIds=[await alert_id(tenant, "c")], reason="r")
    alone = await documents.Alert.find_in(tenant.scope, {"fingerprint": "c"})
    await raised_and_matched(backend, tenant, event("d", 0.5, resource_native_id="i-1"))

    assert alone is not None
    assert alone.incident_id is None
    (left,) = await stored_incidents(tenant)
    assert await titles_of(left) == ["a", "d", "b"]


async def test_a_split_holds_for_what_is_left_after_another_one(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await of_one_resource(backend, tenant, "a", "b", "c", "d", "e")
    (incident,) = await listed(graph, tenant)
    for names in (("d", "e"), ("a",)):
        out = [await alert_id(tenant, name) for name in names]
        await changed(graph, tenant, SPLIT, incidentId=incident["id"], memberIds=out, reason="r")

    # "a" stood for the first incident when it was split; it has left, and what stayed is still apart from "d" and "e".
    await raised_and_matched(backend, tenant, event("f", 2.5, resource_native_id="i-1"))

    left, made = await stored_incidents(tenant)
    assert await titles_of(left) == ["b", "c", "f"]
    assert await titles_of(made) == ["d", "e"]


@pytest.mark.parametrize("which", ["all", "foreign", "kind"])
async def test_what_cannot_be_split_off_is_refused(graph: Graph, backend: Backend, which: str) -> None:
    tenant = await make_tenant(backend)
    await of_one_resource(backend, tenant, "a", "b")
    await raised_and_matched(backend, tenant, event("x"))
    (incident,) = await listed(graph, tenant)
    ids = {
        "all": [await alert_id(tenant, "a"), await alert_id(tenant, "b")],
        "foreign": [await alert_id(tenant, "x")],
        "kind": [incident["id"]],
    }[which]

    answer = await changed(graph, tenant, SPLIT, incidentId=incident["id"], memberIds=ids, reason="r")

    assert answer["__typename"] == ("NotFoundError" if which == "kind" else "ValidationError")
    assert (await listed(graph, tenant))[0]["memberCount"] == 2


async def test_what_was_merged_stays_merged(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await of_one_resource(backend, tenant, "a", "b")
    await of_one_resource(backend, tenant, "c", "d", resource="i-2")
    second, first = await listed(graph, tenant)

    done = await changed(graph, tenant, MERGE, incidentId=first["id"], otherIds=[second["id"]], reason="Same attack")
    await of_one_resource(backend, tenant, "e", resource="i-2")
    again = await changed(graph, tenant, MERGE, incidentId=second["id"], otherIds=[first["id"]], reason="r")
    itself = await changed(graph, tenant, MERGE, incidentId=first["id"], otherIds=[first["id"]], reason="r")

    assert done["incident"]["memberCount"] == 4
    assert [decided["kind"] for decided in done["incident"]["decisions"]] == ["TOGETHER"]
    one, gone = await stored_incidents(tenant)
    assert sorted(await titles_of(one)) == ["a", "b", "c", "d", "e"]
    assert (gone.state.value, gone.merged_into_id) == ("RESOLVED", one.id)
    assert again["__typename"] == "ConflictError"
    assert itself["__typename"] == "ValidationError"


async def test_the_last_decision_holds_split_after_merge_and_merge_after_split(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await of_one_resource(backend, tenant, "a", "b", "c", "d")
    (incident,) = await listed(graph, tenant)
    out = [await alert_id(tenant, name) for name in ("c", "d")]
    await changed(graph, tenant, SPLIT, incidentId=incident["id"], memberIds=out, reason="1")
    made, left = await listed(graph, tenant)

    merged = await changed(graph, tenant, MERGE, incidentId=left["id"], otherIds=[made["id"]], reason="2")
    split = await changed(graph, tenant, SPLIT, incidentId=left["id"], memberIds=out, reason="3")
    await raised_and_matched(backend, tenant, event("e", 0.5, resource_native_id="i-1"))

    voids = [[(one["reason"], one["isVoid"]) for one in each["incident"]["decisions"]] for each in (merged, split)]
    assert voids == [[("1", True), ("2", False)], [("1", True), ("2", True), ("3", False)]]
    assert [await titles_of(one) for one in (await stored_incidents(tenant))[::2]] == [["a", "e", "b"], ["c", "d"]]


async def test_a_repeated_key_splits_once(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await of_one_resource(backend, tenant, "a", "b", "c")
    (incident,) = await listed(graph, tenant)
    out = [await alert_id(tenant, "c")]
    wanted = {"incidentId": incident["id"], "memberIds": out, "reason": "r", "idempotencyKey": "once-and-only"}

    first, second = [await changed(graph, tenant, SPLIT, **wanted) for _ in range(2)]

    assert first == second
    assert first["incident"]["memberCount"] == 2


async def test_another_tenants_incident_is_not_there_and_a_reader_may_not_change_one(
    graph: Graph, backend: Backend
) -> None:
    tenant, other = await make_tenant(backend), await make_tenant(backend)
    reader = await add_member(backend, tenant.organization, documents.Role.CLIENT_VIEWER)
    await of_one_resource(backend, tenant, "a", "b")
    await of_one_resource(backend, other, "a", "b")
    (ours,), (theirs,) = await listed(graph, tenant), await listed(graph, other)

    foreign = await changed(graph, other, ACKNOWLEDGE, incidentId=ours["id"])
    mixed = await changed(graph, tenant, MERGE, incidentId=ours["id"], otherIds=[theirs["id"]], reason="r")
    refused = await graph.refused(ACKNOWLEDGE, reader.token, input={"incidentId": ours["id"]})

    assert foreign["__typename"] == mixed["__typename"] == "NotFoundError"
    assert refused[0]["extensions"]["code"] == "FORBIDDEN"
    assert len(await listed(graph, reader)) == 1


async def test_incidents_are_followed_live_and_replayed_and_others_hear_nothing(graph: Graph, backend: Backend) -> None:
    tenant, other = await make_tenant(backend), await make_tenant(backend)
    begin = (await graph.ask("{ liveCursor }", tenant.token))["liveCursor"]
    theirs = (await graph.ask("{ liveCursor }", other.token))["liveCursor"]
    key, machines, jump = the_example()
    await raised_and_matched(backend, tenant, key, machines)
    await raised_and_matched(backend, other, event("x", resource_native_id="i-1"), event("y", resource_native_id="i-1"))

    replayed = await heard(graph, tenant, 1, after=begin)
    async with socket(graph.address, tenant.token) as opened, asyncio.timeout(30):
        await subscribe(opened, FEED, after=replayed[0]["cursor"], filter={"severities": ["CRITICAL", "MEDIUM"]})
        await raised_and_matched(backend, tenant, jump)
        live = (await anext(messages(opened)))["payload"]["data"]["incidentChanged"]
    foreign = await heard(graph, other, 1, after=theirs)

    assert (replayed[0]["step"], replayed[0]["incident"]["severity"]) == ("OPENED", "HIGH")
    # The cost makes it a step worse.
    assert (live["step"], live["incident"]["severity"], live["incident"]["memberCount"]) == ("CHANGED", "CRITICAL", 3)
    assert len(live["incident"]["links"]) == 3
    assert foreign[0]["incident"]["title"] == "x, and 1 more"


async def test_a_feed_gives_only_what_its_filter_names(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    begin = (await graph.ask("{ liveCursor }", tenant.token))["liveCursor"]
    await raised_and_matched(backend, tenant, *the_example()[:2])
    await raised_and_matched(backend, tenant, the_example()[2])

    chosen = {"severities": ["CRITICAL"], "categories": ["FINOPS"], "organizationId": tenant.global_id}
    (message,) = await heard(graph, tenant, 1, after=begin, filter=chosen)

    assert message["step"] == "CHANGED"


async def heard(graph: Graph, tenant: Tenant, count: int, **variables: Any) -> list[dict[str, Any]]:
    """The first messages of a feed."""
    async with socket(graph.address, tenant.token) as opened, asyncio.timeout(30):
        await subscribe(opened, FEED, **variables)
        stream = messages(opened)
        return [(await anext(stream))["payload"]["data"]["incidentChanged"] for _ in range(count)]
