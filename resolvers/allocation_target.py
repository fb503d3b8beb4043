"""Targets of allocation: list, make, change and archive them."""

from typing import Annotated, Any

import strawberry
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

import documents
from auth.permission import Permission
from documents.allocation_rules import rules_in_force
from documents.allocation_target import add_target, all_targets, change_target, hold_targets
from documents.page import Keyset
from documents.transaction import Transaction
from domain.allocation.check import targets_named
from domain.allocation.spelling import folded
from domain.allocation.target import check_parent, path_of
from domain.errors import Conflict, Invalid
from domain.facts import topic
from domain.facts.scope import Scope
from jobs.queue import ask_allocation
from resolvers.context import Info
from resolvers.fields import mutation, query
from schema.allocation_target import (
    AllocationTarget,
    ArchiveAllocationTargetInput,
    ArchiveAllocationTargetPayload,
    CreateAllocationTargetInput,
    CreateAllocationTargetPayload,
    TargetFields,
    UpdateAllocationTargetInput,
    UpdateAllocationTargetPayload,
)
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id

BY_NAME = Keyset((("name", 1),))
WHAT = "What to do it with."
AUDITED = {"kind", "name", "parent_id", "owner", "cost_centre", "aliases", "archived_at"}


@strawberry.type
class AllocationTargetQueries:
    @query(
        Connection[AllocationTarget],
        may=Permission.COSTS_READ,
        description="What costs are allocated to, by name; archived ones too.",
    )
    async def allocation_targets(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope = info.context.scope
        if organization_id:
            scope = scope.narrowed(local_id("Organization", organization_id))
        pager = info.context.ports.pager
        return await pager.page(info, documents.AllocationTarget, scope, {}, BY_NAME, first=first, after=after)


@strawberry.type
class AllocationTargetMutations:
    @mutation(
        CreateAllocationTargetPayload,
        may=Permission.COSTS_MANAGE,
        audit="allocation_target.create",
        description="Make a target that costs can be allocated to.",
    )
    async def create_allocation_target(
        self, info: Info, input: Annotated[CreateAllocationTargetInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        org_id = context.organization(input.organization_id)
        scope = context.scope.narrowed(org_id)

        async def change(tx: Transaction) -> documents.AllocationTarget:
            fields = await _checked(tx, scope, None, input)
            target = documents.AllocationTarget(org_id=ObjectId(org_id), kind=input.kind, **fields)
            await add_target(target, tx.session)
            _told(tx, target)
            tx.audit(target.org_id, target=f"allocation_target:{target.id}", after=_audited(target))
            return target

        return await _named(info, change, input.name)

    @mutation(
        UpdateAllocationTargetPayload,
        may=Permission.COSTS_MANAGE,
        audit="allocation_target.update",
        description="Change a target. Open months are worked out again; closed ones stay as they are.",
    )
    async def update_allocation_target(
        self, info: Info, input: Annotated[UpdateAllocationTargetInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id = info.context, local_id("AllocationTarget", input.target_id)

        async def change(tx: Transaction) -> documents.AllocationTarget:
            target = await documents.AllocationTarget.get_in(context.scope, id, session=tx.session)
            fields = await _checked(tx, context.scope.narrowed(str(target.org_id)), id, input)
            changed = await change_target(target, fields, input.expected_version, tx.session)
            _told(tx, changed)
            before, after = _audited(target), _audited(changed)
            tx.audit(target.org_id, target=f"allocation_target:{id}", before=before, after=after)
            return changed

        return await _named(info, change, input.name)

    @mutation(
        ArchiveAllocationTargetPayload,
        may=Permission.COSTS_MANAGE,
        audit="allocation_target.archive",
        description="Let a target take no more costs. What it owes of closed months stays. Refused while a rule names "
        "it, or something that is not archived is a part of it.",
    )
    async def archive_allocation_target(
        self, info: Info, input: Annotated[ArchiveAllocationTargetInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id = info.context, local_id("AllocationTarget", input.target_id)

        async def change(tx: Transaction) -> documents.AllocationTarget:
            target = await documents.AllocationTarget.get_in(context.scope, id, session=tx.session)
            await _check_unused(tx, context.scope.narrowed(str(target.org_id)), target)
            changes = {"archived_at": target.archived_at or context.now()}
            changed = await change_target(target, changes, input.expected_version, tx.session)
            _told(tx, changed)
            before, after = _audited(target), _audited(changed)
            tx.audit(target.org_id, target=f"allocation_target:{id}", before=before, after=after)
            return changed

        return await context.ports.writer.commit(change)


async def _checked(tx: Transaction, scope: Scope, id: str | None, input: TargetFields) -> dict[str, Any]:
    """The fields to store. Raises Invalid for a place in the tree that cannot be, NotFound for an unknown parent."""
    spelling = folded(input.name)
    if not spelling:
        raise Invalid("A name has letters or digits.", path=("input", "name"))
    parent_id = None
    if input.parent_id is not None:
        local = local_id("AllocationTarget", input.parent_id)
        parent_id = (await documents.AllocationTarget.get_in(scope, local, session=tx.session)).id
        parents = {
            str(one.id): None if one.parent_id is None else str(one.parent_id)
            for one in await all_targets(scope, session=tx.session)
        }
        check_parent(id, local, parents)
        await hold_targets(path_of(local, parents), tx.session)
    plain = {name: getattr(input, name) for name in ("name", "owner", "cost_centre", "aliases")}
    return {**plain, "spelling": spelling, "parent_id": parent_id}


async def _check_unused(tx: Transaction, scope: Scope, target: documents.AllocationTarget) -> None:
    rules = await rules_in_force(scope, session=tx.session)
    if rules is not None and str(target.id) in targets_named(rules.rules):
        raise Conflict("A rule names this target: save rules without it first.", current=target)
    part = await documents.AllocationTarget.find_in(
        scope, {"parent_id": target.id, "archived_at": None}, session=tx.session
    )
    if part is not None:
        raise Conflict(f"{part.name} is a part of this target: archive it first, or move it.", current=target)


def _told(tx: Transaction, target: documents.AllocationTarget) -> None:
    """Names stand in answers that are kept until something is announced."""
    told = {"target_id": str(target.id)}
    tx.announce(target.org_id, topic.costs(target.org_id), "AllocationTargetChanged", told)
    ask_allocation(tx, ObjectId(target.org_id))


async def _named(info: Info, change: Any, name: str) -> Any:
    try:
        return await info.context.ports.writer.commit(change)
    except DuplicateKeyError as error:
        raise Conflict(
            f"There is a target of this kind called {name} already, perhaps spelled otherwise: choose another name.",
            path=("input", "name"),
        ) from error


def _audited(target: documents.AllocationTarget) -> dict[str, Any]:
    fields: dict[str, Any] = target.model_dump(mode="json", include=AUDITED)
    return fields
