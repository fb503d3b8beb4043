"""Frameworks, controls, scores, gaps and milestones over the graph."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import graphql
import pytest
from beanie import PydanticObjectId
from bson import ObjectId

import documents
from app.wiring import Backend
from documents import Role
from documents.base import utc_now
from documents.compliance_settings import parameters_in_force
from documents.score_day import record_scores
from domain.compliance import registry
from domain.facts.compliance import WEIGHTS
from domain.facts.severity import Severity
from schema.node import global_id
from tests.factories.controls import controls_of, install_catalogue
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, add_member, make_tenant

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "frameworks.md"
ERRORS = "... on UserError { message code path }"
FRAMEWORK = "key name isOwn isAdopted ownVersion requirementCount automated partial manual"
REQUIREMENTS = """query($of: String!, $account: ID, $group: String, $like: [CheckStatus!]) {
  requirements(framework: $of, accountId: $account, group: $group, statuses: $like) {
    key status fit coverage assessed total answeredBy { key status isRule } } }"""
SCORE = """query($of: String, $account: ID) { complianceScore(framework: $of, accountId: $account) {
  framework ratio assessedRatio assessed total counts { status count } } }"""
CREATE = f"""mutation($input: CreateFrameworkInput!) {{ createFramework(input: $input) {{
  __typename ... on CreateFrameworkSuccess {{ framework {{ {FRAMEWORK} }} }} {ERRORS} }} }}"""
UPDATE = f"""mutation($input: UpdateFrameworkInput!) {{ updateFramework(input: $input) {{
  __typename ... on UpdateFrameworkSuccess {{ framework {{ {FRAMEWORK} }} }} {ERRORS} }} }}"""
DELETE = f"""mutation($input: DeleteFrameworkInput!) {{ deleteFramework(input: $input) {{
  __typename ... on DeleteFrameworkSuccess {{ key }} {ERRORS} }} }}"""
CHANGE = f"""mutation($input: ChangeComplianceSettingsInput!) {{ changeComplianceSettings(input: $input) {{
  __typename ... on ChangeComplianceSettingsSuccess {{ settings {{ frameworks bundles adopted version
    parameters {{ controlId name value }} }} }} {ERRORS} }} }}"""
SAVE = f"""mutation($input: SaveMilestoneInput!) {{ saveMilestone(input: $input) {{
  __typename ... on SaveMilestoneSuccess {{ milestone {{ id name framework ratio assessed total }} }} {ERRORS} }} }}"""
COMPARE = """query($id: ID!, $with: ID) { compareMilestones(id: $id, withId: $with) {
  framework before after differences { key before after } } }"""
TOML = """id = "house"
name = "House rules"
version = "1"

[[requirement]]
id = "R1"
name = "Owners are locked down"
group = "People"
controls = ["CW-IAM-01", "CW-IAM-02"]
fit = "direct"

