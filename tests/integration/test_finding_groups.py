"""What to mend first, and what mending is worth: orders, groups and totals in which no saving counts twice."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from bson import ObjectId

import documents
from app.wiring import Backend, migrate
from documents import Role
from documents.base import utc_now
from documents.finding import counting
from documents.tally import recount, tally_in
from documents.transaction import Transaction
from domain.facts import topic
from domain.facts.provider import Provider
from domain.facts.severity import Severity
from domain.findings_priority import priority_of
from domain.rules.registry import get_rule
from schema.node import global_id
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, add_member, make_tenant

FINDINGS = """query($order: FindingOrder!, $first: Int!, $after: Cursor, $filter: FindingFilter) {
  findings(orderBy: $order, first: $first, after: $after, filter: $filter) {
    nodes { resourceNativeId ruleId priority savingCounts monthlySaving { amount } } pageInfo { endCursor hasNextPage }
  } }"""
GROUPS = """query($by: FindingGrouping!, $filter: FindingFilter, $first: Int) {
  findingGroups(groupBy: $by, filter: $filter, first: $first) {
    groupCount findingCount monthlySavings { amount currency }
    groups { key title count worstSeverity monthlySavings { amount currency } } } }"""
UNATTACHED, STOPPED, PUBLIC = "aws-ebs-unattached", "aws-ebs-volume-on-stopped-instance", "aws-s3-bucket-public"


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.fixture
async def account(tenant: Tenant) -> documents.Account:
    return await account_of(tenant, "shop")


async def account_of(tenant: Tenant, name: str) -> documents.Account:
    org_id = tenant.organization.id
    made = documents.Account(
        org_id=org_id, provider=Provider.AWS, native_id=name, name=name, state=documents.AccountState.CONNECTED
    )
    return await made.add()


def finding(
    account: documents.Account, rule_id: str, resource: ObjectId, saving: str | None = None, **more: Any
) -> documents.Finding:
    rule, now = get_rule(rule_id), utc_now()
    amount = None if saving is None else Decimal(saving)
    fields = {"currency": "USD", "region": "eu-central-1", "age": 1, **more}
    return documents.Finding(
        org_id=account.org_id,
        account_id=account.id,
        resource_id=resource,
        resource_native_id=f"vol-{resource}",
        region=fields["region"],
        rule_id=rule.id,
        category=rule.category,
        severity=rule.severity,
        severity_rank=rule.severity.rank,
        priority=priority_of(rule, amount),
        title=rule.title,
        reason="reason",
        observed={},
        saving_amount=amount,
        saving_currency=None if saving is None else fields["currency"],
        opened_at=now - timedelta(days=fields["age"]),
        last_seen_at=now,
    )


async def store(backend: Backend, tenant: Tenant, *findings: documents.Finding) -> None:
    """As a sync does: counted, and announced."""
    org_id = tenant.organization.id

    async def change(tx: Transaction) -> None:
        async with counting(tx, org_id, {"org_id": org_id}):
            for one in findings:
                await one.insert(session=tx.session)
        tx.announce(org_id, topic.syncs(org_id), "SyncProgressed", {})

    await backend.writer.commit(change)


async def groups(graph: Graph, tenant: Tenant, by: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await graph.ask(GROUPS, tenant.token, by=by, **more))["findingGroups"]
    return found


async def listed(graph: Graph, tenant: Tenant, order: str = "PRIORITY", **filter: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await graph.ask(FINDINGS, tenant.token, order=order, first=2, after=after, filter=filter))["findings"]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


def usd(amount: str) -> list[dict[str, str]]:
    return [{"amount": amount, "currency": "USD"}]


async def test_of_two_savings_on_one_resource_the_higher_counts_everywhere(
    backend: Backend, graph: Graph, tenant: Tenant, account: documents.Account
) -> None:
    volume, other = ObjectId(), ObjectId()
    rows = [
        finding(account, UNATTACHED, volume, "8.00"),
        finding(account, STOPPED, volume, "5.00"),
        finding(account, UNATTACHED, other, "2.50"),
        finding(account, PUBLIC, other),
    ]
    await store(backend, tenant, *rows)

    found = {(one["resourceNativeId"], one["ruleId"]): one["savingCounts"] for one in await listed(graph, tenant)}
    by_rule = await groups(graph, tenant, "RULE")
    dashboard = (await graph.ask("{ dashboard { monthlySaving openFindings } }", tenant.token))["dashboard"]

    assert found == {
        (f"vol-{volume}", UNATTACHED): True,
        (f"vol-{volume}", STOPPED): False,
        (f"vol-{other}", UNATTACHED): True,
        (f"vol-{other}", PUBLIC): False,
    }
    assert {one["key"]: one["monthlySavings"] for one in by_rule["groups"]} == {
        UNATTACHED: usd("10.50"),
        STOPPED: [],
        PUBLIC: [],
    }
    assert (by_rule["findingCount"], by_rule["monthlySavings"]) == (4, usd("10.50"))
    assert dashboard == {"monthlySaving": "10.50", "openFindings": 4}
    await recount(tenant.organization.id)
    assert (await tally_in(tenant.scope)).saving == {"USD": Decimal("10.50")}


async def test_when_the_highest_is_suppressed_the_next_one_counts(
    backend: Backend, graph: Graph, tenant: Tenant, account: documents.Account
) -> None:
    volume = ObjectId()
    first, second = finding(account, UNATTACHED, volume, "8"), finding(account, STOPPED, volume, "5")
    await store(backend, tenant, first, second)
    text = """mutation($id: ID!) { suppressFinding(input: {id: $id, reason: "r"}) {
      ... on SuppressFindingSuccess { finding { savingCounts } } ... on UserError { message } } }"""

    answer = (await graph.ask(text, tenant.token, id=global_id("Finding", first.id)))["suppressFinding"]

    assert answer == {"finding": {"savingCounts": False}}
    assert (await groups(graph, tenant, "RULE"))["monthlySavings"] == usd("5")
    assert (await tally_in(tenant.scope)).saving == {"USD": Decimal(5)}
    assert (await groups(graph, tenant, "RULE", filter={"state": "SUPPRESSED"}))["monthlySavings"] == []


async def test_groups_by_account_region_group_and_severity_have_titles_and_hold_everything_once(
    backend: Backend, graph: Graph, tenant: Tenant, account: documents.Account
) -> None:
    other = await account_of(tenant, "office")
    rows = [
        finding(account, UNATTACHED, ObjectId(), "1"),
        finding(account, PUBLIC, ObjectId(), region=None),
        finding(other, UNATTACHED, ObjectId(), "3", currency="EUR"),
    ]
    await store(backend, tenant, *rows)

    found = {by: await groups(graph, tenant, by) for by in ("ACCOUNT", "REGION", "RULE_GROUP", "SEVERITY", "RULE")}

    shown = {by: [(one["title"], one["count"]) for one in answer["groups"]] for by, answer in found.items()}
    worst, mild = get_rule(PUBLIC).severity, get_rule(UNATTACHED).severity
    assert shown["ACCOUNT"] == [("shop", 2), ("office", 1)]
    assert shown["REGION"] == [("No region", 1), ("eu-central-1", 2)]
    assert shown["SEVERITY"] == [(worst, 1), (mild, 2)]
    assert shown["RULE"] == [(get_rule(PUBLIC).title, 1), (get_rule(UNATTACHED).title, 2)]
    assert sum(count for _, count in shown["RULE_GROUP"]) == 3
    assert found["ACCOUNT"]["groups"][0]["key"] == global_id("Account", account.id)
    assert found["ACCOUNT"]["groups"][0]["worstSeverity"] == worst
    for answer in found.values():
        assert answer["findingCount"] == 3
        assert answer["monthlySavings"] == [{"amount": "3", "currency": "EUR"}, *usd("1")]


async def test_groups_are_narrowed_and_cut_and_empty_where_nothing_is_found(
    backend: Backend, graph: Graph, tenant: Tenant, account: documents.Account
) -> None:
    empty = await groups(graph, tenant, "RULE")
    await store(backend, tenant, finding(account, UNATTACHED, ObjectId(), "1"), finding(account, PUBLIC, ObjectId()))

    cut = await groups(graph, tenant, "RULE", first=1)
    narrowed = await groups(graph, tenant, "RULE", filter={"category": "FINOPS"})
    (error,) = await graph.refused(GROUPS, tenant.token, by="RULE", first=0)

    assert empty == {"groupCount": 0, "findingCount": 0, "monthlySavings": [], "groups": []}
    assert (cut["groupCount"], [one["key"] for one in cut["groups"]]) == (2, [PUBLIC])
    assert [one["key"] for one in narrowed["groups"]] == [UNATTACHED]
    assert error["message"] == "first must lie between 1 and 500."


async def test_by_priority_the_soonest_comes_first_on_every_page(
    backend: Backend, graph: Graph, tenant: Tenant, account: documents.Account
) -> None:
    savings = ["3", "9000", None, "40", "0.10"]
    rows = [finding(account, UNATTACHED, ObjectId(), saving, age=age) for age, saving in enumerate(savings)]
    await store(backend, tenant, *rows, finding(account, PUBLIC, ObjectId(), age=9))

    by_priority = [one["priority"] for one in await listed(graph, tenant)]
    of_open = [one["priority"] for one in await listed(graph, tenant, state="OPEN", category="FINOPS")]
    by_severity = [one["ruleId"] for one in await listed(graph, tenant, "SEVERITY")]

    rule = get_rule(UNATTACHED)
    expected = sorted((priority_of(rule, saving and Decimal(saving)) for saving in savings), reverse=True)  # type: ignore[arg-type]  # None stays None
    assert of_open == expected
    assert by_priority == sorted([*expected, priority_of(get_rule(PUBLIC), None)], reverse=True)
    assert by_severity[0] == (PUBLIC if get_rule(PUBLIC).severity.rank < rule.severity.rank else UNATTACHED)


async def test_a_cursor_of_one_order_is_refused_in_the_other(
    backend: Backend, graph: Graph, tenant: Tenant, account: documents.Account
) -> None:
    await store(backend, tenant, *(finding(account, UNATTACHED, ObjectId(), str(number)) for number in range(3)))
    page = (await graph.ask(FINDINGS, tenant.token, order="PRIORITY", first=1))["findings"]

    (error,) = await graph.refused(
        FINDINGS, tenant.token, order="SEVERITY", first=1, after=page["pageInfo"]["endCursor"]
    )

    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_the_migration_gives_older_findings_their_priority(
    backend: Backend, tenant: Tenant, account: documents.Account
) -> None:
    one, gone = finding(account, UNATTACHED, ObjectId(), "99"), finding(account, PUBLIC, ObjectId())
    await store(backend, tenant, one, gone)
    rows = documents.Finding.rows()
    await rows.update_many({"org_id": account.org_id}, {"$unset": {"priority": 1}})
    await rows.update_one({"_id": gone.id}, {"$set": {"rule_id": "aws-rule-of-old", "severity": Severity.HIGH.value}})

    made = await migrate(backend)
    again = await migrate(backend)

    stored = {raw["_id"]: raw["priority"] async for raw in rows.find({"org_id": account.org_id})}
    # What there is no rule for any more takes a hand: 45 for HIGH, nothing for ease.
    assert stored == {one.id: priority_of(get_rule(UNATTACHED), Decimal(99)), gone.id: 45}
    assert any(line.startswith("made priorities of findings") for line in made)
    assert not any("priorities" in line for line in again)


async def test_a_strangers_findings_are_in_no_group(
    backend: Backend, graph: Graph, tenant: Tenant, account: documents.Account
) -> None:
    await store(backend, tenant, finding(account, UNATTACHED, ObjectId(), "1"))
    stranger, auditor = await make_tenant(backend), await add_member(backend, tenant.organization, Role.AUDITOR)

    nothing = await groups(graph, stranger, "RULE")
    (missing,) = await graph.refused(
        GROUPS, stranger.token, by="RULE", filter={"accountId": global_id("Account", account.id)}
    )
    (refused,) = await graph.refused(GROUPS, auditor.token, by="RULE")

    assert nothing["findingCount"] == 0
    assert missing["extensions"]["code"] == "NOT_FOUND"
    assert refused["extensions"]["code"] == "FORBIDDEN"
