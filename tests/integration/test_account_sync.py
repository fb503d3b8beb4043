"""A stand-in AWS account from connectAccount to resources, findings and alerts, over the graph and a real worker."""

import asyncio
from collections.abc import Iterator
from typing import Any

import boto3
import orjson
import pytest

from app.wiring import Backend
from documents import Role
from documents.account import sealed
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.fakes.aws import Moto

CONNECT = """
mutation($input: ConnectAccountInput!) {
  connectAccount(input: $input) {
    __typename
    ... on ConnectAccountSuccess { account { id state name } }
    ... on UserError { message path }
  }
}
"""
SYNCS = """
query($id: ID!) {
  syncs(accountId: $id, first: 1) {
    nodes { id state step problem gaps resources findingsOpened findingsResolved account { state nativeId problem } }
  }
}
"""
SYNC = """
mutation($input: SyncAccountInput!) {
  syncAccount(input: $input) { __typename ... on SyncAccountSuccess { sync { id state } } ... on UserError { message } }
}
"""
FINDINGS = """
query($filter: FindingFilter) {
  findings(filter: $filter, first: 100) {
    totalCount
    nodes { id ruleId state reason severity resource { name kind } account { name } }
  }
}
"""
ALERTS = "{ alerts(first: 100) { nodes { id title state source finding { ruleId } account { name } } } }"
NOWHERE = "http://127.0.0.1:9"
KEY = {"key": {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "not-a-real-secret-key-of-aws"}}


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with Moto().served() as account:
        account.reset()
        yield account.url


def open_port(aws: str) -> tuple[Any, str]:
    ec2 = boto3.client(
        "ec2", endpoint_url=aws, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    group = ec2.create_security_group(GroupName=f"open-{id(object())}", Description="open to the world")["GroupId"]
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ssh])
    return ec2, group


def access(endpoint: str, **more: Any) -> dict[str, Any]:
    """The way into the stand-in account."""
    return {"aws": {**KEY, "regions": ["us-east-1"], "endpointUrl": endpoint, **more}}


async def connect(graph: Graph, tenant: Tenant, endpoint: str, **more: Any) -> dict[str, Any]:
    fields = {"name": "Stand-in", "access": access(endpoint), **more}
    answer = (await graph.ask(CONNECT, tenant.token, input=fields))["connectAccount"]
    assert answer["__typename"] == "ConnectAccountSuccess", answer
    account: dict[str, Any] = answer["account"]
    return account


async def move_away(backend: Backend, tenant: Tenant) -> None:
    """Have the stored credentials lead where nothing listens."""
    row = await backend.database["accounts"].find_one({"org_id": tenant.organization.id})
    assert row is not None
    kept = orjson.loads(await backend.vault.open(bytes(row["credentials"])))
    cipher = await backend.vault.seal(tenant.org_id, orjson.dumps({**kept, "endpoint_url": NOWHERE}).decode())
    await backend.database["accounts"].update_one({"_id": row["_id"]}, {"$set": {"credentials": sealed(cipher)}})


async def ended_sync(graph: Graph, tenant: Tenant, account_id: str) -> dict[str, Any]:
    """The newest sync of the account once it has ended."""
    async with asyncio.timeout(60):
        while True:
            sync: dict[str, Any] = (await graph.ask(SYNCS, tenant.token, id=account_id))["syncs"]["nodes"][0]
            if sync["state"] not in ("QUEUED", "RUNNING"):
                return sync
            await asyncio.sleep(0.2)


async def test_a_connected_account_becomes_resources_findings_and_alerts_that_resolve(
    graph: Graph, backend: Backend, aws: str, worker: None
) -> None:
    tenant = await make_tenant(backend)
    ec2, group = open_port(aws)

    account = await connect(graph, tenant, aws)
    first = await ended_sync(graph, tenant, account["id"])
    found = (await graph.ask(FINDINGS, tenant.token, filter={"ruleIds": ["aws-sg-admin-open"]}))["findings"]["nodes"]
    alerts = (await graph.ask(ALERTS, tenant.token))["alerts"]["nodes"]

    assert (first["state"], first["gaps"]) == ("SUCCEEDED", []), first
    assert first["account"]["state"] == "CONNECTED"
    assert first["account"]["nativeId"] == "123456789012"
    ours = [finding for finding in found if finding["resource"]["name"].startswith("open-")]
    assert ours
    assert all(finding["state"] == "OPEN" for finding in ours)
    assert any(alert["finding"] and alert["finding"]["ruleId"] == "aws-sg-admin-open" for alert in alerts)

    ec2.delete_security_group(GroupId=group)
    await graph.ask(SYNC, tenant.token, input={"accountId": account["id"]})
    second = await ended_sync(graph, tenant, account["id"])
    after = (await graph.ask(FINDINGS, tenant.token, filter={"ruleIds": ["aws-sg-admin-open"]}))["findings"]["nodes"]

    assert second["findingsResolved"] >= 1
    assert {finding["state"] for finding in after if finding["id"] in {one["id"] for one in ours}} == {"RESOLVED"}


