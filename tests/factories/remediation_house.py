"""A tenant with a stand-in account that may be changed, two people, and a worker that is driven by hand."""

from dataclasses import dataclass, replace
from typing import Any

import orjson
from bson import ObjectId
from moto.ec2.models import ec2_backends

import documents
from app.wiring import Backend
from documents import AccountState, Role
from documents.account import sealed
from documents.remediation_call import journal_of
from domain.facts.provider import Provider
from jobs.tasks.run_remediation import run_remediation
from schema.node import global_id, local_id
from tests.factories.graph import Graph
from tests.factories.synthetic_account import context_of, sync
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.fakes.aws import ACCOUNT, REGION, Moto, credentials
from tests.fakes.collecting import UNBOUNDED

PLAN = """mutation($input: PlanRemediationInput!) { planRemediation(input: $input) { __typename
  ... on PlanRemediationSuccess { remediation { id state } } ... on UserError { message path } } }"""
APPROVE = """mutation($input: ApproveRemediationInput!) { approveRemediation(input: $input) { __typename
  ... on ApproveRemediationSuccess { remediation { id state approvedAt approvals { by via } } }
  ... on UserError { message path } } }"""
CANCEL = """mutation($input: CancelRemediationInput!) { cancelRemediation(input: $input) { __typename
  ... on CancelRemediationSuccess { remediation { state } } ... on UserError { message } } }"""
ROLL_BACK = """mutation($input: RollBackRemediationInput!) { rollBackRemediation(input: $input) { __typename
  ... on RollBackRemediationSuccess { remediation { state } } ... on UserError { message } } }"""
STOP = """mutation($input: StopRemediationsInput!) { stopRemediations(input: $input) { __typename
  ... on StopRemediationsSuccess { settings { isStopped stopReason } } ... on UserError { message } } }"""
SHOWN = """query($id: ID!) { remediation(id: $id) { id state planHash problem missing made canRollBack step
  plan { hash says reason reversible loses dependentsCount dependents { nativeId }
    steps { key operation says arguments isReversible } undo { key operation } }
  monthlySaving { amount currency } approvals { via } finding { state } } }"""


@dataclass(frozen=True)
class Household:
    """`asker` plans and `approver` approves; both are administrators of one organization."""

    backend: Backend
    graph: Graph
    asker: Tenant
    approver: Tenant
    account: documents.Account

    async def finding(self, rule_id: str, native_id: str) -> documents.Finding:
        """The finding of this rule on this resource, after a sync."""
        await sync(self.backend, self.account, **self.fast)
        found = await documents.Finding.find_in(self.asker.scope, {"rule_id": rule_id, "resource_native_id": native_id})
        assert found is not None, f"{rule_id} finds nothing on {native_id}"
        return found

    @property
    def fast(self) -> dict[str, Any]:
        """No limits of rate: the stand-in bears any."""
        guards = context_of(self.backend).guards
        guards._limits = lambda *_: UNBOUNDED
        return {"guards": guards}

    async def plan(self, rule_id: str, native_id: str) -> str:
        """The global id of a remediation that waits for its approval."""
        return await self.plan_for(await self.finding(rule_id, native_id))

    async def plan_for(self, finding: documents.Finding, **changed: Any) -> str:
        """The global id of a remediation of this finding, after one go of a worker."""
        asked = {"findingId": global_id("Finding", finding.id), "reason": "It is paid for in vain."}
        answer = (await self.graph.ask(PLAN, self.asker.token, input=asked))["planRemediation"]
        assert answer["__typename"] == "PlanRemediationSuccess", answer
        await self.work(answer["remediation"]["id"], **changed)
        return str(answer["remediation"]["id"])

    async def approve(self, id: str, by: Tenant | None = None, **more: Any) -> dict[str, Any]:
        shown = await self.shown(id)
        asked = {"remediationId": id, "planHash": shown["planHash"], **more}
        answer = await self.graph.ask(APPROVE, (by or self.approver).token, input=asked)
        found: dict[str, Any] = answer["approveRemediation"]
        return found

    async def ask(self, query: str, **input: Any) -> dict[str, Any]:
        """Ask a mutation as the one who approves; what its only field answers."""
        answer = await self.graph.ask(query, self.approver.token, input=input)
        found: dict[str, Any] = next(iter(answer.values()))
        return found

    async def work(self, id: str, **changed: Any) -> str:
        """One go of a worker; the state it leaves the remediation in."""
        ctx = {"context": replace(context_of(self.backend, **self.fast), **changed)}
        return await run_remediation(ctx, org_id=self.asker.org_id, remediation_id=local_id("Remediation", id))

    async def shown(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.graph.ask(SHOWN, self.asker.token, id=id))["remediation"]
        return found

    async def journal(self, id: str) -> list[documents.RemediationCall]:
        return await journal_of(ObjectId(local_id("Remediation", id)))

    async def alerts(self) -> list[tuple[str, str]]:
        """State and title of alerts about remediations."""
        rows = documents.Alert.rows().find({"org_id": self.asker.organization.id, "source": "REMEDIATION"})
        return [(raw["state"], raw["title"]) async for raw in rows]


@dataclass(frozen=True)
class House(Household):
    """Whose account is one of AWS, which moto stands in for."""

    moto: Moto

    def volume(self, kind: str = "gp2", age_days: int = 0) -> str:
        """A loose volume; `age_days` old, as its creation date says."""
        made = self.moto.client("ec2").create_volume(AvailabilityZone="us-east-1a", Size=100, VolumeType=kind)
        if age_days:
            ec2_backends[ACCOUNT][REGION].volumes[made["VolumeId"]].create_time = "2026-01-01T00:00:00.000Z"
        return str(made["VolumeId"])


async def make_house(backend: Backend, graph: Graph, moto: Moto, *, may_act: bool = True) -> House:
    given = credentials(moto.url)
    made = await make_household(
        backend, graph, Provider.AWS, given, may_act=may_act, native_id=ACCOUNT, endpoint_url=moto.url, regions=[REGION]
    )
    return House(backend, graph, made.asker, made.approver, made.account, moto)


async def make_household(
    backend: Backend, graph: Graph, provider: Provider, given: Any, *, may_act: bool = True, **fields: Any
) -> Household:
    """With an account at this provider, which these credentials open, to be read and, if it may be, to be changed."""
    asker = await make_tenant(backend)
    approver = await add_member(backend, asker.organization, Role.ADMIN)
    secret = orjson.dumps(given.revealed()).decode()
    cipher = sealed(await backend.vault.seal(asker.org_id, secret))
    account = documents.Account(
        org_id=asker.organization.id,
        provider=provider,
        name="Stand-in",
        state=AccountState.CONNECTED,
        credentials=cipher,
        act_credentials=cipher if may_act else None,
        **fields,
    )
    await account.insert()
    return Household(backend, graph, asker, approver, account)
