"""A house whose remediations are asked for by policies: the graph's words for them, and their jobs driven by hand."""

from typing import Any

from bson import ObjectId

import documents
from documents.remediation_policy import find_policy
from domain.remediation_policy import print_of
from domain.rules.registry import get_rule
from jobs.tasks.run_remediation_policy import look_for_findings, run_remediation_policy, start_due_policies
from schema.node import global_id, local_id
from tests.factories.remediation_house import House
from tests.factories.synthetic_account import context_of, sync

GP2 = "aws-ebs-gp2-to-gp3"
POLICY = "policy { id name isEnabled ruleIds triggers mode version nextRunAt schedule { zone days at } }"
CREATE = f"""mutation($input: CreateRemediationPolicyInput!) {{ createRemediationPolicy(input: $input) {{ __typename
  ... on CreateRemediationPolicySuccess {{ {POLICY} }} ... on UserError {{ message path }} }} }}"""
UPDATE = f"""mutation($input: UpdateRemediationPolicyInput!) {{ updateRemediationPolicy(input: $input) {{ __typename
  ... on UpdateRemediationPolicySuccess {{ {POLICY} }} ... on UserError {{ message path }} }} }}"""
DELETE = """mutation($input: DeleteRemediationPolicyInput!) { deleteRemediationPolicy(input: $input) { __typename
  ... on DeleteRemediationPolicySuccess { deletedId } ... on UserError { message path } } }"""
RUN = """mutation($input: RunRemediationPolicyInput!) { runRemediationPolicy(input: $input) { __typename
  ... on RunRemediationPolicySuccess { run { id } } ... on UserError { message path } } }"""
RUNS = """query($id: ID) { remediationPolicyRuns(policyId: $id) { nodes { id cause isDry dryRuleIds matched planned
  approved waiting refused problem endedAt controls { controlId } left { reason count says } policy { name } } } }"""
PREVIEW = """query($id: ID!) { previewRemediationPolicy(id: $id) { matched planned approved
  findings { resourceName isPlanned isApproved reasons says finding { ruleId } } } }"""
SETTINGS = """mutation($input: SetRemediationSettingsInput!) { setRemediationSettings(input: $input) { __typename
  ... on SetRemediationSettingsSuccess { settings { allowsAutomation mostPerRun mostPerDay } }
  ... on UserError { message path } } }"""
OF_POLICY = """query($id: ID!) { remediation(id: $id) { state policySays requestedBy problem policy { name }
  approvals { by via reason policyVersion } } }"""
PARAMETERS = """mutation($input: SetRuleParametersInput!) { setRuleParameters(input: $input) { __typename
  ... on UserError { message path } } }"""


async def allow(house: House, **more: Any) -> None:
    """From now on policies may approve."""
    answer = await house.ask(SETTINGS, allowsAutomation=True, **more)
    assert answer["__typename"] == "SetRemediationSettingsSuccess", answer


async def make_policy(house: House, *rule_ids: str, **fields: Any) -> str:
    """The global id of a policy that runs what it may."""
    wanted = {"name": "Cheaper disks", "ruleIds": rule_ids or (GP2,), "triggers": ["FINDING"], "mode": "RUN", **fields}
    answer = await house.ask(CREATE, **wanted)
    assert answer["__typename"] == "CreateRemediationPolicySuccess", answer
    return str(answer["policy"]["id"])


async def read_account(house: House) -> documents.SyncRun:
    """A sync that sees everything as it is now."""
    return await sync(house.backend, house.account, **house.fast)


async def run_now(house: House, policy: str, **more: Any) -> dict[str, Any]:
    """A run that a person asks for, with all it has planned as far as that goes; the run as it is then."""
    run = await start(house, policy, **more)
    await work(house)
    return await run_of(house, run)


async def start(house: House, policy: str, **more: Any) -> str:
    """A run that a person asks for, after its own job only; its global id."""
    answer = await house.ask(RUN, policyId=policy, **more)
    assert answer["__typename"] == "RunRemediationPolicySuccess", answer
    await work_on_run(house, answer["run"]["id"])
    return str(answer["run"]["id"])


async def work_on_run(house: House, run: str, **changed: Any) -> int:
    """What a worker does with a run, once."""
    ctx = {"context": context_of(house.backend, **house.fast, **changed)}
    return await run_remediation_policy(ctx, org_id=house.asker.org_id, run_id=local_id("RemediationPolicyRun", run))


async def run_of(house: House, run: str) -> dict[str, Any]:
    return next(one for one in await runs(house) if one["id"] == run)


async def work(house: House) -> None:
    """A worker's go at every open remediation."""
    for id in await remediations(house, is_open=True):
        await house.work(id)


async def runs(house: House, policy: str | None = None) -> list[dict[str, Any]]:
    """The newest first."""
    answer = await house.graph.ask(RUNS, house.approver.token, id=policy)
    found: list[dict[str, Any]] = answer["remediationPolicyRuns"]["nodes"]
    return found


async def remediations(house: House, **where: Any) -> list[str]:
    """Global ids, the oldest first."""
    rows = documents.Remediation.rows().find({"org_id": house.asker.organization.id, **where}, {"_id": 1}).sort("_id")
    return [global_id("Remediation", raw["_id"]) async for raw in rows]


async def states(house: House) -> list[str]:
    """Of all remediations, the oldest first."""
    rows = documents.Remediation.rows().find({"org_id": house.asker.organization.id}, {"state": 1}).sort("_id")
    return [raw["state"] async for raw in rows]


async def told(house: House, id: str) -> dict[str, Any]:
    """A remediation with what its policy has said."""
    found: dict[str, Any] = (await house.graph.ask(OF_POLICY, house.approver.token, id=id))["remediation"]
    return found


async def after_sync(house: House, policy: str, synced: documents.SyncRun) -> int:
    """What a worker does when a sync has asked it to look for new findings."""
    return await look_for_findings(
        {"context": context_of(house.backend, **house.fast)},
        org_id=house.asker.org_id,
        policy_id=local_id("RemediationPolicy", policy),
        account_id=str(house.account.id),
        sync_id=str(synced.id),
    )


async def tick(house: House, **changed: Any) -> int:
    """What the clock does about schedules."""
    return await start_due_policies({"context": context_of(house.backend, **changed)})


async def preview(house: House, policy: str) -> dict[str, Any]:
    answer = await house.graph.ask(PREVIEW, house.approver.token, id=policy)
    found: dict[str, Any] = answer["previewRemediationPolicy"]
    return found


async def shown(house: House, policy: str, *rule_ids: str) -> None:
    """As after a dry run that has shown these rules as they are: for tests of what comes after."""
    stored = await find_policy(ObjectId(local_id("RemediationPolicy", policy)))
    assert stored is not None
    prints = {rule_id: print_of(stored.version, get_rule(rule_id)) for rule_id in rule_ids or (GP2,)}
    await documents.RemediationPolicy.rows().update_one({"_id": stored.id}, {"$set": {"shown": prints}})


def left(run: dict[str, Any]) -> dict[str, int]:
    """What was left to people, by reason."""
    return {one["reason"]: one["count"] for one in run["left"]}