async def test_syncing_twice_changes_nothing_the_second_time(
    graph: Graph, backend: Backend, aws: str, worker: None
) -> None:
    tenant = await make_tenant(backend)
    account = await connect(graph, tenant, aws)
    await ended_sync(graph, tenant, account["id"])
    before = await found_in(graph, tenant)

    await graph.ask(SYNC, tenant.token, input={"accountId": account["id"]})
    again = await ended_sync(graph, tenant, account["id"])

    assert (again["findingsOpened"], again["findingsResolved"]) == (0, 0)
    assert await found_in(graph, tenant) == before


async def found_in(graph: Graph, tenant: Tenant) -> tuple[object, object]:
    """Findings and alerts, without those of controls: these come when the checks after a sync are done."""
    alerts = (await graph.ask(ALERTS, tenant.token))["alerts"]["nodes"]
    return await graph.ask(FINDINGS, tenant.token), [one for one in alerts if one["source"] != "CHECK"]


async def test_credentials_are_stored_encrypted_and_cannot_be_read_back(
    graph: Graph, backend: Backend, aws: str
) -> None:
    tenant = await make_tenant(backend)
    await connect(graph, tenant, aws)

    secret = KEY["key"]["secretAccessKey"].encode()
    for name in await backend.database.list_collection_names():
        async for raw in backend.database[name].find({}):
            assert secret not in repr(raw).encode(), name

    stored = await backend.database["accounts"].find_one({"org_id": tenant.organization.id})
    assert stored is not None
    assert secret.decode() in await backend.vault.open(bytes(stored["credentials"]))


async def test_an_address_where_nothing_listens_any_more_fails_the_sync_and_raises_an_alert(
    graph: Graph, backend: Backend, aws: str, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.tasks.sync_account.MAX_TRIES", 1)
    tenant = await make_tenant(backend)
    account = await connect(graph, tenant, aws)
    await ended_sync(graph, tenant, account["id"])
    await move_away(backend, tenant)

    await graph.ask(SYNC, tenant.token, input={"accountId": account["id"]})
    sync = await ended_sync(graph, tenant, account["id"])
    alerts = (await graph.ask(ALERTS, tenant.token))["alerts"]["nodes"]

    assert sync["state"] == "FAILED"
    assert "127.0.0.1:9" in sync["problem"]
    assert sync["account"]["state"] == "FAILING"
    # Controls that fail and what rules found before are told of too.
    assert [alert["source"] for alert in alerts if alert["source"] not in ("CHECK", "FINDING")] == ["SYNC"]


async def test_a_vault_that_cannot_serve_fails_the_sync_without_asking_for_new_credentials(
    graph: Graph, backend: Backend, aws: str, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.tasks.sync_account.MAX_TRIES", 1)
    tenant = await make_tenant(backend)
    account = await connect(graph, tenant, aws)
    await ended_sync(graph, tenant, account["id"])
    elsewhere = {"$set": {"masterKey.provider": "local:0000000000000000"}}
    await backend.vault.keys.update_one({"keyAltNames": tenant.org_id}, elsewhere)

    await graph.ask(SYNC, tenant.token, input={"accountId": account["id"]})
    failed = await ended_sync(graph, tenant, account["id"])
    back = {"$set": {"masterKey.provider": backend.vault.master.current.provider}}
    await backend.vault.keys.update_one({"keyAltNames": tenant.org_id}, back)
    await graph.ask(SYNC, tenant.token, input={"accountId": account["id"]})
    again = await ended_sync(graph, tenant, account["id"])

    assert failed["state"] == "FAILED"
    assert again["state"] == "SUCCEEDED"
    assert failed["problem"] == "The stored credentials could not be decrypted just now."
    assert "local:0000" not in str(failed), "how keys are kept is nothing for tenants"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"endpointUrl": "http://169.254.169.254/latest"}, ["input", "access", "aws", "endpoint_url"]),
        ({"endpointUrl": "ftp://example.com"}, ["input", "access", "aws", "endpoint_url"]),
        ({"regions": ["mars-1"]}, ["input", "access", "aws", "regions"]),
    ],
)
async def test_a_bad_connection_names_its_field_and_stores_nothing(
    graph: Graph, backend: Backend, change: dict[str, Any], path: list[str]
) -> None:
    tenant = await make_tenant(backend)
    fields = {"name": "Bad", "access": {"aws": {**KEY, **change}}}

    answer = (await graph.ask(CONNECT, tenant.token, input=fields))["connectAccount"]

    assert answer["__typename"] == "ValidationError"
    assert answer["path"] == path
    assert await backend.database["accounts"].count_documents({"org_id": tenant.organization.id}) == 0


async def test_a_user_may_not_connect_accounts(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    user = await add_member(backend, admin.organization, Role.USER)

    errors = await graph.refused(CONNECT, user.token, input={"name": "x", "access": {"aws": KEY}})

    assert errors[0]["extensions"]["code"] == "FORBIDDEN"


async def test_one_idempotency_key_connects_one_account(graph: Graph, backend: Backend, aws: str) -> None:
    tenant = await make_tenant(backend)

    first = await connect(graph, tenant, aws, idempotencyKey="connect-once")
    again = await connect(graph, tenant, aws, idempotencyKey="connect-once")
    other = (
        await graph.ask(
            CONNECT,
            tenant.token,
            input={"name": "Another", "access": access(aws), "idempotencyKey": "connect-once"},
        )
    )["connectAccount"]

    assert again == first
    assert other["__typename"] == "ConflictError"
    assert await backend.database["accounts"].count_documents({"org_id": tenant.organization.id}) == 1
