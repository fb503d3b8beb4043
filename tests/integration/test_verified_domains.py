"""A domain is an organization's when DNS says so, and one organization's only."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from bson import ObjectId

from app.wiring import Backend
from app.worker import options
from connectors import dns
from connectors.dns import Records
from documents.verified_domain import owner_of_domain
from jobs.tasks.verify_domain import TAKEN, verify_domain
from schema.node import global_id, local_id
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes.nameserver import Nameserver, nameserver

CLAIM = """
mutation($input: ClaimDomainInput!) {
  claimDomain(input: $input) {
    ... on ClaimDomainSuccess { domain { id name recordName recordValue verifiedAt } }
    ... on UserError { code path }
  }
}
"""
VERIFY = """
mutation($input: DomainInput!) { verifyDomain(input: $input) { ... on VerifyDomainSuccess { domain { id } } } }
"""
REMOVE = """
mutation($input: DomainInput!) { removeDomain(input: $input) { ... on RemoveDomainSuccess { domain { name } } } }
"""
LIST = "{ verifiedDomains { nodes { name verifiedAt problem organizationId } } }"


@pytest.fixture
async def server() -> AsyncIterator[Nameserver]:
    async with nameserver() as running:
        yield running


@pytest.fixture
def ctx(backend: Backend, server: Nameserver) -> dict[str, Any]:
    """What the worker hands its jobs, with the stand-in for DNS set."""
    backend.settings.dns_servers[:] = [server.address]
    made: dict[str, Any] = options(backend)["ctx"]
    backend.settings.dns_servers.clear()
    return made


def fresh_name() -> str:
    return f"d{ObjectId()}.example.com"


async def claimed(graph: Graph, tenant: Tenant, name: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await graph.ask(CLAIM, tenant.token, input={"name": name}))["claimDomain"]["domain"]
    return answer


async def look(ctx: dict[str, Any], tenant: Tenant, domain: dict[str, Any]) -> str | None:
    return await verify_domain(ctx, org_id=tenant.org_id, domain_id=local_id("VerifiedDomain", domain["id"]))


async def test_a_domain_is_verified_once_its_record_is_there(
    graph: Graph, backend: Backend, ctx: dict[str, Any], server: Nameserver
):
    tenant, name = await make_tenant(backend), fresh_name()
    domain = await claimed(graph, tenant, name.upper())

    without = await look(ctx, tenant, domain)
    server.records[domain["recordName"]] = ["something else"]
    other = await look(ctx, tenant, domain)
    server.records[domain["recordName"]] = ["something else", domain["recordValue"]]
    there = await look(ctx, tenant, domain)

    (listed,) = (await graph.ask(LIST, tenant.token))["verifiedDomains"]["nodes"]
    assert domain["name"] == name
    assert domain["recordName"] == f"_cloudwatcher.{name}"
    assert "no TXT record" in (without or "")
    assert "other TXT records" in (other or "")
    assert there is None
    assert listed["verifiedAt"]
    assert listed["problem"] is None
    assert await owner_of_domain(name) == tenant.organization.id


async def test_a_domain_that_was_verified_stays_so_when_dns_is_away(
    graph: Graph, backend: Backend, ctx: dict[str, Any], server: Nameserver, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(dns, "SECONDS", 0.3)
    tenant, name = await make_tenant(backend), fresh_name()
    domain = await claimed(graph, tenant, name)
    server.records[domain["recordName"]] = [domain["recordValue"]]
    await look(ctx, tenant, domain)

    server.is_silent = True
    problem = await look(ctx, tenant, domain)

    assert "does not answer" in (problem or "")
    assert await owner_of_domain(name) == tenant.organization.id


async def test_a_domain_belongs_to_one_organization_until_it_gives_it_up(
    graph: Graph, backend: Backend, ctx: dict[str, Any], server: Nameserver
):
    first, second, name = await make_tenant(backend), await make_tenant(backend), fresh_name()
    of_first, of_second = await claimed(graph, first, name), await claimed(graph, second, name)
    server.records[of_first["recordName"]] = [of_first["recordValue"], of_second["recordValue"]]

    won = await look(ctx, first, of_first)
    lost = await look(ctx, second, of_second)
    await graph.ask(REMOVE, first.token, input={"domainId": of_first["id"]})
    then = await look(ctx, second, of_second)

    assert (won, lost, then) == (None, TAKEN, None)
    assert await owner_of_domain(name) == second.organization.id


async def test_a_domain_is_claimed_once_and_written_as_one(graph: Graph, backend: Backend):
    tenant, name = await make_tenant(backend), fresh_name()
    await claimed(graph, tenant, name)

    again = (await graph.ask(CLAIM, tenant.token, input={"name": name}))["claimDomain"]
    none = (await graph.ask(CLAIM, tenant.token, input={"name": "no domain"}))["claimDomain"]

    assert again == {"code": "CONFLICT", "path": ["input", "name"]}
    assert none == {"code": "BAD_USER_INPUT", "path": ["input", "name"]}


async def test_verifying_asks_the_worker(graph: Graph, backend: Backend, monkeypatch: pytest.MonkeyPatch):
    tenant = await make_tenant(backend)
    domain = await claimed(graph, tenant, fresh_name())
    monkeypatch.setattr(type(backend.queue), "relay", _waits)

    await graph.ask(VERIFY, tenant.token, input={"domainId": domain["id"]})

    asked = {"args.domain_id": local_id("VerifiedDomain", domain["id"])}
    stored = await backend.database["outbox"].find_one_and_delete(asked)
    assert stored is not None
    assert (stored["function"], stored["args"]["org_id"]) == ("verify_domain", tenant.org_id)


async def _waits(queue: object) -> int:
    return 0


async def test_a_look_at_a_domain_that_was_given_up_finds_nothing(ctx: dict[str, Any], backend: Backend):
    tenant = await make_tenant(backend)

    assert await look(ctx, tenant, {"id": global_id("VerifiedDomain", ObjectId())}) is None


async def test_texts_are_put_together_and_missing_ones_are_none(server: Nameserver):
    server.records["long.example.com"] = ['"first half, " "second half"']
    server.records["empty.example.com"] = []
    records = Records([server.address])

    assert await records.texts("long.example.com") == ["first half, second half"]
    assert await records.texts("empty.example.com") == []
    assert await records.texts("absent.example.com") == []


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
    ],
)
def test_nameservers_are_written_with_or_without_port(text: str, server: tuple[str, int]):
    assert dns._server(text) == server
