"""Event endpoints in the graph: made, shown, changed, rotated and taken away; and nobody else's."""

from typing import Any

import httpx2
import pytest

import documents
from app.wiring import Backend
from documents import AccountState, Role
from documents.alert import AlertSource, Cause, raise_alert
from documents.audit import AuditEntry
from documents.base import utc_now
from documents.received_event import unreadable_of
from domain.facts.intake import IntakeWay
from domain.facts.severity import Severity
from schema.node import global_id
from tests.factories.event_endpoint import make_account, make_endpoint, path_of, send, stored_events
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.fakes.genuine import github_request
from tests.integration.test_disconnecting import DISCONNECT

ENDPOINT = (
    "id way provider address isPaused version previousUntil received refused settings { teamId header topicArns }"
)
CREATE = f"""
mutation($input: CreateEventEndpointInput!) {{ createEventEndpoint(input: $input) {{
  __typename
  ... on CreateEventEndpointSuccess {{ issued {{ secret endpoint {{ {ENDPOINT} }} }} }}
  ... on UserError {{ message code path }}
}} }}
"""
UPDATE = f"""
mutation($input: UpdateEventEndpointInput!) {{ updateEventEndpoint(input: $input) {{
  __typename
  ... on UpdateEventEndpointSuccess {{ endpoint {{ {ENDPOINT} }} }}
  ... on UserError {{ message code path }}
}} }}
"""
ROTATE = f"""
mutation($input: RotateEventEndpointSecretInput!) {{ rotateEventEndpointSecret(input: $input) {{
  __typename
  ... on RotateEventEndpointSecretSuccess {{ issued {{ secret endpoint {{ {ENDPOINT} }} }} }}
  ... on UserError {{ message code path }}
}} }}
"""
DELETE = """
mutation($input: EventEndpointInput!) { deleteEventEndpoint(input: $input) {
  __typename ... on DeleteEventEndpointSuccess { endpoint { id } } ... on UserError { message }
} }
"""
LISTED = "{ eventEndpoints(first: 10) { nodes { id account { name } setup { steps snippets { content } } } } }"
RECEIVED = """query($id: ID!) {
  receivedEvents(endpointId: $id) { nodes { eventId kind state receivedAt problem endpoint { id } } }
}"""


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def create(graph: Graph, tenant: Tenant, way: IntakeWay, **fields: Any) -> dict[str, Any]:
    account = await make_account(tenant, way, "octo")
    given = {"accountId": global_id("Account", account.id), "way": way.value, **fields}
    answer: dict[str, Any] = (await graph.ask(CREATE, tenant.token, input=given))["createEventEndpoint"]
    return answer


async def actions(tenant: Tenant) -> list[str]:
    rows = AuditEntry.rows().find({"org_id": tenant.organization.id}).sort("seq")
    return [raw["action"] async for raw in rows if raw["action"].startswith("event_endpoint")]


async def test_an_endpoint_takes_events_with_the_secret_it_was_shown_with(
    graph: Graph, address: str, tenant: Tenant
) -> None:
    made = (await create(graph, tenant, IntakeWay.GITHUB_WEBHOOK))["issued"]

    path = made["endpoint"]["address"].removeprefix("http://127.0.0.1:8000")
    async with httpx2.AsyncClient(base_url=address, timeout=30) as http:
        answer = await send(http, path, github_request({"action": "x"}, "push", secret=made["secret"]))

    assert answer.status_code == 202
    # 32 bytes in base64 without padding.
    assert len(made["secret"]) == 43
    received = (await graph.ask(RECEIVED, tenant.token, id=made["endpoint"]["id"]))["receivedEvents"]["nodes"]
    assert [(one["kind"], one["problem"], one["endpoint"]["id"]) for one in received] == [
        ("push", None, made["endpoint"]["id"])
    ]
    assert await actions(tenant) == ["event_endpoint.create"]