[[requirement]]
id = "R2"
name = "Nothing idles"
group = "Costs"
findings = ["aws-ebs-unattached"]
fit = "partial"
"""


@pytest.fixture(autouse=True)
def catalogue(shared: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        install_catalogue(shared, patch)
        yield
    registry.all_controls.cache_clear()


async def say(tenant: Tenant, account_id: ObjectId | None = None, **said: str) -> None:
    """Store what checks of controls say, as `CW_IAM_01="PASS"`; of an account, and of the organization."""
    database, now = documents.Organization.get_pymongo_collection().database, utc_now()
    for name, status in said.items():
        control = {"org_id": tenant.organization.id, "control_id": name.replace("_", "-")}
        check = {**control, "integration": "AWS", "account_id": account_id}
        stored = {"status": status, "changed_at": now}
        await database["checks"].update_one(check, {"$set": stored}, upsert=True)
        state = {"status": status, "since": now, "assessed": 1, "checks": 1}
        await database["control_states"].update_one(control, {"$set": state}, upsert=True)


async def connect(tenant: Tenant, last_sync: str | None = "SUCCEEDED") -> documents.Account:
    account = documents.Account(
        org_id=tenant.organization.id, provider="AWS", name="shop", state=documents.AccountState.CONNECTED
    )
    await account.insert()
    if last_sync:
        run = {"org_id": account.org_id, "account_id": account.id, "state": last_sync, "created_at": utc_now()}
        await documents.SyncRun.get_pymongo_collection().insert_one(run)
    return account


async def find(account: documents.Account, state: str) -> None:
    finding = {"org_id": account.org_id, "account_id": account.id, "rule_id": "aws-ebs-unattached", "state": state}
    await documents.Finding.get_pymongo_collection().insert_one({**finding, "resource_native_id": str(ObjectId())})


async def change(graph: Graph, who: Tenant, **input: Any) -> dict[str, Any]:
    changed: dict[str, Any] = (await graph.ask(CHANGE, who.token, input=input))["changeComplianceSettings"]
    return changed


async def test_the_frameworks_of_the_product_are_listed_with_their_coverage(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await change(graph, tenant, bundles=["trustcloud"])

    listed = (await graph.ask(f"{{ frameworks {{ {FRAMEWORK} }} }}", tenant.token))["frameworks"]

    assert len(listed) == 8
    hipaa = next(one for one in listed if one["key"] == "hipaa_security_rule")
    assert (hipaa["requirementCount"], hipaa["automated"], hipaa["partial"], hipaa["manual"]) == (66, 29, 19, 18)
    assert {one["key"] for one in listed if one["isAdopted"]} == {"hipaa_security_rule", "soc2_tsc_2017"}
    one = (await graph.ask('{ framework(key: "cert_in_2022") { name retentionDays isOwn } }', tenant.token))[
        "framework"
    ]
    assert one == {"name": "CERT-In Directions under section 70B(6)", "retentionDays": 180, "isOwn": False}


async def test_a_score_counts_what_was_judged_with_the_share_beside_it(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    account = await connect(tenant)
    await say(tenant, account.id, CW_IAM_01="PASS", CW_IAM_03="WARNING")
    await say(tenant, CW_GOV_05="FAIL", CW_NET_01="ERROR", CW_DAT_01="EXEMPT")

    whole = (await graph.ask(SCORE, tenant.token))["complianceScore"]
    here = (await graph.ask(SCORE, tenant.token, account=global_id("Account", account.id)))["complianceScore"]

    # Critical 10 passes, high 6 warns, low 1 fails, critical 10 is an error.
    assert whole["ratio"] == pytest.approx((10 + 3) / (10 + 6 + 1 + 10))
    assert (whole["assessed"], whole["total"], whole["assessedRatio"]) == (4, 64, 4 / 64)
    assert {one["status"]: one["count"] for one in whole["counts"]}["NOT_ASSESSED"] == 59
    assert (here["ratio"], here["assessed"]) == (pytest.approx(13 / 16), 2)


async def test_a_requirement_stands_as_the_worst_of_its_controls(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    account = await connect(tenant)
    await say(tenant, CW_GOV_01="PASS")
    await say(tenant, account.id, CW_LOG_06="PASS", CW_RSK_02="WARNING")

    rows = (await graph.ask(REQUIREMENTS, tenant.token, of="rbi_csf_2016"))["requirements"]
    warned = await graph.ask(REQUIREMENTS, tenant.token, of="rbi_csf_2016", like=["WARNING"], group="Annex 1")
    place = global_id("Account", account.id)
    here = (await graph.ask(REQUIREMENTS, tenant.token, of="soc2_tsc_2017", account=place))["requirements"]

    first = rows[0]
    assert len(rows) == 24
    assert (first["key"], first["status"], first["fit"], first["coverage"]) == ("1", "WARNING", "DIRECT", "AUTOMATED")
    assert (first["assessed"], first["total"]) == (2, 3)
    assert "1" in {one["key"] for one in warned["requirements"]}
    assert {one["status"] for one in warned["requirements"]} == {"WARNING"}
    assert here[0]["status"] == "NOT_ASSESSED"  # what our own records say is not said of an account


@pytest.mark.parametrize(
    ("last_sync", "states", "status"),
    [
        ("SUCCEEDED", (), "PASS"),
        ("SUCCEEDED", ("OPEN", "SUPPRESSED"), "WARNING"),
        ("SUCCEEDED", ("SUPPRESSED",), "EXEMPT"),
        ("SUCCEEDED", ("RESOLVED",), "PASS"),
        ("PARTIAL", (), "ERROR"),
        ("PARTIAL", ("SUPPRESSED",), "ERROR"),
        ("FAILED", ("OPEN",), "WARNING"),
        (None, (), "ERROR"),
    ],
)
async def test_findings_answer_where_no_control_does(graph: Graph, backend, last_sync, states, status) -> None:
    tenant = await make_tenant(backend)
    account = await connect(tenant, last_sync)
    for state in states:
        await find(account, state)
    await graph.ask(CREATE, tenant.token, input={"content": {"toml": TOML}})

    rows = (await graph.ask(REQUIREMENTS, tenant.token, of="house"))["requirements"]

    assert rows[1]["answeredBy"] == [{"key": "aws-ebs-unattached", "status": status, "isRule": True}]
    assert rows[1]["status"] == status


async def test_without_an_account_a_rule_is_not_assessed(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)

    rows = (await graph.ask(REQUIREMENTS, tenant.token, of="aws_well_architected"))["requirements"]

    assert len(rows) == 57
    assert {one["status"] for one in rows} == {"NOT_ASSESSED"}


async def test_an_own_framework_comes_three_ways_is_replaced_and_deleted(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    row = {"key": "A", "name": "A", "group": "G", "controls": ["CW-IAM-01"], "fit": "DIRECT"}
    head = {"key": "by_field", "name": "Ours", "version": "1"}
    table = "id,name,group,controls,fit\n1,One,G,CW-HRS-01,direct\n"

    made = [
        (await graph.ask(CREATE, tenant.token, input={"content": content}))["createFramework"]["framework"]
        for content in (
            {"toml": TOML},
            {"fields": {**head, "requirements": [row]}},
            {"csv": {**head, "key": "by_table", "text": table}},
        )
    ]
    again = (await graph.ask(CREATE, tenant.token, input={"content": {"toml": TOML}}))["createFramework"]
    new = {"key": "house", "content": {"toml": TOML.replace("House rules", "New rules")}, "expectedVersion": 1}
    changed = (await graph.ask(UPDATE, tenant.token, input=new))["updateFramework"]["framework"]
    late = (await graph.ask(UPDATE, tenant.token, input=new))["updateFramework"]
    other = {"key": "by_field", "content": {"toml": TOML}}
    moved = (await graph.ask(UPDATE, tenant.token, input=other))["updateFramework"]
    gone = await graph.ask(DELETE, tenant.token, input={"key": "by_field", "expectedVersion": 1})
    missing = (await graph.ask(DELETE, tenant.token, input={"key": "by_field"}))["deleteFramework"]
    stale = (await graph.ask(DELETE, tenant.token, input={"key": "house", "expectedVersion": 1}))["deleteFramework"]

    # Of the table's one control a person judges the proof: nothing of it is automated.
    assert [(one["automated"], one["partial"], one["manual"]) for one in made] == [(1, 1, 0), (1, 0, 0), (0, 0, 1)]
    assert all(one["isOwn"] and one["isAdopted"] for one in made)
    assert again["message"] == "There is a framework house already: choose another id."
    assert (changed["name"], changed["ownVersion"]) == ("New rules", 2)
    assert {late["code"], stale["code"]} == {"CONFLICT"}
    assert moved["message"] == "This is house, not by_field: an id stays."
    assert gone["deleteFramework"]["key"] == "by_field"
    assert missing["code"] == "NOT_FOUND"
    one = (await graph.ask('{ framework(key: "house") { ownVersion } }', tenant.token))["framework"]
    assert one == {"ownVersion": 2}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"toml": TOML.replace("CW-IAM-02", "CW-IAM-99")}, "The text, line 9: There is no control CW-IAM-99."),
        ({"toml": TOML.replace('"house"', '"soc2_tsc_2017"')}, "There is a framework soc2_tsc_2017 already"),
        (
            {"csv": {"key": "ours", "name": "O", "version": "1", "text": "id,name,group,controls,fit\n1,A,G,,maybe\n"}},
            "The text, line 2: fit: Input should be",
        ),
    ],
)
async def test_a_faulty_framework_is_refused_and_nothing_is_stored(graph: Graph, backend, content, message) -> None:
    tenant = await make_tenant(backend)

    refused = (await graph.ask(CREATE, tenant.token, input={"content": content}))["createFramework"]

    assert refused["message"].startswith(message)
    assert await documents.Framework.count_in(tenant.scope, {}, cap=5) == 0


async def test_what_is_switched_on_tightens_and_keeps_the_audit_log(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    wanted = [
        {"controlId": "CW-IAM-04", "name": "min_length", "number": 20},
        {
            "controlId": "CW-NET-01",
            "name": "admin_ports",
            "texts": ["22", "3389", "5985", "5986", "23", "2375", "2376", "6443", "10250", "5900"],
        },
        {"controlId": "CW-INC-01", "name": "deadline_days", "table": [{"key": "high", "number": 7}]},
        {"controlId": "CW-DAT-06", "name": "label_key", "texts": ["sensitivity"]},
        {"controlId": "CW-AVL-04", "name": "warn_util", "number": 0.7},
    ]

    changed = await change(graph, tenant, bundles=["trustcloud"], frameworks=["cert_in_2022"], parameters=wanted)
    late = await change(graph, tenant, bundles=[], expectedVersion=0)

    settings = changed["settings"]
    assert (settings["adopted"], settings["version"]) == (["cert_in_2022", "hipaa_security_rule", "soc2_tsc_2017"], 1)
    assert {"controlId": "CW-INC-01", "name": "deadline_days", "value": "high 7"} in settings["parameters"]
    assert late["code"] == "CONFLICT"
    organization = await documents.Organization.get_pymongo_collection().find_one({"_id": tenant.organization.id})
    assert organization["frameworks"] == settings["adopted"]
    in_force = await parameters_in_force(ObjectId(str(tenant.organization.id)))
    assert (in_force["CW-IAM-04"]["min_length"], in_force["CW-IAM-04"]["idle_minutes"]) == (20, 15)
    assert in_force["CW-LOG-02"]["retention_days"] == 2190
    assert in_force["CW-DAT-02"]["customer_key_labels"] == ["phi"]
    assert in_force["CW-INC-01"]["deadline_days"] == {"critical": 3, "high": 7, "medium": 45, "low": 90}
    assert in_force["CW-NET-01"]["admin_ports"][-1] == 5900
    detail = """{ control(key: "CW-IAM-04") { parameters { name direction catalogue inForce } } }"""
    shown = (await graph.ask(detail, tenant.token))["control"]["parameters"]
    assert {"name": "idle_minutes", "direction": "LOWER", "catalogue": "60", "inForce": "15"} in shown


@pytest.mark.parametrize(
    ("input", "message"),
    [
        ({}, "Say what to change."),
        ({"frameworks": ["nothing"]}, "There is no framework nothing."),
        ({"bundles": ["nothing"]}, "There is no bundle nothing."),
        ({"parameters": [{"name": "min_length", "number": 8}]}, "min_length of CW-IAM-04: 8 is laxer than 14."),
        ({"parameters": [{"name": "min_length"}]}, "Give a number, texts or a table"),
        ({"parameters": [{"name": "min_length", "number": 14.5}]}, "It takes a whole number, not 14.5."),
        ({"parameters": [{"name": "min_length", "number": 15}] * 2}, "min_length of CW-IAM-04 is there twice."),
        (
            {"parameters": [{"controlId": "CW-NET-01", "name": "admin_ports", "texts": ["ssh"]}]},
            "admin_ports of CW-NET-01 takes whole numbers.",
        ),
    ],
)
async def test_what_makes_no_sense_is_refused_with_its_field(graph: Graph, backend, input, message) -> None:
    tenant = await make_tenant(backend)
    for one in input.get("parameters", ()):
        one.setdefault("controlId", "CW-IAM-04")

    refused = await change(graph, tenant, **input)

    assert message in refused["message"]
    assert refused["code"] == "BAD_USER_INPUT"


async def test_gaps_come_by_weight_and_effort(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await say(tenant, CW_IAM_01="PASS", CW_NET_01="FAIL", CW_GOV_05="FAIL")

    gaps = "query($of: String) { complianceGaps(framework: $of) { control { key status } weight effort gain } }"
    found = (await graph.ask(gaps, tenant.token))["complianceGaps"]
    few = (await graph.ask(gaps, tenant.token, of="cert_in_2022"))["complianceGaps"]

    assert len(found) == 63
    order = [(-one["weight"], ["LOW", "MEDIUM", "HIGH"].index(one["effort"])) for one in found]
    assert order == sorted(order)
    failed = next(one for one in found if one["control"]["key"] == "CW-NET-01")
    assert failed["control"]["status"] == "FAIL"
    assert failed["gain"] == pytest.approx(10 / 21)  # of 10 + 10 + 1
    assert {one["control"]["key"] for one in few} < {one["control"]["key"] for one in found}


async def test_scores_are_kept_by_day_and_tell_trend_history_and_changes(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    account, org_id, now = await connect(tenant), ObjectId(str(tenant.organization.id)), utc_now()
    await change(graph, tenant, frameworks=["cert_in_2022"])
    await say(tenant, account.id, CW_IAM_01="FAIL", CW_VUL_03="PASS")
    await backend.writer.commit(lambda tx: record_scores(tx, org_id, now - timedelta(days=2)))
    await say(tenant, account.id, CW_IAM_01="PASS")
    for _ in range(2):  # the last of a day stays
        await backend.writer.commit(lambda tx: record_scores(tx, org_id, now))

    trend = """query($first: Date!, $until: Date!, $of: String, $account: ID) {
      complianceTrend(first: $first, until: $until, framework: $of, accountId: $account) {
        days ratios assessedRatios } }"""
    days = {"first": f"{(now - timedelta(days=5)).date()}", "until": f"{(now + timedelta(days=1)).date()}"}
    whole = (await graph.ask(trend, tenant.token, **days))["complianceTrend"]
    place = global_id("Account", account.id)
    here = (await graph.ask(trend, tenant.token, of="cert_in_2022", account=place, **days))["complianceTrend"]
    changes = """query($since: DateTime!) { complianceChanges(since: $since) { controlId before after name } }"""
    changed = await graph.ask(changes, tenant.token, since=(now - timedelta(days=1)).isoformat())
    history = '{ control(key: "CW-IAM-01") { history { day status } checks { integration accountId status } } }'
    detail = (await graph.ask(history, tenant.token))["control"]
    (backwards,) = await graph.refused(trend, tenant.token, first=days["until"], until=days["first"])

    # IAM-01 weighs 10 and VUL-03 6.
    assert whole["ratios"] == [pytest.approx(6 / 16), 1.0]
    assert whole["assessedRatios"] == [2 / 64, 2 / 64]
    assert here["ratios"] == [1.0, 1.0]
    told = {one["controlId"]: (one["before"], one["after"]) for one in changed["complianceChanges"]}
    assert told == {"CW-IAM-01": ("FAIL", "PASS")}
    assert [one["status"] for one in detail["history"]] == ["FAIL", "PASS"]
    assert detail["checks"] == [{"integration": "AWS", "accountId": place, "status": "PASS"}]
    assert backwards["message"] == "first must come before until."


async def test_a_milestone_is_held_against_now_and_against_another(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await say(tenant, CW_IAM_01="FAIL")
    house = {"content": {"toml": TOML}}
    await graph.ask(CREATE, tenant.token, input=house)
    first = (await graph.ask(SAVE, tenant.token, input={"framework": "house", "name": "before"}))["saveMilestone"]
    other = (await graph.ask(SAVE, tenant.token, input={"framework": "cert_in_2022", "name": "x"}))["saveMilestone"]
    await say(tenant, CW_IAM_01="PASS", CW_IAM_02="PASS")
    second = (await graph.ask(SAVE, tenant.token, input={"framework": "house", "name": "after"}))["saveMilestone"]

    ids = [one["milestone"]["id"] for one in (first, second, other)]
    now = (await graph.ask(COMPARE, tenant.token, id=ids[0]))["compareMilestones"]
    then = (await graph.ask(COMPARE, tenant.token, **{"id": ids[0], "with": ids[1]}))["compareMilestones"]
    (refusal,) = await graph.refused(COMPARE, tenant.token, **{"id": ids[0], "with": ids[2]})
    listed = await graph.ask('{ milestones(framework: "house") { nodes { name ratio } } }', tenant.token)
    delete = "mutation($input: DeleteMilestoneInput!) { deleteMilestone(input: $input) { __typename } }"
    gone = await graph.ask(delete, tenant.token, input={"milestoneId": ids[0]})

    assert now == then
    assert (now["before"], now["after"]) == (0.0, 1.0)
    assert now["differences"] == [{"key": "R1", "before": "FAIL", "after": "PASS"}]
    assert "of two frameworks" in refusal["message"]
    assert [one["name"] for one in listed["milestones"]["nodes"]] == ["after", "before"]
    assert gone["deleteMilestone"]["__typename"] == "DeleteMilestoneSuccess"
    assert (await graph.ask("{ milestones { totalCount } }", tenant.token))["milestones"]["totalCount"] == 2


async def test_controls_are_listed_with_their_weight_and_status(graph: Graph, backend: Backend, shared: Path) -> None:
    tenant = await make_tenant(backend)
    await say(tenant, CW_IAM_02="FAIL")

    query = """query($in: String, $like: [CheckStatus!]) { controls(category: $in, statuses: $like) {
      key weight severity status since isAutomated effort } }"""
    everything = (await graph.ask(query, tenant.token))["controls"]
    failing = (await graph.ask(query, tenant.token, **{"in": "identity", "like": ["FAIL"]}))["controls"]
    (missing,) = await graph.refused('{ control(key: "CW-ZZZ-01") { control { key } } }', tenant.token)
    bundles = (await graph.ask("{ complianceBundles { key checks { key } } }", tenant.token))["complianceBundles"]

    facts = {one.id: one for one in controls_of(shared)}
    assert {one["key"]: one["weight"] for one in everything} == {
        id: WEIGHTS[Severity(one.severity)] for id, one in facts.items()
    }
    assert sum(one["isAutomated"] for one in everything) == 57
    assert [one["key"] for one in failing] == ["CW-IAM-02"]
    assert failing[0]["since"]
    assert missing["extensions"]["code"] == "NOT_FOUND"
    assert {one["key"]: len(one["checks"]) for one in bundles} == {"cloudcomply": 0, "trustcloud": 12, "peakscale": 16}


async def test_only_who_manages_compliance_changes_it_and_strangers_see_nothing(graph: Graph, backend) -> None:
    admin, stranger = await make_tenant(backend), await make_tenant(backend)
    user = await add_member(backend, admin.organization, Role.USER)
    account = await connect(admin)
    await graph.ask(CREATE, admin.token, input={"content": {"toml": TOML}})

    assert (await graph.ask('{ framework(key: "house") { name } }', user.token))["framework"]["name"] == "House rules"
    (refusal,) = await graph.refused(DELETE, user.token, input={"key": "house"})
    assert refusal["extensions"]["code"] == "FORBIDDEN"
    for query, variables in (
        ('{ framework(key: "house") { name } }', {}),
        (SCORE, {"account": global_id("Account", account.id)}),
        (COMPARE, {"id": global_id("Milestone", PydanticObjectId())}),
    ):
        (foreign,) = await graph.refused(query, stranger.token, **variables)
        assert foreign["extensions"]["code"] == "NOT_FOUND"


async def test_what_the_guide_asks_is_answered(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    account = await connect(tenant)
    saved = await graph.ask(SAVE, tenant.token, input={"framework": "aws_well_architected", "name": "first"})
    ids = {"account": global_id("Account", account.id), "id": saved["saveMilestone"]["milestone"]["id"]}
    blocks = re.findall(r"```graphql\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    operations = [one for block in blocks for one in graphql.parse(block).definitions]

    for operation in operations:
        assert isinstance(operation, graphql.OperationDefinitionNode)
        wanted = {one.variable.name.value for one in operation.variable_definitions or ()}
        given = {name: ids[name] for name in wanted}
        answer = await graph.ask(graphql.print_ast(operation), tenant.token, **given)
        assert not [one for one in answer.values() if isinstance(one, dict) and one.get("message")]

    assert len(operations) == 9
