"""Milestones of frameworks: save what one stands at, list, compare and delete them."""

from collections.abc import Mapping
from typing import Annotated, Any

import strawberry
from bson import ObjectId

import documents
from auth.permission import Permission
from documents.framework import framework_of
from documents.milestone import add_milestone, delete_milestone
from documents.page import Keyset
from documents.transaction import Transaction
from domain.compliance.registry import all_controls
from domain.compliance.score import score_of, standing_of, weights_of
from domain.errors import Invalid
from domain.facts.compliance import CheckStatus
from resolvers.compliance_score import OfFramework
from resolvers.context import Info
from resolvers.fields import mutation, query
from resolvers.routing import WHAT
from resolvers.standing import Place
from schema.arguments import InOrganization
from schema.compliance_score import (
    DeleteMilestoneInput,
    DeleteMilestonePayload,
    Milestone,
    MilestoneComparison,
    MilestoneDifference,
    SaveMilestoneInput,
    SaveMilestonePayload,
)
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.directives import Cost
from schema.node import local_id

NEWEST_FIRST = Keyset((("saved_at", -1),))
AUDITED = {"framework", "name", "note", "ratio"}
MilestoneId = Annotated[strawberry.ID, strawberry.argument(description="Global id of the milestone.")]
OtherId = Annotated[strawberry.ID | None, strawberry.argument(description="The other one; left out: now.")]


@strawberry.type
class MilestoneQueries:
    @query(
        Connection[Milestone],
        may=Permission.COMPLIANCE_READ,
        description="Milestones in reach, the newest first.",
    )
    async def milestones(
        self,
        info: Info,
        organization_id: InOrganization = None,
        framework: OfFramework = None,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        scope = info.context.scope
        if organization_id:
            scope = scope.narrowed(local_id("Organization", organization_id))
        where = {} if framework is None else {"framework": framework}
        pager = info.context.ports.pager
        return await pager.page(info, documents.Milestone, scope, where, NEWEST_FIRST, first=first, after=after)

    @query(
        MilestoneComparison,
        may=Permission.COMPLIANCE_READ,
        directives=(Cost(weight=5),),
        description="A milestone held against another of the same framework, or against now.",
    )
    async def compare_milestones(self, info: Info, id: MilestoneId, with_id: OtherId = None) -> Any:
        scope = info.context.scope
        before = await documents.Milestone.get_in(scope, local_id("Milestone", id))
        if with_id is None:
            after = await _taken(ObjectId(str(before.org_id)), before.framework, info)
        else:
            after = await documents.Milestone.get_in(scope, local_id("Milestone", with_id))
        if (after.org_id, after.framework) != (before.org_id, before.framework):
            raise Invalid("They are of two frameworks: compare what is of one.", path=("withId",))
        return MilestoneComparison(
            framework=before.framework,
            before=before.ratio,
            after=after.ratio,
            differences=_differences(dict(before.statuses), dict(after.statuses)),
        )


@strawberry.type
class MilestoneMutations:
    @mutation(
        SaveMilestonePayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="milestone.save",
        description="Keep under a name what a framework stands at now, requirement by requirement.",
    )
    async def save_milestone(
        self, info: Info, input: Annotated[SaveMilestoneInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        org_id = ObjectId(info.context.organization(input.organization_id))
        taken = await _taken(org_id, input.framework, info)
        taken.name, taken.note = input.name, input.note

        async def change(tx: Transaction) -> documents.Milestone:
            await add_milestone(taken, tx.session)
            tx.audit(org_id, target=f"milestone:{taken.id}", after=taken.model_dump(include=AUDITED))
            return taken

        return await info.context.ports.writer.commit(change)

    @mutation(
        DeleteMilestonePayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="milestone.delete",
        description="Delete a milestone.",
    )
    async def delete_milestone(
        self, info: Info, input: Annotated[DeleteMilestoneInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id = info.context, local_id("Milestone", input.milestone_id)

        async def change(tx: Transaction) -> documents.Milestone:
            found = await documents.Milestone.get_in(context.scope, id, session=tx.session)
            await delete_milestone(found, tx.session)
            tx.audit(found.org_id, target=f"milestone:{id}", before=found.model_dump(include=AUDITED))
            return found

        return await context.ports.writer.commit(change)


async def _taken(org_id: ObjectId, key: str, info: Info) -> documents.Milestone:
    """What the framework stands at now, without a name. Raises NotFound for a framework that is not there."""
    framework = await framework_of(org_id, key)
    said = await Place(org_id).statuses(framework.findings)
    score = score_of(weights_of(all_controls(), framework), said)
    return documents.Milestone(
        org_id=org_id,
        framework=key,
        name="",
        saved_by=info.context.scope.actor,
        saved_at=info.context.now(),
        ratio=score.ratio,
        assessed=score.assessed,
        total=score.total,
        statuses=[(one.id, standing_of(one, said).status) for one in framework.requirements],
    )


def _differences(before: Mapping[str, CheckStatus], after: Mapping[str, CheckStatus]) -> list[MilestoneDifference]:
    keys = dict.fromkeys((*before, *after))
    return [
        MilestoneDifference(key=key, before=before.get(key), after=after.get(key))
        for key in keys
        if before.get(key) != after.get(key)
    ]