async def test_the_list_shows_how_to_set_it_up_and_never_the_secret(graph: Graph, tenant: Tenant) -> None:
    made = (await create(graph, tenant, IntakeWay.GITHUB_WEBHOOK))["issued"]

    (listed,) = (await graph.ask(LISTED, tenant.token))["eventEndpoints"]["nodes"]

    assert listed["account"] == {"name": "watched"}
    (snippet,) = listed["setup"]["snippets"]
    assert "gh api orgs/octo/hooks" in snippet["content"]
    assert made["endpoint"]["address"] in snippet["content"]
    assert made["secret"] not in str(listed)


async def test_slacks_secret_is_given_and_never_shown(graph: Graph, tenant: Tenant) -> None:
    settings = {"slackInteraction": {"teamId": "T0001"}}

    made = await create(graph, tenant, IntakeWay.SLACK_INTERACTION, settings=settings, secret="of-slacks-app")

    assert made["issued"]["secret"] is None
    assert made["issued"]["endpoint"]["settings"] == {"teamId": "T0001", "header": None, "topicArns": None}


async def test_what_is_proven_otherwise_has_no_secret(graph: Graph, tenant: Tenant) -> None:
    topics = {"awsSns": {"topicArns": ["arn:aws:sns:eu-west-1:111122223333:events"]}}
    tokens = {"azureEventGrid": {"tenantId": "11111111-2222-3333-4444-555555555555", "audience": "api://cw"}}

    sns = (await create(graph, tenant, IntakeWay.AWS_SNS, settings=topics))["issued"]
    azure = (await create(graph, tenant, IntakeWay.AZURE_EVENT_GRID, settings=tokens))["issued"]
    pulled = {"awsSqs": {"queueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/q"}}
    other = await make_tenant_account(graph, tenant, IntakeWay.AWS_SQS, pulled)

    assert [sns["secret"], azure["secret"], other["issued"]["secret"]] == [None, None, None]
    assert sns["endpoint"]["settings"]["topicArns"] == topics["awsSns"]["topicArns"]
    assert other["issued"]["endpoint"]["address"] is None
    refused = (await graph.ask(ROTATE, tenant.token, input={"id": sns["endpoint"]["id"]}))["rotateEventEndpointSecret"]
    assert refused["code"] == "CONFLICT"


async def make_tenant_account(graph: Graph, tenant: Tenant, way: IntakeWay, settings: dict[str, Any]) -> dict[str, Any]:
    """An endpoint of another account of the same provider."""
    account = await make_account(tenant, way)
    given = {"accountId": global_id("Account", account.id), "way": way.value, "settings": settings}
    answer: dict[str, Any] = (await graph.ask(CREATE, tenant.token, input=given))["createEventEndpoint"]
    return answer


@pytest.mark.parametrize(
    ("way", "fields", "path"),
    [
        (IntakeWay.SLACK_INTERACTION, {"settings": {"slackInteraction": {"teamId": "T1"}}}, ["input", "secret"]),
        (IntakeWay.SLACK_INTERACTION, {"secret": "of-slacks-app"}, ["input", "settings"]),
        (IntakeWay.GITHUB_WEBHOOK, {"secret": "chosen-by-somebody"}, ["input", "secret"]),
        (IntakeWay.GITHUB_WEBHOOK, {"settings": {"oktaEventHook": {"header": "x"}}}, ["input", "settings"]),
        (IntakeWay.AWS_SNS, {}, ["input", "settings"]),
    ],
)
async def test_what_does_not_fit_the_way_is_refused_with_its_place(
    graph: Graph, tenant: Tenant, way: IntakeWay, fields: dict[str, Any], path: list[str]
) -> None:
    refused = await create(graph, tenant, way, **fields)

    assert (refused["code"], refused["path"]) == ("BAD_USER_INPUT", path)


