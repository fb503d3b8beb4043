"""Into AWS by role or key: the external id is the organization's own, and what is wrong is named."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
from bson import Binary

from app.onboarding import checking
from app.wiring import Backend
from auth.external_id import ExternalIds
from connectors.registry import registration_of
from domain.facts.provider import Provider
from resolvers import disconnecting, entering
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes.aws import Moto
from tests.integration.test_connecting import CONNECT, UPDATE, stored

SETUP = """
query($provider: Provider!, $level: AccessLevel!) {
  accountSetup(provider: $provider, level: $level) {
    provider level externalId steps permissions snippets { title fileName language content }
  }
}
"""
KEY = {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "not-a-real-secret-key-of-aws"}
ROLE = "arn:aws:iam::222233334444:role/CloudWatcherRead"


@pytest.fixture(autouse=True)
def few_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two lists are enough to tell how a refusal is told, and all of them take moto long."""
    whole = registration_of(Provider.AWS)
    assert whole is not None
    some = [one for one in whole.listings if one.operation.name in ("ec2.describe_volumes", "s3.list_buckets")]
    assert len(some) == 2
    monkeypatch.setattr(checking, "registration_of", lambda _: replace(whole, listings=tuple(some)))


@pytest.fixture(scope="module")
def served() -> Iterator[Moto]:
    with Moto().served() as made:
        yield made


@pytest.fixture
def moto(served: Moto) -> Moto:
    served.reset()
    return served


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def connect(graph: Graph, tenant: Tenant, moto: Moto, **aws: Any) -> dict[str, Any]:
    way = {"regions": ["us-east-1"], "endpointUrl": moto.url, **aws}
    fields = {"name": "AWS", "access": {"aws": way}}
    answer: dict[str, Any] = (await graph.ask(CONNECT, tenant.token, input=fields))["connectAccount"]
    return answer


def own_id(backend: Backend, tenant: Tenant) -> str:
    return ExternalIds(backend.keys.derived("external ids")).of(tenant.org_id)[0]


async def test_a_role_is_assumed_with_the_organizations_own_external_id(
    graph: Graph, backend: Backend, tenant: Tenant, moto: Moto
) -> None:
    answer = await connect(graph, tenant, moto, role={"roleArn": ROLE}, key=KEY)

    assert answer["account"]["nativeId"] == "222233334444"
    (row,) = await stored(backend, tenant)
    assert orjson.loads(await backend.vault.open(bytes(row["credentials"])))["external_id"] == own_id(backend, tenant)


async def test_an_external_id_cannot_be_chosen_not_even_that_of_another_organization(
    graph: Graph, backend: Backend, tenant: Tenant, moto: Moto
) -> None:
    victim = await make_tenant(backend)
    chosen = own_id(backend, victim)

    answer = await connect(graph, tenant, moto, role={"roleArn": ROLE, "externalId": chosen}, key=KEY)

    assert answer["path"] == ["input", "access", "aws", "role", "external_id"]
    assert own_id(backend, tenant) in answer["message"]
    assert chosen not in answer["message"]
    assert moto.calls == []


async def test_the_own_external_id_may_be_said(graph: Graph, backend: Backend, tenant: Tenant, moto: Moto) -> None:
    role = {"roleArn": ROLE, "externalId": own_id(backend, tenant)}

    assert (await connect(graph, tenant, moto, role=role, key=KEY))["__typename"] == "ConnectAccountSuccess"


@pytest.mark.parametrize(
    ("action", "code", "way", "path", "words"),
    [
        ("GetCallerIdentity", "InvalidClientTokenId", {}, ["key", "access_key_id"], "Check the key"),
        ("GetCallerIdentity", "ExpiredToken", {}, ["key", "access_key_id"], "ExpiredToken"),
        ("GetCallerIdentity", "RequestTimeTooSkewed", {}, [], "clock of the machine"),
        ("AssumeRole", "AccessDenied", {"role": {"roleArn": ROLE}}, ["role", "role_arn"], "trust policy"),
    ],
)
async def test_what_aws_refuses_is_told_with_its_field_and_its_fix(
    graph: Graph,
    backend: Backend,
    tenant: Tenant,
    moto: Moto,
    action: str,
    code: str,
    way: dict[str, Any],
    path: list[str],
    words: str,
) -> None:
    moto.refuse("sts", action, 403, code)

    answer = await connect(graph, tenant, moto, key=KEY, **way)

    assert answer["path"] == ["input", "access", "aws", *path]
    assert words in answer["message"]
    assert KEY["secretAccessKey"] not in str(answer)
    assert await stored(backend, tenant) == []


