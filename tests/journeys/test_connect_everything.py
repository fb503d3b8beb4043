"""All eight vendors connected over the graph, read by a real worker, looked at, and one of them taken away again."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto.moto_api._internal import moto_api_backend

from app.demo.aws_access import demo_credentials
from app.demo.moto_account import MotoAccount
from app.wiring import Backend
from documents.base import utc_now
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes import azure, digitalocean, github, google, google_answers
from tests.fakes.scripted import Answered, Asked, scripted
from tests.fakes.scripted_rest import Answer
from tests.fakes.scripted_rest import Scripted as Told
from tests.integration import test_jira_connector as jira
from tests.integration import test_okta_connector as okta
from tests.integration import test_slack_connector as slack

PATIENCE = 120
CONNECT = """
mutation($input: ConnectAccountInput!) {
  connectAccount(input: $input) {
    __typename ... on ConnectAccountSuccess { account { id provider } } ... on UserError { message path }
  }
}
"""
ACCOUNT = """
query($id: ID!) {
  accounts(first: 100) { nodes { id name state nativeId access { nativeId missing { name operations } } } }
  syncs(accountId: $id, first: 1) {
    nodes { state problem done total resources unreadParts { operation cause missing reason } }
  }
  resources(accountId: $id, first: 100) { totalCount nodes { name kind } }
  integrationHealth(accountId: $id) { state score services { service calls } problems { kind message } }
  resourceChanges(accountId: $id, first: 100) { nodes { kind name fields { path before after } } }
}
"""
SYNC = """
mutation($input: SyncAccountInput!) { syncAccount(input: $input) { __typename ... on UserError { message } } }
"""
DISCONNECT = """
mutation($input: DisconnectAccountInput!) {
  disconnectAccount(input: $input) {
    __typename ... on DisconnectAccountSuccess { account { state } } ... on UserError { message }
  }
}
"""
REST = "{ accounts(first: 100) { nodes { name } } resources(first: 100) { nodes { account { name } } } }"
# What each vendor calls the account, and one thing that is in it.
HOLDS = {
    "aws": ("123456789012", "AWS_S3_BUCKET"),
    "azure": (azure.SUBSCRIPTION, "AZURE_KEY_VAULT"),
    "gcp": (google.PROJECT, "GCP_COMMITMENT"),
    "digitalocean": (digitalocean.TEAM, "DIGITALOCEAN_DROPLET"),
    "github": ("1", "GITHUB_REPOSITORY"),
    "okta": ("00o1", "OKTA_USER"),
    "jira": ("127.0.0.1", "JIRA_PROJECT"),
    "slack": ("T1", "SLACK_CHANNEL"),
}
# What is missing at some of them: its name, and the call it would open.
LACKS = {
    "digitalocean": {("block_storage:read", "GET /v2/volumes"), ("Spaces access key", "SPACES s3.list_buckets")},
    "okta": {("okta.logStreams.read", "GET /api/v1/logStreams")},
}

HOUSE = azure.House()
ITSELF = {"projectId": google.PROJECT, "displayName": "Example", "state": "ACTIVE"}
PROJECT = {
    **google_answers.UNDESCRIBED,
    f"GET /v3/projects/{google.PROJECT}": ITSELF,
    "GET /v3/organizations/123": {"name": "organizations/123", "directoryCustomerId": "C0123abcd"},
}


@pytest.fixture
def team() -> Iterator[Told]:
    """A DigitalOcean team whose token may not list volumes."""
    with Told().served() as made:
        made.told.update({path: Answer(body) for path, body in digitalocean.WORLD.items()})
        # The journey runs by the clock, and may run past midnight.
        for day in (utc_now().date(), (utc_now() + timedelta(days=1)).date()):
            made.told[digitalocean.insights_until(day)] = Answer(digitalocean.INSIGHTS)
        made.told["/v2/volumes"] = Answer({"id": "forbidden", "message": "You are not authorized."}, 403)
        yield made


@pytest.fixture
def vendors(team: Told, tmp_path: Path) -> Iterator[dict[str, dict[str, Any]]]:
    """A stand-in of each vendor, as what `connectAccount` takes to get in."""
    moto_api_backend.reset()
    with ExitStack() as stack:
        aws, _ = stack.enter_context(MotoAccount(tmp_path, datetime.now(UTC).replace(microsecond=0)).served(0))
        hub = stack.enter_context(Told().served())
        hub.told.update(github.answers())

        def serve(script: Callable[[Asked], Answered]) -> str:
            return stack.enter_context(scripted(script)).url

        yield {
            "aws": by_key(aws),
            "azure": by_application(serve(subscription)),
            "gcp": by_service_account(serve(google.answering(PROJECT))),
            "digitalocean": {"token": "dop_v1_x", "endpointUrl": team.url},
            "github": {"organization": github.ORG, "token": "ghp_x", "endpointUrl": hub.url},
            "okta": {"orgUrl": serve(okta_without_streams), "token": "00token"},
            "jira": {"siteUrl": serve(jira.script), "email": "robot@example.com", "token": "t0"},
            "slack": {"token": "xoxb-1", "endpointUrl": serve(slack.script)},
        }
    moto_api_backend.reset()


def subscription(asked: Asked) -> Answered:
    """The stand-in for Azure, in which lists it has no answer for are empty."""
    answered = HOUSE(asked)
    is_unknown = answered.status == 400 and "NoScript" in str(answered.body)
    return Answered(azure.values()) if is_unknown else answered


def okta_without_streams(asked: Asked) -> Answered:
    if asked.path == "/api/v1/logStreams":
        return Answered(okta.NO_PERMISSION, 403)
    return Answered({"value": []}) if asked.path == "/api/v1/iam/assignees/users" else okta.answer(asked)


def by_key(url: str) -> dict[str, Any]:
    given = demo_credentials(url).revealed()
    key = {"accessKeyId": given["access_key_id"], "secretAccessKey": given["secret_access_key"]}
    return {"key": key, "regions": given["regions"], "endpointUrl": url}


def by_application(url: str) -> dict[str, Any]:
    ids = {"tenantId": azure.TENANT, "clientId": azure.CLIENT, "subscriptionId": azure.SUBSCRIPTION}
    return {**ids, "clientSecret": azure.SECRET, "endpointUrl": url, "graphUrl": url, "authorityUrl": url}


def by_service_account(url: str) -> dict[str, Any]:
    return {
        "projectId": google.PROJECT,
        "organizationId": "123",
        "serviceAccountKey": google.key_file(token_uri="https://oauth2.googleapis.com/token"),
        "endpointUrl": url,
    }


async def connect(graph: Graph, tenant: Tenant, vendor: str, access: dict[str, Any]) -> str:
    """The id of the new account."""
    fields = {"name": vendor, "access": {vendor: access}}
    answer = (await graph.ask(CONNECT, tenant.token, input=fields))["connectAccount"]
    assert answer["__typename"] == "ConnectAccountSuccess", answer
    made: str = answer["account"]["id"]
    return made


async def looked_at(graph: Graph, tenant: Tenant, account_id: str) -> dict[str, Any]:
    """Everything there is to see of one account once its newest sync has ended."""
    async with asyncio.timeout(PATIENCE):
        while True:
            seen = await graph.ask(ACCOUNT, tenant.token, id=account_id)
            (sync,) = seen["syncs"]["nodes"]
            if sync["state"] not in ("QUEUED", "RUNNING"):
                (account,) = [one for one in seen["accounts"]["nodes"] if one["id"] == account_id]
                return {**seen, "account": account, "sync": sync}
            await asyncio.sleep(0.3)


def assert_is_read(vendor: str, seen: dict[str, Any]) -> None:
    """The account is connected, has what is in it, its health, and the names of what hinders reading the rest."""
    native_id, kind = HOLDS[vendor]
    account, sync, health = seen["account"], seen["sync"], seen["integrationHealth"]
    missing = {(one["name"], operation) for one in account["access"]["missing"] for operation in one["operations"]}
    unread = {(one["missing"], one["operation"]) for one in sync["unreadParts"]}

    assert (account["state"], account["nativeId"]) == ("CONNECTED", native_id), seen
    assert account["access"]["nativeId"] == native_id
    assert kind in {one["kind"] for one in seen["resources"]["nodes"]}
    assert sync["resources"] == seen["resources"]["totalCount"] > 0
    assert sync["done"] == sync["total"] > 0
    assert health["services"]
    assert all(one["service"] and one["calls"] > 0 for one in health["services"]), health
    # What the first look at the account told is what its sync then met.
    assert missing == unread == LACKS.get(vendor, set()), sync
    assert sync["state"] == ("PARTIAL" if missing else "SUCCEEDED")
    assert health["state"] == ("DEGRADED" if missing else "HEALTHY"), health
    assert seen["resourceChanges"]["nodes"] == []


async def change(graph: Graph, tenant: Tenant, team: Told, account_id: str) -> dict[str, Any]:
    """What is seen after a droplet was renamed and the token was given what it lacked."""
    (droplet,) = digitalocean.WORLD["/v2/droplets"]["droplets"]
    team.told["/v2/droplets"] = Answer({"droplets": [{**droplet, "name": "web-renamed"}]})
    team.told["/v2/volumes"] = Answer(digitalocean.WORLD["/v2/volumes"])
    answer = await graph.ask(SYNC, tenant.token, input={"accountId": account_id})
    assert answer["syncAccount"]["__typename"] == "SyncAccountSuccess", answer
    return await looked_at(graph, tenant, account_id)


async def remove(graph: Graph, tenant: Tenant, vendor: str, account_id: str) -> dict[str, Any]:
    """What is left once the account is listed no more."""
    answer = await graph.ask(DISCONNECT, tenant.token, input={"accountId": account_id})
    assert answer["disconnectAccount"]["account"]["state"] == "DISCONNECTING", answer
    async with asyncio.timeout(PATIENCE):
        while True:
            rest = await graph.ask(REST, tenant.token)
            if vendor not in {one["name"] for one in rest["accounts"]["nodes"]}:
                return rest
            await asyncio.sleep(0.2)


async def test_each_vendor_is_connected_read_followed_and_taken_away(
    graph: Graph, backend: Backend, team: Told, vendors: dict[str, dict[str, Any]], worker: None
) -> None:
    tenant = await make_tenant(backend)
    accounts = {vendor: await connect(graph, tenant, vendor, access) for vendor, access in vendors.items()}

    for vendor, account_id in accounts.items():
        assert_is_read(vendor, await looked_at(graph, tenant, account_id))

    changed = await change(graph, tenant, team, accounts["digitalocean"])
    renamed = {"path": "name", "before": "web", "after": "web-renamed"}
    (told,) = changed["resourceChanges"]["nodes"]
    assert (told["kind"], told["name"]) == ("CHANGED", "web-renamed")
    assert renamed in told["fields"]
    # What could not be listed before is no news, but it is there.
    assert "DIGITALOCEAN_VOLUME" in {one["kind"] for one in changed["resources"]["nodes"]}
    assert {one["missing"] for one in changed["sync"]["unreadParts"]} == {"Spaces access key"}

    rest = await remove(graph, tenant, "digitalocean", accounts["digitalocean"])
    left = set(accounts) - {"digitalocean"}
    assert {one["name"] for one in rest["accounts"]["nodes"]} == left
    assert "digitalocean" not in {one["account"]["name"] for one in rest["resources"]["nodes"]}
