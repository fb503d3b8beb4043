"""Every query that people wait for follows an index: MongoDB explains each as it is really sent."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest
from beanie import PydanticObjectId
from bson import ObjectId

import documents
from app.wiring import Backend
from auth.standings import load_standings_of
from documents import OrganizationKind, Role
from documents.account import accounts_of_others, claim_due_accounts
from documents.api_key import note_use
from documents.audit_chain import chains
from documents.audit_key import KeyRing
from documents.audit_segment import anchored_until, entry_batches, last_segment, ripe_segments, seqs_between
from documents.audit_verification import hash_at, verify_chain
from documents.cost_day import cost_series
from documents.cost_line import CostLine
from documents.cost_load import clear_costs
from documents.cost_period import current_editions
from documents.data_store import stores_to_look_at
from documents.enrolment import factors_of, sessions_without_factor
from documents.event import EventLog, prune_events
from documents.external_identity import find_identity, identities_of
from documents.file_export import erase_exports, forget_exports
from documents.identity_provider import find_provider, providers_of_domain
from documents.member import change_member, find_membership, is_member
from documents.organization import find_deleted, load_organizations, lock_members
from documents.outbox import relay_outbox
from documents.passkey import find_passkey
from documents.public_page import due_pages
from documents.session import count_open_sessions, last_seen_of
from documents.sign_in import take_code
from documents.sync_run import find_stranded_runs
from documents.totp_factor import find_pending
from documents.user import find_user
from domain.costs.series import CostQuestion, Grain
from domain.facts.cost_dimension import Dimension
from domain.facts.scope import Scope
from schema.node import global_id
from tests.factories.crowd import START, make_crowd, make_crowds
from tests.factories.directory import directory_of
from tests.factories.graph import Graph
from tests.factories.machine import make_machine
from tests.factories.tenant import Tenant, make_subject, make_tenant
from tests.integration import allocation_reads, checking_reads, finding_reads
from tests.integration.explained_lists import Listing, listings
from tests.integration.incident_reads import incident_of, incidents
from tests.integration.recorded import Commands, Plan, explained, recorded
from tests.integration.routing_reads import read_all

# More than MongoDB can merge the scans of at once, which is 200.
CLIENTS = 230


@dataclass(frozen=True)
class House:
    """A database with one tenant of many rows, a provider with many tenants, and what records its commands."""

    backend: Backend
    database: Any
    commands: Commands
    alone: Tenant
    provider: Tenant
    account_ids: dict[str, ObjectId]
    known: dict[str, dict[str, str]] = field(default_factory=dict)

    async def ids(self, who: str) -> dict[str, str]:
        """What stands in the queries for one of theirs; looked for once."""
        if who not in self.known:
            self.known[who] = await _ids_of(self, who)
        return self.known[who]

    @property
    def scope(self) -> Scope:
        return self.alone.scope

    async def reach(self) -> Scope:
        """Every organization the provider reaches."""
        subject = await make_subject(self.provider)
        ids = frozenset((await load_standings_of([subject]))[subject])
        return Scope(org_ids=ids, visible=ids, actor="test")

    async def plans(self, commands: list[dict[str, Any]]) -> list[Plan]:
        return [plan for command in commands for plan in await explained(self.database, command)]


def portions(ids: list[ObjectId]) -> list[list[ObjectId]]:
    return [ids[start : start + 23] for start in range(0, len(ids), 23)]


@pytest.fixture(scope="module")
async def house(backend: Backend) -> AsyncIterator[House]:
    async with recorded(backend, "cloudwatcher_explain") as (database, commands):
        alone = await make_tenant(backend)
        provider = await make_tenant(backend, kind=OrganizationKind.MSP, role=Role.MSP_ADMIN)
        clients = [{"_id": ObjectId(), "msp_id": provider.organization.id} for _ in range(CLIENTS)]
        rows = [{**one, "name": f"client {n}", "kind": "COMPANY", "created_at": START} for n, one in enumerate(clients)]
        await documents.Organization.get_pymongo_collection().insert_many(rows)
        account_ids = {"alone": await make_crowd(alone.organization.id, 3000)}
        for some in portions([one["_id"] for one in clients]):
            accounts = await make_crowds(some, 20)
            account_ids.setdefault("provider", accounts[0])
        yield House(backend, database, commands, alone, provider, account_ids)


# What is asked for by the id of something that has many of them: its type, one of its parts, and where that names it.
MANY_PARTS: dict[str, tuple[str, type[documents.TenantDocument], str, dict[str, Any]]] = {
    "AN_ALERT": ("Alert", documents.AlertEntry, "alert_id", {}),
    "A_CHANNEL": ("Channel", documents.Delivery, "channel_id", {"state": "FAILED"}),
    "A_BUDGET": ("Budget", documents.BudgetRecord, "budget_id", {}),
    "A_POLICY": ("Policy", documents.PolicyVersion, "policy_id", {}),
    "A_REMEDIATION": ("Remediation", documents.RemediationCall, "remediation_id", {}),
    "A_MENDING_POLICY": ("RemediationPolicy", documents.RemediationPolicyRun, "policy_id", {}),
    "A_PERSON": ("User", documents.ControlOwner, "user_id", {}),
    "A_CHECK": ("Check", documents.CheckChange, "check_id", {}),
    "A_REVIEW": ("AccessReview", documents.AccessReviewItem, "review_id", {}),
    "MACHINE": ("ServiceAccount", documents.ServiceAccount, "_id", {}),
}


async def _ids_of(house: House, who: str) -> dict[str, str]:
    tenant = house.alone if who == "alone" else house.provider
    org_id = tenant.global_id if who == "alone" else global_id("Organization", await first_client(house))
    ids = {"ORG": f'"{org_id}"', "ACCOUNT": f'"{global_id("Account", house.account_ids[who])}"'}
    # Tickets of the crowd are of alerts that have the id of an account.
    ids["TICKET_ALERT"] = f'"{global_id("Alert", house.account_ids[who])}"'
    for name, (noun, part, names_it, more) in MANY_PARTS.items():
        ids[name] = f'"{global_id(noun, await whole_of(house, who, part, names_it, **more))}"'
    ids["AN_INCIDENT"] = f'"{global_id("Incident", await incident_of(house, who))}"'
    ids["ENDPOINT"] = f'"{global_id("EventEndpoint", await endpoint_of(house, who))}"'
    read, change = await history_of(house, who)
    ids |= {"THE_RUN": f'"{global_id("Sync", read)}"', "RESOURCE": f'"{global_id("Resource", change)}"'}
    return ids


def is_page(plan: Plan) -> bool:
    return "sort" in plan.command


@pytest.mark.parametrize("who", ["alone", "provider"])
@pytest.mark.parametrize("listing", list(listings()), ids=str)
async def test_lists_follow_an_index(house: House, graph: Graph, listing: Listing, who: str) -> None:
    tenant = house.alone if who == "alone" else house.provider
    ids = await house.ids(who)
    after, plans = None, []

    for _ in range(2):
        text = listing.query("THE_CURSOR" if after else None)
        for place, id in ids.items():
            text = text.replace(place, id)
        # Last: a cursor may hold any letters, those of a place too.
        text = text.replace("THE_CURSOR", after or "")
        with house.commands.recording() as commands:
            page = (await graph.ask(text, tenant.token))[listing.name]
        plans += await house.plans(commands)
        after = after or page["pageInfo"]["endCursor"]
        assert after is not None, "the crowd has none of these"

    assert sum(is_page(plan) for plan in plans) >= 2
    assert [fault for plan in plans for fault in plan.faults()] == []
    related = [plan for plan in plans if "hint" in plan.command]
    exact = [plan for plan in plans if is_page(plan)] if listing.is_exact else []
    assert [excess for plan in (*related, *exact) for excess in plan.excess()] == []


async def whole_of(house: House, who: str, part: type[documents.TenantDocument], field: str, **more: Any) -> Any:
    """The id of something that has such a part."""
    account = await documents.Account.rows().find_one({"_id": house.account_ids[who]})
    assert account is not None
    raw = await part.rows().find_one({"org_id": account["org_id"], **more})
    assert raw is not None
    return raw[field]


async def endpoint_of(house: House, who: str) -> Any:
    raw = await documents.IntakeEndpoint.rows().find_one({"account_id": house.account_ids[who]})
    assert raw is not None
    return raw["_id"]


async def history_of(house: House, who: str) -> tuple[Any, Any]:
    """A sync that has reads, and a resource that has changes."""
    account = await documents.Account.rows().find_one({"_id": house.account_ids[who]})
    assert account is not None
    read = await documents.SyncRead.rows().find_one({"org_id": account["org_id"]})
    change = await documents.ResourceChange.rows().find_one({"org_id": account["org_id"]})
    assert read is not None
    assert change is not None
    return read["sync_id"], change["resource_id"]


async def first_client(house: House) -> Any:
    raw = await documents.Account.rows().find_one({"_id": house.account_ids["provider"]})
    assert raw is not None
    return raw["org_id"]


async def no_job(job: dict[str, Any]) -> bool:
    return False


async def by_id(house: House, graph: Graph) -> None:
    scope = house.scope
    for document in (documents.Account, documents.Alert, documents.Finding, documents.Resource, CostLine):
        ids = [str(raw["_id"]) for raw in await document.rows().find({}, {"_id": 1}).limit(100).to_list()]
        await document.load_many(scope, ids)


async def costs(house: House, graph: Graph) -> None:
    where: dict[str, Any] = {"first": date(2026, 1, 3), "until": date(2026, 1, 20), "grain": Grain.DAY}
    for scope in (house.scope, await house.reach()):
        await cost_series(scope, CostQuestion(**where, group_by=(Dimension.SERVICE,)))
        await current_editions(scope)
        await current_editions(scope, first=where["first"], until=where["until"], currency="USD")


async def identity(house: House, graph: Graph) -> None:
    await graph.ask("{ viewer { user { name } reach { role organization { name } } } }", house.provider.token)
    await find_user(house.alone.user.email)
    await load_organizations([house.alone.org_id, house.provider.org_id])


async def sign_in(house: House, graph: Graph) -> None:
    now, code = datetime.now(UTC), "0" * 64
    await find_identity("https://issuer.example.com", "subject")
    await identities_of(PydanticObjectId(str(house.alone.user.id)))
    await providers_of_domain(f"domain-1-{house.alone.org_id}.example.com")
    await find_provider(str(house.alone.org_id))
    await take_code(code, now)


async def machines(house: House, graph: Graph) -> None:
    machine = await make_machine(house.alone, "alerts:read")
    await graph.ask("{ alerts(first: 1) { totalCount } }", machine.token)
    await load_standings_of([machine.subject])
    await note_use(machine.key.id, START, "127.0.0.1")


async def provisioning(house: House, graph: Graph) -> None:
    async with directory_of(house.backend, graph.address, house.alone) as directory:
        person = await directory.add_user("explained@example.com", externalId="explained")
        group = await directory.add_group("group 1", person["id"])
        for field, value in (
            ("userName", "explained@example.com"),
            ("externalId", "e"),
            ("emails", "e"),
            ("active", True),
        ):
            await directory.http.get("/Users", params={"filter": f"{field} eq {orjson.dumps(value).decode()}"})
        for field in ("displayName", "externalId", "members"):
            await directory.http.get("/Groups", params={"filter": f'{field} eq "{person["id"]}"'})
        await directory.http.get("/Users")
        rename = {"op": "replace", "path": "displayName", "value": "group 2"}
        await directory.patch(f"/Groups/{group['id']}", rename)
        await directory.ask("DELETE", f"/Users/{person['id']}")


async def factors(house: House, graph: Graph) -> None:
    user_id = house.alone.user.id
    await graph.ask("{ factors { totpSince recoveryCodesLeft passkeys { id } } }", house.alone.token)
    await factors_of(user_id)
    await find_passkey(b"credential")
    await find_pending(user_id, START)
    await sessions_without_factor(house.alone.organization)
    await sessions_without_factor(
        documents.Organization(name="n", kind="COMPANY", msp_id=house.provider.organization.id)
    )


async def people(house: House, graph: Graph) -> None:
    await graph.ask("{ permissionTable { permission } }", house.provider.token)
    await active_administrators(house)
    await clients(house, graph)
    await find_deleted(datetime.now(UTC))
    await last_seen_of([house.alone.user.id])
    await count_open_sessions(house.alone.user.id, START)
    await is_member(house.alone.organization.id, house.alone.user.email)


async def active_administrators(house: House) -> None:
    """What is asked before an administrator is removed: whether another one is left."""
    member = await find_membership(house.alone.organization.id, house.alone.user.id)
    assert member is not None
    client = house.database.client
    async with client.start_session() as session, await session.start_transaction():
        await lock_members(member.org_id, session)
        await change_member(member, {"role": "ADMIN"}, session)


async def clients(house: House, graph: Graph) -> None:
    page = """query($after: Cursor) { clients(first: 5, after: $after) {
      nodes { name openAccesses { person } } totalCount pageInfo { endCursor } } }"""
    first = (await graph.ask(page, house.provider.token))["clients"]
    await graph.ask(page, house.provider.token, after=first["pageInfo"]["endCursor"])
    await graph.ask("{ clientAccesses { nodes { person } totalCount } }", house.provider.token)


async def events(house: House, graph: Graph) -> None:
    await EventLog().fetch(house.alone.org_id, 1500, 100)
    await EventLog().bounds(house.alone.org_id)


async def schedule(house: House, graph: Graph) -> None:
    await claim_due_accounts(datetime.now(UTC))
    await claim_due_accounts(START + timedelta(days=3650, seconds=3))
    await find_stranded_runs(datetime.now(UTC))
    await relay_outbox(no_job)
    await prune_events(START)
    await documents.Budget.list_in(house.scope, {})
    await accounts_of_others(house.scope, {"000000000001"})
    await clear_costs(dead_since=START, retired_before=START)


async def allocation(house: House, graph: Graph) -> None:
    await allocation_reads.read_all(house.scope)


async def checking(house: House, graph: Graph) -> None:
    await checking_reads.read_all(house.scope)


async def findings(house: House, graph: Graph) -> None:
    await finding_reads.read_all(house.database.client, house.scope, house.account_ids["alone"])


async def pages(house: House, graph: Graph) -> None:
    assert len(await due_pages(START, 10)) == 10
    await stores_to_look_at(START)


async def telling(house: House, graph: Graph) -> None:
    rule = await documents.RoutingRule.find_in(house.scope, {"position": 7})
    await read_all(house.database.client, house.alone.organization.id, rule)
    await graph.ask("{ previewRouting(input: {}) { rules { reason } } }", house.alone.token)


async def audit(house: House, graph: Graph) -> None:
    org_id = house.alone.organization.id
    await verify_chain(org_id, KeyRing([]))
    await last_segment(org_id)
    await anchored_until(org_id, START)
    await ripe_segments(org_id, START)
    await seqs_between(org_id, START, START + timedelta(seconds=5))
    await hash_at(org_id, 5)
    await chains(org_id)
    assert [len(batch) async for batch in entry_batches(org_id, 1_000_011, 1_000_030, 10)] == [10, 10]
    await forget_exports(documents.AuditExport, START)
    for kind in (documents.CostExport, documents.AuditPack):
        await forget_exports(kind, START)
        await erase_exports(kind, org_id)


@pytest.mark.parametrize(
    "reads",
    [
        by_id,
        costs,
        identity,
        people,
        factors,
        sign_in,
        machines,
        provisioning,
        events,
        schedule,
        telling,
        pages,
        audit,
        incidents,
        allocation,
        checking,
        findings,
    ],
    ids=lambda reads: reads.__name__,
)
async def test_other_reads_follow_an_index(house: House, graph: Graph, reads: Any) -> None:
    with house.commands.recording() as commands:
        await reads(house, graph)
    # All but what by_id looks its ids up with.
    asked = [command for command in commands if command.get("filter") != {} or "sort" in command]

    plans = await house.plans(asked)

    assert plans
    assert [fault for plan in plans for fault in plan.faults()] == []


@pytest.mark.parametrize(
    ("reads", "indexes"),
    [
        (checking_reads.standing, {"fingerprint"}),
        # Both begin with organization and control, and neither has the problem.
        (checking_reads.problems, {"natural", "org_control"}),
    ],
)
async def test_a_read_follows_the_index_that_is_made_for_it(house: House, reads: Any, indexes: set[str]) -> None:
    with house.commands.recording() as commands:
        await reads(house.scope)

    (plan,) = await house.plans(commands)
    (taken,) = plan.indexes

    assert (plan.faults(), taken in indexes) == ([], True), taken


@pytest.mark.parametrize(
    ("command", "stage"),
    [
        ({"find": "alerts", "filter": {"title": "title"}}, "COLLSCAN"),
        ({"find": "alerts", "filter": {}, "sort": {"title": 1}}, "SORT"),
        ({"count": "alerts", "query": {"title": "title"}}, "COLLSCAN"),
        ({"aggregate": "alerts", "pipeline": [{"$match": {"title": "title"}}], "cursor": {}}, "COLLSCAN"),
        ({"update": "alerts", "updates": [{"q": {"title": "title"}, "u": {"$set": {"title": "other"}}}]}, "COLLSCAN"),
        ({"delete": "alerts", "deletes": [{"q": {"title": "title"}, "limit": 0}]}, "COLLSCAN"),
        ({"findAndModify": "alerts", "query": {"title": "x"}, "update": {"$set": {"title": "y"}}}, "COLLSCAN"),
    ],
    ids=lambda part: part if isinstance(part, str) else next(iter(part)),
)
async def test_a_query_without_an_index_is_noticed(house: House, command: dict[str, Any], stage: str) -> None:
    (plan,) = await explained(house.database, command)

    assert [fault for fault in plan.faults() if fault.startswith(stage)]


async def test_a_query_that_looks_at_far_more_than_it_returns_is_noticed(house: House) -> None:
    where = {"org_id": house.alone.organization.id, "message": "other"}

    (plan,) = await explained(house.database, {"find": "alerts", "filter": where})

    assert (plan.faults(), len(plan.excess())) == ([], 1)


async def test_what_all_organizations_are_asked_at_once_would_be_sorted_in_memory(house: House) -> None:
    everywhere = documents.Alert.within(await house.reach())
    sort = {"raised_at": -1, "_id": -1}

    (plan,) = await explained(house.database, {"find": "alerts", "filter": everywhere, "sort": sort, "limit": 21})

    assert "SORT" in plan.stages, "then the groups of organizations in documents/base.py are not needed any more"
