"""Policies that have remediations planned by themselves: list, make, change, delete and run them."""

from typing import Annotated, Any

import strawberry
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

import documents
from auth.permission import Permission
from documents.page import Keyset
from documents.remediation_policy import add_policy, change_policy, delete_policy
from documents.remediation_policy_run import open_policy_run
from documents.remediation_settings import is_stopped
from documents.transaction import Transaction
from domain.compliance.mending import rules_that_mend
from domain.errors import Conflict, Invalid
from domain.facts.remediation import PolicyCause, PolicyTrigger
from domain.facts.scope import Scope
from domain.rules.registry import all_rules
from jobs.queue import ask_policy_run
from resolvers.context import Context, Info
from resolvers.fields import mutation, query
from resolvers.governing import audited, known_controls, person_of, within
from resolvers.routing import WHAT as WHAT_FOR
from resolvers.routing import known
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import global_id, local_id
from schema.remediation_policy import (
    CreateRemediationPolicyInput,
    CreateRemediationPolicyPayload,
    DeleteRemediationPolicyInput,
    DeleteRemediationPolicyPayload,
    PolicyFields,
    RemediationPolicy,
    RemediationPolicyRun,
    RunRemediationPolicyInput,
    RunRemediationPolicyPayload,
    UpdateRemediationPolicyInput,
    UpdateRemediationPolicyPayload,
)

WHAT = strawberry.argument(description=WHAT_FOR)
BY_NAME = Keyset((("name", 1),))
NEWEST_FIRST = Keyset((("created_at", -1),))
PolicyId = Annotated[strawberry.ID, strawberry.argument(description="Global id of the policy.")]
OfPolicy = Annotated[strawberry.ID | None, strawberry.argument(description="Of this policy only.")]


