"""How an entry of any register is listed and recorded: made, or replaced as a whole, by whoever may manage it."""

from collections.abc import Callable, Mapping
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId

import documents
from documents.base import object_id
from documents.page import Keyset
from documents.register_entry import replace_entry
from documents.transaction import Transaction
from domain.errors import NotFound
from domain.facts.scope import Scope
from jobs.queue import ask_checks_of
from resolvers.context import Info
from schema.node import local_id
from schema.register import EntryInput

AS_MADE = Keyset(())
NOT_AUDITED = {"id", "revision_id", "org_id", "created_at", "changed_at", "changed_by", "looks", "looked_at"}
Fields = Mapping[str, Any]


async def recorded(
    info: Info,
    document: type[Any],
    input: EntryInput,
    fields: Fields,
    control_ids: list[str],
    settle: Callable[[Any], Fields] | None = None,
    ask: Callable[[Transaction, Any], None] | None = None,
) -> Any:
    """The entry as it is stored now, once its controls are asked to be judged.

    `fields` are its own; `settle` gives those that hang on the entry as it was, which is None for a new one. A member
    in `owner_id` is looked up. `ask` asks for more work on the entry as it is now. Raises NotFound, and Conflict for
    another version.
    """
    context = info.context
    id = None if input.id is None else local_id(document.__name__, input.id)
    org_id = "" if id else context.organization(input.organization_id)

    async def change(tx: Transaction) -> Any:
        before = None if id is None else await document.get_in(context.scope, id, session=tx.session)
        tenant = ObjectId(org_id) if before is None else before.org_id
        scope = context.scope.narrowed(str(tenant))
        whole = {**fields, **_mark(info, input, before), **(settle(before) if settle else {})}
        if whole.get("owner_id") is not None:
            whole["owner_id"] = await _person(scope, whole["owner_id"])
        if before is None:
            after = document(org_id=tenant, **whole)
            await after.add(tx.session)
        else:
            after = await replace_entry(before, whole, input.expected_version, tx.session)
        if control_ids:
            ask_checks_of(tx, ObjectId(tenant), control_ids)
        if ask is not None:
            ask(tx, after)
        noun = document.noun.replace(" ", "_")
        tx.audit(tenant, target=f"{noun}:{after.id}", before=before and _audited(before), after=_audited(after))
        return after

    return await context.ports.writer.commit(change)


def _mark(info: Info, input: EntryInput, before: Any) -> Fields:
    """Who records it and when, and since when it is retired."""
    now = info.context.now()
    since = None if before is None else before.retired_at
    retired_at = (since or now) if input.is_retired else None
    return {"changed_at": now, "changed_by": info.context.scope.actor, "retired_at": retired_at}


async def _person(scope: Scope, member: str) -> PydanticObjectId:
    """The person behind a member in force. Raises NotFound."""
    id = object_id(local_id("Member", member), "member")
    found = (await documents.Membership.rows_by_id(scope, [id])).get(id)
    if found is None or found.deactivated_at is not None:
        raise NotFound.of("member")
    return PydanticObjectId(found.user_id)


def _audited(entry: Any) -> dict[str, Any]:
    fields: dict[str, Any] = entry.model_dump(mode="json", exclude=NOT_AUDITED)
    return fields
