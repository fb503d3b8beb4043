"""Rules as an organization has them: listed with their parameters, tuned, switched off, and judged by so."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

import documents
from app.wiring import Backend
from documents import OrganizationKind, Role
from documents.rule_status import rule_statuses
from domain.rules.registry import all_rules
from tests.factories.graph import Graph
from tests.factories.synthetic_account import a_vendor, connect, open_findings, register, sync
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.fakes.synthetic import Synthetic

VALUE = "{ number text texts }"
RULE = f"""ruleId title description provider category severity risk group source blindSpots isEnabled version changedBy
  manual remedy {{ says reversible loses permissions }}
  parameters {{ name meaning least most default {VALUE} own {VALUE} }}"""
RULES = f"query($filter: RemediationRuleFilter) {{ remediationRules(filter: $filter) {{ {RULE} }} }}"
SET = f"""mutation($input: SetRuleParametersInput!) {{ setRuleParameters(input: $input) {{
  ... on SetRuleParametersSuccess {{ rule {{ {RULE} }} }} ... on UserError {{ message code path }} }} }}"""
UNATTACHED = "aws-ebs-unattached"


@pytest.fixture(autouse=True)
def vendor_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)


@pytest.fixture
async def vendor() -> AsyncIterator[Synthetic]:
    async with a_vendor() as running:
        yield running


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def rules(graph: Graph, tenant: Tenant, **filter: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await graph.ask(RULES, tenant.token, filter=filter))["remediationRules"]
    return found


async def one_rule(graph: Graph, tenant: Tenant) -> dict[str, Any]:
    (found,) = [rule for rule in await rules(graph, tenant) if rule["ruleId"] == UNATTACHED]
    return found


async def choose(graph: Graph, tenant: Tenant, rule_id: str = UNATTACHED, **input: Any) -> dict[str, Any]:
    answer = await graph.ask(SET, tenant.token, input={"ruleId": rule_id, **input})
    chosen: dict[str, Any] = answer["setRuleParameters"]
    return chosen


def parameter_of(rule: dict[str, Any]) -> dict[str, Any]:
    first: dict[str, Any] = rule["parameters"][0]
    return first


async def test_the_catalogue_says_what_each_rule_is_and_what_mends_it(graph: Graph, tenant: Tenant) -> None:
    listed = await rules(graph, tenant)
    rule = next(rule for rule in all_rules() if rule.id == UNATTACHED)
    assert rule.remedy is not None

    found = await one_rule(graph, tenant)

    assert [one["ruleId"] for one in listed] == [rule.id for rule in all_rules()]
    assert (found["provider"], found["category"], found["title"]) == ("AWS", "FINOPS", rule.title)
    assert (found["remedy"]["says"], found["remedy"]["reversible"]) == (rule.remedy.says, rule.remedy.reversible)
    assert (found["isEnabled"], found["version"], found["changedBy"]) == (True, 0, None)
    assert parameter_of(found) == {
        "name": rule.parameters[0].name,
        "meaning": rule.parameters[0].meaning,
        "least": rule.parameters[0].least,
        "most": rule.parameters[0].most,
        "default": {"number": rule.parameters[0].default, "text": None, "texts": None},
        "own": None,
    }


async def test_the_catalogue_is_narrowed_by_provider_category_and_group(graph: Graph, tenant: Tenant) -> None:
    of = {rule.id: rule for rule in all_rules()}

    finops = {rule["ruleId"] for rule in await rules(graph, tenant, provider="AWS", category="FINOPS")}
    group = {rule["ruleId"] for rule in await rules(graph, tenant, group=of[UNATTACHED].group)}

    assert finops == {id for id, rule in of.items() if id.startswith("aws-") and rule.category == "FINOPS"}
    assert group == {id for id, rule in of.items() if rule.group == of[UNATTACHED].group}
    assert await rules(graph, tenant, provider="JIRA") == []


async def test_a_sync_judges_by_the_value_that_was_chosen_and_by_the_default_again(
    backend: Backend, graph: Graph, vendor: Synthetic, tenant: Tenant
) -> None:
    account = await connect(backend, vendor, tenant)
    name = next(rule for rule in all_rules() if rule.id == UNATTACHED).parameters[0].name

    first = (await choose(graph, tenant, parameters=[{"name": name, "number": 100_000}]))["rule"]
    await sync(backend, account)
    patient = await open_findings(account)
    second = (await choose(graph, tenant, parameters=[{"name": name}], expectedVersion=1))["rule"]
    await sync(backend, account)

    assert (first["version"], parameter_of(first)["own"]["number"]) == (1, 100_000)
    assert (second["version"], parameter_of(second)["own"]) == (2, None)
    assert (UNATTACHED, "vol-1") not in patient
    assert (UNATTACHED, "vol-1") in await open_findings(account)
    entries = await documents.AuditEntry.list_in(tenant.scope, {"action": "rule.set_parameters"})
    assert [entry.target for entry in entries] == [f"rule:{UNATTACHED}"] * 2


async def test_what_a_rule_has_found_is_exempted_once_it_is_off_and_opens_when_it_is_on_again(
    backend: Backend, graph: Graph, vendor: Synthetic, tenant: Tenant
) -> None:
    account = await connect(backend, vendor, tenant)
    await sync(backend, account)
    before = await open_findings(account)

    off = (await choose(graph, tenant, enabled=False))["rule"]
    await sync(backend, account)
    without = await open_findings(account)
    text = "query($ids: [String!]) { findings(filter: {ruleIds: $ids}) { nodes { state resolution } } }"
    shown = (await graph.ask(text, tenant.token, ids=[UNATTACHED]))["findings"]["nodes"]
    status = await rule_statuses(tenant.organization.id, [UNATTACHED])
    await choose(graph, tenant, enabled=True)
    await sync(backend, account)

    assert off["isEnabled"] is False
    assert without == before - {(UNATTACHED, "vol-1")}
    assert shown == [{"state": "RESOLVED", "resolution": "EXEMPTED: the rule is switched off in this organization."}]
    assert await open_findings(account) == before
    assert status == {UNATTACHED: "NOT_ASSESSED"}


async def test_a_client_of_a_provider_is_judged_by_its_own_choice(
    backend: Backend, graph: Graph, vendor: Synthetic
) -> None:
    provider = await make_tenant(backend, kind=OrganizationKind.MSP, role=Role.MSP_ADMIN)
    one, other = [await make_tenant(backend, managed_by=provider) for _ in range(2)]
    await choose(graph, provider, organizationId=one.global_id, enabled=False)
    accounts = [await connect(backend, vendor, client) for client in (one, other)]

    for account in accounts:
        await sync(backend, account)

    found = [(UNATTACHED, "vol-1") in await open_findings(account) for account in accounts]
    assert found == [False, True]
    assert (await one_rule(graph, other))["isEnabled"]


NAME = next(rule for rule in all_rules() if rule.id == UNATTACHED).parameters[0].name


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"rule_id": "aws-no-such-rule"}, ["input", "ruleId"]),
        ({"parameters": [{"name": NAME}, {"name": "none", "number": 1}]}, ["input", "parameters", "1", "name"]),
        ({"parameters": [{"name": NAME, "text": "7"}]}, ["input", "parameters", "0", "text"]),
        ({"parameters": [{"name": NAME, "number": -1}]}, ["input", "parameters", "0", "number"]),
        ({"parameters": [{"name": NAME, "number": 1, "text": "1"}]}, ["input", "parameters", "0"]),
        ({"parameters": [{"name": NAME}, {"name": NAME}]}, ["input", "parameters", "1", "name"]),
        ({"enabled": False, "expectedVersion": 7}, ["input", "expectedVersion"]),
    ],
)
async def test_bad_input_names_its_field_and_changes_nothing(
    graph: Graph, tenant: Tenant, changed: dict[str, Any], path: list[str]
) -> None:
    answer = await choose(graph, tenant, **changed)

    assert answer["path"] == path, answer
    assert (await one_rule(graph, tenant))["version"] == 0


async def test_a_strangers_organization_looks_missing_and_a_member_without_the_right_is_refused(
    backend: Backend, graph: Graph, tenant: Tenant
) -> None:
    stranger, user = await make_tenant(backend), await add_member(backend, tenant.organization, Role.USER)

    missing = await choose(graph, stranger, organizationId=tenant.global_id, enabled=False)
    refused = await graph.refused(SET, user.token, input={"ruleId": UNATTACHED, "enabled": False})

    assert missing["code"] == "NOT_FOUND"
    assert [error["extensions"]["code"] for error in refused] == ["FORBIDDEN"]
    assert len(await rules(graph, user)) == len(all_rules())