async def test_the_account_must_be_of_the_ways_provider_and_connected(graph: Graph, tenant: Tenant) -> None:
    account = await make_account(tenant, IntakeWay.JIRA_WEBHOOK)
    given = {"accountId": global_id("Account", account.id), "way": "GITHUB_WEBHOOK"}

    other = (await graph.ask(CREATE, tenant.token, input=given))["createEventEndpoint"]
    gone = {"$set": {"state": AccountState.BILLING_ONLY.value}}
    await documents.Account.rows().update_one({"_id": account.id}, gone)
    billed = (await graph.ask(CREATE, tenant.token, input={**given, "way": "JIRA_WEBHOOK"}))["createEventEndpoint"]

    assert (other["code"], billed["code"]) == ("BAD_USER_INPUT", "CONFLICT")


async def test_a_paused_endpoint_is_not_there_until_it_goes_on(
    graph: Graph, backend: Backend, address: str, tenant: Tenant
) -> None:
    endpoint = await make_endpoint(backend, tenant, IntakeWay.GITHUB_WEBHOOK)
    id, statuses = global_id("EventEndpoint", endpoint.id), []

    async with httpx2.AsyncClient(base_url=address, timeout=30) as http:
        for is_paused in (True, False):
            await graph.ask(UPDATE, tenant.token, input={"id": id, "isPaused": is_paused})
            answer = await send(http, path_of(endpoint), github_request({"paused": is_paused}, "push"))
            statuses.append(answer.status_code)

    assert statuses == [404, 202]
    assert await actions(tenant) == ["event_endpoint.update", "event_endpoint.update"]