@strawberry.type
class RemediationPolicyQueries:
    @query(
        Connection[RemediationPolicy],
        may=Permission.REMEDIATIONS_READ,
        description="Policies that have remediations planned by themselves, by name.",
    )
    async def remediation_policies(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope, pager = within(info.context.scope, organization_id), info.context.ports.pager
        return await pager.page(info, documents.RemediationPolicy, scope, {}, BY_NAME, first=first, after=after)

    @query(RemediationPolicy, may=Permission.REMEDIATIONS_READ, description="A policy of remediations.")
    async def remediation_policy(self, info: Info, id: PolicyId) -> Any:
        return await policy_of(info.context, id)

    @query(
        Connection[RemediationPolicyRun],
        may=Permission.REMEDIATIONS_READ,
        description="Runs of policies, the newest first; they are kept for 400 days.",
    )
    async def remediation_policy_runs(
        self,
        info: Info,
        policy_id: OfPolicy = None,
        organization_id: InOrganization = None,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        scope, where = within(info.context.scope, organization_id), {}
        if policy_id is not None:
            policy = await policy_of(info.context, policy_id)
            scope, where = scope.narrowed(str(policy.org_id)), {"policy_id": policy.id}
        pager = info.context.ports.pager
        return await pager.page(
            info, documents.RemediationPolicyRun, scope, where, NEWEST_FIRST, first=first, after=after
        )


@strawberry.type
class RemediationPolicyMutations:
    @mutation(
        CreateRemediationPolicyPayload,
        may=Permission.REMEDIATIONS_MANAGE,
        audit="remediation_policy.create",
        step_up=True,
        description="Make a policy. Its first run of each rule only plans.",
    )
    async def create_remediation_policy(self, info: Info, input: Annotated[CreateRemediationPolicyInput, WHAT]) -> Any:
        context, org_id = info.context, info.context.organization(input.organization_id)
        policy = await _made(context, context.scope.narrowed(org_id), input)

        async def change(tx: Transaction) -> documents.RemediationPolicy:
            await add_policy(policy, tx.session)
            tx.audit(policy.org_id, target=f"remediation_policy:{policy.id}", after=audited(policy))
            return policy

        return await _named(context, change, input.name)

    @mutation(
        UpdateRemediationPolicyPayload,
        may=Permission.REMEDIATIONS_MANAGE,
        audit="remediation_policy.update",
        step_up=True,
        description="Change a policy. What it has approved and has not begun is void; its next run of each rule only "
        "plans.",
    )
    async def update_remediation_policy(self, info: Info, input: Annotated[UpdateRemediationPolicyInput, WHAT]) -> Any:
        context = info.context
        policy = await policy_of(context, input.policy_id)
        made = await _made(context, context.scope.narrowed(str(policy.org_id)), input)
        fields = made.model_dump(exclude={"id", "revision_id", "org_id", "created_at", "version", "shown"})

        async def change(tx: Transaction) -> documents.RemediationPolicy:
            changed = await change_policy(policy, fields, input.expected_version, tx.session)
            target = f"remediation_policy:{policy.id}"
            tx.audit(policy.org_id, target=target, before=audited(policy), after=audited(changed))
            return changed

        return await _named(context, change, input.name)

    @mutation(
        DeleteRemediationPolicyPayload,
        may=Permission.REMEDIATIONS_MANAGE,
        audit="remediation_policy.delete",
        step_up=True,
        description="Delete a policy. What it has had planned waits for people; what it has approved and has not begun "
        "is void.",
    )
    async def delete_remediation_policy(self, info: Info, input: Annotated[DeleteRemediationPolicyInput, WHAT]) -> Any:
        policy = await policy_of(info.context, input.policy_id)

        async def change(tx: Transaction) -> str:
            await delete_policy(policy, input.expected_version, tx.session)
            tx.audit(policy.org_id, target=f"remediation_policy:{policy.id}", before=audited(policy))
            return global_id("RemediationPolicy", policy.id)

        return await info.context.ports.writer.commit(change)

    @mutation(
        RunRemediationPolicyPayload,
        may=Permission.REMEDIATIONS_MANAGE,
        audit="remediation_policy.run",
        step_up=True,
        description="Run a policy now over all it takes, whatever its triggers. Who asks for that approves none of the "
        "plans.",
    )
    async def run_remediation_policy(self, info: Info, input: Annotated[RunRemediationPolicyInput, WHAT]) -> Any:
        context, person = info.context, person_of(info.context)
        policy = await policy_of(context, input.policy_id)
        await _can_run(policy)
        run = documents.RemediationPolicyRun(
            org_id=policy.org_id,
            policy_id=ObjectId(str(policy.id)),
            policy_version=policy.version,
            key=f"person:{ObjectId()}",
            cause=PolicyCause.PERSON,
            planned_for=context.now(),
            asked_by=person,
            is_dry=input.is_dry,
            created_at=context.now(),
        )

        async def change(tx: Transaction) -> documents.RemediationPolicyRun:
            opened = await open_policy_run(run, tx.session)
            ask_policy_run(tx, opened)
            after = {"run": str(opened.id), "is_dry": opened.is_dry, "version": policy.version}
            tx.audit(policy.org_id, target=f"remediation_policy:{policy.id}", after=after)
            return opened

        return await context.ports.writer.commit(change)


async def policy_of(context: Context, id: str) -> documents.RemediationPolicy:
    """Raises NotFound, also for one out of reach."""
    return await documents.RemediationPolicy.get_in(context.scope, local_id("RemediationPolicy", id))


async def _can_run(policy: documents.RemediationPolicy) -> None:
    if not policy.is_enabled:
        raise Conflict("The policy is switched off: switch it on first.", path=("input", "policyId"), current=policy)
    if await is_stopped(policy.org_id):
        raise Conflict("Remediations are stopped: let them go on with stopRemediations first.")


async def _made(context: Context, scope: Scope, input: PolicyFields) -> documents.RemediationPolicy:
    """The policy as it would be stored. Raises Invalid for what does not fit, NotFound for an account."""
    org_id, at = ObjectId(scope.only()), context.now()
    _check_rules(input.rule_ids)
    await _check_triggers(input, org_id)
    made = documents.RemediationPolicy(
        org_id=org_id,
        name=input.name,
        is_enabled=input.is_enabled,
        rule_ids=list(dict.fromkeys(input.rule_ids)),
        account_ids=await known(scope, documents.Account, "Account", input.account_ids),
        tags=[one.fact() for one in input.tags],
        without_tags=[one.fact() for one in input.without_tags],
        least_severity=input.least_severity,
        reason=input.reason,
        triggers=list(dict.fromkeys(input.triggers)),
        schedule=None if input.schedule is None else input.schedule.fact(),
        control_ids=list(dict.fromkeys(input.control_ids)),
        mode=input.mode,
        most_per_run=input.most_per_run,
        most_per_day=input.most_per_day,
        changed_by=person_of(context),
        changed_at=at,
    )
    made.next_run_at = made.due_after(at)
    return made


def _check_rules(rule_ids: list[str]) -> None:
    mended = {rule.id for rule in all_rules() if rule.remedy is not None}
    unknown = sorted(set(rule_ids) - mended)
    if unknown:
        said = f"No remedy belongs to {', '.join(unknown[:5])}: choose rules of which remediationRules shows a remedy."
        raise Invalid(said, path=("input", "ruleIds"))


async def _check_triggers(input: PolicyFields, org_id: ObjectId) -> None:
    is_timed = PolicyTrigger.SCHEDULE in input.triggers
    if is_timed is not (input.schedule is not None):
        said = "Say when it runs." if is_timed else "Leave the schedule out, or add SCHEDULE to the triggers."
        raise Invalid(said, path=("input", "schedule"))
    if input.control_ids and PolicyTrigger.CONTROL not in input.triggers:
        raise Invalid("Leave the controls out, or add CONTROL to the triggers.", path=("input", "controlIds"))
    await known_controls(input.control_ids, "controlIds", org_id)
    useless = sorted(one for one in input.control_ids if rules_that_mend(one).isdisjoint(input.rule_ids))
    if useless:
        said = f"None of the rules mends {', '.join(useless[:5])}: leave it out, or add a rule that does."
        raise Invalid(said, path=("input", "controlIds"))


async def _named(context: Context, change: Any, name: str) -> Any:
    try:
        return await context.ports.writer.commit(change)
    except DuplicateKeyError as error:
        said = f"There is a policy called {name} already: choose another name."
        raise Conflict(said, path=("input", "name")) from error
