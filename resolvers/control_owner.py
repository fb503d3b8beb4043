"""Owners of controls: list them, and say who it is."""

from typing import Annotated, Any

import strawberry
from bson import ObjectId

import documents
from auth.permission import Permission
from documents.base import object_id
from documents.control_owner import active_member, list_owners, owners_of, set_owner
from documents.page import Keyset
from documents.transaction import Transaction
from jobs.queue import ask_checks_of
from resolvers.context import Info
from resolvers.fields import mutation, query
from resolvers.governing import any_of, known_controls, within
from resolvers.routing import WHAT
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.control_owner import (
    ControlOwner,
    ControlOwnerFilter,
    ControlOwners,
    SetControlOwnerInput,
    SetControlOwnerPayload,
)
from schema.node import local_id

BY_CONTROL = Keyset((("control_id", 1),))
# The control that says whether every control has an owner.
JUDGED_BY = "CW-GOV-02"
ChosenOwners = Annotated[ControlOwnerFilter | None, strawberry.argument(description="Which ones; all when left out.")]


@strawberry.type
class ControlOwnerQueries:
    @query(
        Connection[ControlOwner],
        may=Permission.COMPLIANCE_READ,
        description="Who answers for which control, who stands in, and who signs off its evidence, by control.",
    )
    async def control_owners(
        self, info: Info, filter: ChosenOwners = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope, where, pager = info.context.scope, {}, info.context.ports.pager
        if filter is not None:
            scope, where = within(scope, filter.organization_id), any_of("control_id", filter.control_ids)
            if filter.user_id is not None:
                where["user_id"] = object_id(local_id("User", filter.user_id), "person")
        return await pager.page(info, documents.ControlOwner, scope, where, BY_CONTROL, first=first, after=after)


@strawberry.type
class ControlOwnerMutations:
    @mutation(
        SetControlOwnerPayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="control_owner.set",
        description="Say who answers for controls, stands in, or signs off their evidence; each role has one person.",
    )
    async def set_control_owner(
        self, info: Info, input: Annotated[SetControlOwnerInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        scope = context.scope.narrowed(context.organization(input.organization_id))
        org_id, at, control_ids = ObjectId(scope.only()), context.now(), sorted(set(input.control_ids))
        await known_controls(control_ids, "controlIds", org_id)
        member_id = None if input.member_id is None else object_id(local_id("Member", input.member_id), "member")

        async def change(tx: Transaction) -> list[documents.ControlOwner]:
            user_id = None if member_id is None else await active_member(scope, member_id, tx.session)
            before = await owners_of(org_id, control_ids, input.role, tx.session)
            await set_owner(org_id, control_ids, input.role, user_id, at, tx.session)
            after = await owners_of(org_id, control_ids, input.role, tx.session)
            tx.audit(org_id, target=f"control_owner:{input.role}", before=before, after=after)
            ask_checks_of(tx, org_id, [JUDGED_BY])
            return await list_owners(org_id, control_ids, tx.session)

        return ControlOwners(owners=await context.ports.writer.commit(change))  # type: ignore[arg-type]  # rows