async def test_two_who_change_it_at_once_do_not_undo_each_other(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    settings = {"header": "authorization"}
    endpoint = await make_endpoint(backend, tenant, IntakeWay.OKTA_EVENT_HOOK, settings=settings)
    change = {
        "id": global_id("EventEndpoint", endpoint.id),
        "expectedVersion": 1,
        "settings": {"oktaEventHook": {"header": "x-hook"}},
    }

    answers = [(await graph.ask(UPDATE, tenant.token, input=change))["updateEventEndpoint"] for _ in range(2)]

    assert (answers[0]["endpoint"]["version"], answers[0]["endpoint"]["settings"]["header"]) == (2, "x-hook")
    assert answers[1]["code"] == "CONFLICT"


async def test_a_change_of_nothing_and_one_that_would_leave_no_proof_are_refused(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    tokens = {"tenant_id": "11111111-2222-3333-4444-555555555555", "audience": "api://cw"}
    azure = await make_endpoint(backend, tenant, IntakeWay.AZURE_EVENT_GRID, settings=tokens, secret=None)
    id = global_id("EventEndpoint", azure.id)

    nothing = (await graph.ask(UPDATE, tenant.token, input={"id": id}))["updateEventEndpoint"]
    bare = {"azureEventGrid": {}}
    proofless = (await graph.ask(UPDATE, tenant.token, input={"id": id, "settings": bare}))["updateEventEndpoint"]

    assert (nothing["code"], proofless["code"]) == ("BAD_USER_INPUT", "CONFLICT")


async def test_old_and_new_secret_are_taken_for_a_day_and_the_one_before_no_more(
    graph: Graph, address: str, tenant: Tenant
) -> None:
    made = (await create(graph, tenant, IntakeWay.GITHUB_WEBHOOK))["issued"]
    rotated = []
    for _ in range(2):
        answer = await graph.ask(ROTATE, tenant.token, input={"id": made["endpoint"]["id"]})
        rotated.append(answer["rotateEventEndpointSecret"]["issued"])

    path = made["endpoint"]["address"].removeprefix("http://127.0.0.1:8000")
    async with httpx2.AsyncClient(base_url=address, timeout=30) as http:
        statuses = [
            (await send(http, path, github_request({"n": n}, "push", secret=one["secret"]))).status_code
            for n, one in enumerate((made, *rotated))
        ]

    assert statuses == [401, 202, 202]
    assert rotated[1]["endpoint"]["previousUntil"] is not None
    assert await actions(tenant) == ["event_endpoint.create", "event_endpoint.rotate", "event_endpoint.rotate"]


async def test_a_deleted_endpoint_is_gone_and_what_it_has_received_is_kept(
    graph: Graph, backend: Backend, address: str, tenant: Tenant
) -> None:
    endpoint = await make_endpoint(backend, tenant, IntakeWay.GITHUB_WEBHOOK)
    async with httpx2.AsyncClient(base_url=address, timeout=30) as http:
        await send(http, path_of(endpoint), github_request({"n": 1}, "push"))
        id = {"id": global_id("EventEndpoint", endpoint.id)}
        answers = [(await graph.ask(DELETE, tenant.token, input=id))["deleteEventEndpoint"] for _ in range(2)]
        after = await send(http, path_of(endpoint), github_request({"n": 2}, "push"))

    assert [answer["__typename"] for answer in answers] == ["DeleteEventEndpointSuccess", "NotFoundError"]
    assert after.status_code == 404
    assert len(await stored_events(endpoint.id)) == 1
    assert await actions(tenant) == ["event_endpoint.delete", "event_endpoint.delete"]


async def test_that_its_events_cannot_be_read_is_over_when_an_endpoint_is_deleted(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    endpoint = await make_endpoint(backend, tenant, IntakeWay.GITHUB_WEBHOOK)
    cause = Cause(unreadable_of(endpoint.id), AlertSource.INTEGRATION, Severity.MEDIUM, "Unreadable", "It is not JSON.")
    await backend.writer.commit(lambda tx: raise_alert(tx, tenant.organization.id, cause, utc_now()))

    await graph.ask(DELETE, tenant.token, input={"id": global_id("EventEndpoint", endpoint.id)})

    (alert,) = await documents.Alert.list_in(tenant.scope, {})
    assert alert.state == "RESOLVED"


async def test_disconnecting_an_account_closes_its_endpoints_at_once(
    graph: Graph, backend: Backend, address: str, tenant: Tenant
) -> None:
    endpoint = await make_endpoint(backend, tenant, IntakeWay.GITHUB_WEBHOOK)
    other = await make_endpoint(backend, tenant, IntakeWay.GITHUB_WEBHOOK)

    fields = {"accountId": global_id("Account", endpoint.account_id)}
    await graph.ask(DISCONNECT, tenant.token, input=fields)

    async with httpx2.AsyncClient(base_url=address, timeout=30) as http:
        answers = [await send(http, path_of(one), github_request({"n": 1}, "push")) for one in (endpoint, other)]
    assert [answer.status_code for answer in answers] == [404, 202]


async def test_members_look_and_do_not_touch(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    endpoint = await make_endpoint(backend, tenant, IntakeWay.GITHUB_WEBHOOK)
    member = await add_member(backend, tenant.organization, Role.USER)
    id = {"id": global_id("EventEndpoint", endpoint.id)}

    listed = (await graph.ask(LISTED, member.token))["eventEndpoints"]["nodes"]
    refused = [
        (await graph.refused(query, member.token, input=id))[0]["extensions"]["code"]
        for query in (UPDATE, ROTATE, DELETE)
    ]

    assert [one["id"] for one in listed] == [id["id"]]
    assert refused == ["FORBIDDEN"] * 3


async def test_anothers_endpoint_looks_like_none(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    endpoint = await make_endpoint(backend, await make_tenant(backend), IntakeWay.GITHUB_WEBHOOK)
    id = {"id": global_id("EventEndpoint", endpoint.id)}

    answers = [
        next(iter((await graph.ask(query, tenant.token, input=fields)).values()))["__typename"]
        for query, fields in ((UPDATE, {**id, "isPaused": True}), (ROTATE, id), (DELETE, id))
    ]
    listed = (await graph.ask(LISTED, tenant.token))["eventEndpoints"]["nodes"]
    received = await graph.refused(RECEIVED, tenant.token, id=id["id"])

    assert answers == ["NotFoundError"] * 3
    assert listed == []
    assert received[0]["extensions"]["code"] == "NOT_FOUND"