async def test_a_permission_that_is_missing_is_named_as_iam_calls_it(graph: Graph, tenant: Tenant, moto: Moto) -> None:
    moto.refuse("ec2", "DescribeVolumes", 403, "UnauthorizedOperation")

    report = (await connect(graph, tenant, moto, key=KEY))["access"]

    (missing,) = [one for one in report["missing"] if one["name"] == "ec2:DescribeVolumes"]
    assert "aws-ebs-unattached" in missing["rules"]


@pytest.mark.parametrize(("regions", "path"), [(["mars-1"], ["regions"]), (["../us-east-1"], ["regions"])])
async def test_a_region_that_is_none_is_refused(
    graph: Graph, tenant: Tenant, moto: Moto, regions: list[str], path: list[str]
) -> None:
    answer = await connect(graph, tenant, moto, key=KEY, regions=regions)

    assert answer["path"] == ["input", "access", "aws", *path]


async def test_no_way_in_is_refused(graph: Graph, tenant: Tenant, moto: Moto) -> None:
    answer = await connect(graph, tenant, moto)

    assert answer["path"] == ["input", "access", "aws", "key", "access_key_id"]


async def test_other_regions_are_read_from_then_on(graph: Graph, backend: Backend, tenant: Tenant, moto: Moto) -> None:
    account = (await connect(graph, tenant, moto, key=KEY))["account"]

    fields = {"accountId": account["id"], "regions": ["eu-west-1", "us-east-1"]}
    answer = (await graph.ask(UPDATE, tenant.token, input=fields))["updateAccount"]

    (row,) = await stored(backend, tenant)
    kept = orjson.loads(await backend.vault.open(bytes(row["credentials"])))
    assert answer["account"]["regions"] == kept["regions"] == ["eu-west-1", "us-east-1"]
    assert kept["secret_access_key"] == KEY["secretAccessKey"]


async def test_other_regions_do_not_bring_back_credentials_that_were_rotated_meanwhile(
    graph: Graph, backend: Backend, tenant: Tenant, moto: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = (await connect(graph, tenant, moto, key=KEY))["account"]
    rotated = Binary(b"of a rotation", 6)

    async def slowly(ports: Any, row: Any) -> Any:
        entry = await entering.stored_entry(ports, row)
        await backend.database["accounts"].update_one({"_id": row.id}, {"$set": {"credentials": rotated}})
        return entry

    monkeypatch.setattr(disconnecting, "stored_entry", slowly)
    fields = {"accountId": account["id"], "regions": ["eu-west-1"]}
    answer = (await graph.ask(UPDATE, tenant.token, input=fields))["updateAccount"]

    (row,) = await stored(backend, tenant)
    assert "changed at the same moment" in answer["message"]
    assert (row["credentials"], row["regions"]) == (rotated, ["us-east-1"])


async def test_the_setup_shows_the_external_id_and_what_to_copy(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    setup = (await graph.ask(SETUP, tenant.token, provider="AWS", level="READ"))["accountSetup"]

    assert setup["externalId"] == own_id(backend, tenant)
    assert [one["language"] for one in setup["snippets"]] == ["json", "hcl"]
    assert all(setup["externalId"] in one["content"] for one in setup["snippets"])
    assert "ec2:DescribeVolumes" in setup["permissions"]


@pytest.mark.parametrize(
    ("provider", "level", "words"), [("OTHER", "READ", "Name a vendor"), ("SLACK", "ACT", "nothing that CloudWatcher")]
)
async def test_what_cannot_be_prepared_is_refused(
    graph: Graph, tenant: Tenant, provider: str, level: str, words: str
) -> None:
    (error,) = await graph.refused(SETUP, tenant.token, provider=provider, level=level)

    assert words in error["message"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
