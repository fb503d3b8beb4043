"""Remediations: plan, approve, cancel, take back, list, follow."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.page import Keyset
from documents.remediation import add_remediation, announce_remediation, remediation_of
from documents.remediation_act import approve, as_audited, cancel, roll_back
from documents.transaction import Transaction
from domain.errors import Conflict, Invalid
from domain.facts.event import LoggedEvent
from domain.facts.finding import FindingState
from domain.rules.registry import get_rule
from jobs.queue import ask_remediation
from resolvers.context import Context, Info
from resolvers.feed import LiveFeed
from resolvers.fields import mutation, query, subscription
from resolvers.governing import any_of, person_of, within
from resolvers.routing import WHAT as WHAT_FOR
from schema.arguments import FeedAfter, InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id
from schema.remediation import (
    ApproveRemediationInput,
    ApproveRemediationPayload,
    CancelRemediationInput,
    CancelRemediationPayload,
    PlanRemediationInput,
    PlanRemediationPayload,
    Remediation,
    RemediationCall,
    RemediationChanged,
    RemediationFeed,
    RemediationFilter,
    RollBackRemediationInput,
    RollBackRemediationPayload,
)
from schema.scalars import Cursor

NEWEST_FIRST = Keyset((("created_at", -1),))
WHAT = strawberry.argument(description=WHAT_FOR)
IN_ORDER = Keyset((("number", 1),))
RemediationId = Annotated[strawberry.ID, strawberry.argument(description="Global id of the remediation.")]
Chosen = Annotated[RemediationFilter | None, strawberry.argument(description="Which ones; all when left out.")]


@strawberry.type
class RemediationQueries:
    @query(Connection[Remediation], may=Permission.REMEDIATIONS_READ, description="Remediations, the newest first.")
    async def remediations(
        self, info: Info, filter: Chosen = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope, where, pager = info.context.scope, {}, info.context.ports.pager
        if filter is not None:
            scope = within(scope, filter.organization_id)
            where = {**any_of("state", filter.states), **any_of("rule_id", filter.rule_ids)}
            if filter.account_id is not None:
                account = await documents.Account.get_in(scope, local_id("Account", filter.account_id))
                scope, where["account_id"] = scope.narrowed(str(account.org_id)), account.id
        return await pager.page(info, documents.Remediation, scope, where, NEWEST_FIRST, first=first, after=after)

    @query(Remediation, may=Permission.REMEDIATIONS_READ, description="A remediation.")
    async def remediation(self, info: Info, id: RemediationId) -> Any:
        return await _remediation(info.context, id)

    @query(
        Connection[RemediationCall],
        may=Permission.REMEDIATIONS_READ,
        description="Every call that was made to change something, in order, with what was sent and answered.",
    )
    async def remediation_calls(
        self, info: Info, remediation_id: RemediationId, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        remediation = await _remediation(info.context, remediation_id)
        scope, where = info.context.scope.narrowed(str(remediation.org_id)), {"remediation_id": remediation.id}
        return await info.context.ports.pager.page(
            info, documents.RemediationCall, scope, where, IN_ORDER, first=first, after=after
        )


@strawberry.type
class RemediationMutations:
    @mutation(
        PlanRemediationPayload,
        may=Permission.REMEDIATIONS_PLAN,
        audit="remediation.plan",
        description="Have it worked out what would mend a finding: a dry run with each exact call, from the state now. "
        "Nothing is changed.",
    )
    async def plan_remediation(self, info: Info, input: Annotated[PlanRemediationInput, WHAT]) -> Any:
        context, person = info.context, person_of(info.context)
        finding = await documents.Finding.get_in(context.scope, local_id("Finding", input.finding_id))
        rule = _mendable(finding)
        resource = await documents.Resource.get_in(context.scope, str(finding.resource_id))
        made = documents.Remediation(
            org_id=finding.org_id,
            account_id=finding.account_id,
            finding_id=finding.id,
            resource_id=finding.resource_id,
            resource_native_id=finding.resource_native_id,
            resource_name=resource.name,
            region=finding.region,
            rule_id=rule.id,
            category=rule.category,
            risk=rule.risk,
            requested_by=person,
            reason=input.reason,
            due_at=context.now(),
            step="Works out what would be done",
        )

        async def change(tx: Transaction) -> documents.Remediation:
            await add_remediation(made, tx.session)
            ask_remediation(tx, made.org_id, made.id, "plan")
            announce_remediation(tx, made)
            tx.audit(made.org_id, target=f"remediation:{made.id}", after=as_audited(made))
            return made

        return await context.ports.writer.commit(change)

    @mutation(
        ApproveRemediationPayload,
        may=Permission.REMEDIATIONS_APPROVE,
        audit="remediation.approve",
        step_up=True,
        description="Approve a plan that waits. Never one's own. It runs with the last approval it needs, if the state "
        "still is the one it was planned from.",
    )
    async def approve_remediation(self, info: Info, input: Annotated[ApproveRemediationInput, WHAT]) -> Any:
        context, person = info.context, person_of(info.context)

        async def change(tx: Transaction) -> documents.Remediation:
            before = await _remediation(context, input.remediation_id, tx)
            moved = await approve(tx, before, person, input.plan_hash, input.reason, "graph", context.now())
            ask_remediation(tx, moved.org_id, moved.id, f"approved-{moved.version}")
            tx.audit(moved.org_id, target=f"remediation:{moved.id}", before=as_audited(before), after=as_audited(moved))
            return moved

        return await context.ports.writer.commit(change)

    @mutation(
        CancelRemediationPayload,
        may=Permission.REMEDIATIONS_PLAN,
        audit="remediation.cancel",
        description="End a remediation. One that runs makes no further step and takes back what it has done.",
    )
    async def cancel_remediation(self, info: Info, input: Annotated[CancelRemediationInput, WHAT]) -> Any:
        context, person = info.context, person_of(info.context)

        async def change(tx: Transaction) -> documents.Remediation:
            before = await _remediation(context, input.remediation_id, tx)
            moved = await cancel(tx, before, person, input.reason, context.now())
            tx.audit(moved.org_id, target=f"remediation:{moved.id}", before=as_audited(before), after=as_audited(moved))
            return moved

        return await context.ports.writer.commit(change)

    @mutation(
        RollBackRemediationPayload,
        may=Permission.REMEDIATIONS_APPROVE,
        audit="remediation.roll_back",
        step_up=True,
        description="Take back what a remediation has done, step by step, the last one first. Nothing is taken back "
        "when the resource has changed since, unless evenIfChanged says so.",
    )
    async def roll_back_remediation(self, info: Info, input: Annotated[RollBackRemediationInput, WHAT]) -> Any:
        context, person, forced = info.context, person_of(info.context), input.even_if_changed

        async def change(tx: Transaction) -> documents.Remediation:
            before = await _remediation(context, input.remediation_id, tx)
            moved = await roll_back(tx, before, person, input.reason, context.now(), even_if_changed=forced)
            ask_remediation(tx, moved.org_id, moved.id, f"rollback-{moved.version}")
            tx.audit(moved.org_id, target=f"remediation:{moved.id}", before=as_audited(before), after=as_audited(moved))
            return moved

        return await context.ports.writer.commit(change)


@strawberry.type
class RemediationSubscriptions:
    @subscription(
        RemediationFeed,
        may=Permission.REMEDIATIONS_READ,
        description="Remediations as they move on, step by step. With `after`, first what happened since; each step "
        "once, in order.",
    )
    async def remediation_changed(
        self, info: Info, after: FeedAfter = None, organization_id: InOrganization = None
    ) -> AsyncIterator[Any]:
        scope = within(info.context.scope, organization_id)

        def wanted(event: LoggedEvent) -> bool:
            return event.type == "RemediationChanged"

        def message(event: LoggedEvent, cursor: Cursor) -> RemediationChanged:
            return RemediationChanged(cursor=cursor, at=event.at, remediation=remediation_of(event))

        key = ("remediationChanged", organization_id)
        return LiveFeed(info.context, scope.org_ids, after, key=key, wants=wanted, message=message)


async def _remediation(context: Context, id: str, tx: Transaction | None = None) -> documents.Remediation:
    session = None if tx is None else tx.session
    return await documents.Remediation.get_in(context.scope, local_id("Remediation", id), session=session)


def _mendable(finding: documents.Finding) -> Any:
    """The rule of the finding. Raises Conflict where there is nothing to mend, Invalid where only people can."""
    if finding.state is FindingState.RESOLVED:
        raise Conflict("This finding is resolved: there is nothing to mend.", current=finding)
    try:
        rule = get_rule(finding.rule_id)
    except KeyError:
        raise Invalid("The rule of this finding is no more.", path=("input", "findingId")) from None
    if rule.remedy is None:
        said = rule.manual or "Nothing is written down yet that would mend it."
        raise Invalid(f"This is not mended by a program. {said}", path=("input", "findingId"))
    return rule
