"""What people know of commitments: list it, set it, forget it."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

import strawberry
from bson import ObjectId

import documents
from auth.permission import Permission
from documents.commitment import remove_term, set_term
from documents.page import Keyset
from documents.transaction import Transaction
from domain.errors import Conflict, Invalid
from resolvers.context import Info
from resolvers.fields import mutation, query
from schema import commitment as shapes
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id

NEXT_TO_END = Keyset((("ends_on", 1),))
AUDITED = {"native_id", "name", "starts_on", "ends_on", "payment", "note"}
WHAT = "What to do it with."


@strawberry.type
class CommitmentTermQueries:
    @query(
        Connection[shapes.CommitmentTerm],
        may=Permission.COSTS_READ,
        description="What people entered of commitments in reach, the next to end first.",
    )
    async def commitment_terms(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope = info.context.scope
        if organization_id:
            scope = scope.narrowed(local_id("Organization", organization_id))
        pager = info.context.ports.pager
        return await pager.page(info, documents.CommitmentTerm, scope, {}, NEXT_TO_END, first=first, after=after)


@strawberry.type
class CommitmentTermMutations:
    @mutation(
        shapes.SetCommitmentTermPayload,
        may=Permission.COSTS_MANAGE,
        audit="commitment_term.set",
        description="Say what is known of a commitment: when it ends, how it is paid. Again changes it.",
    )
    async def set_commitment_term(
        self, info: Info, input: Annotated[shapes.SetCommitmentTermInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        if input.starts_on is not None and input.ends_on <= input.starts_on:
            raise Invalid("It must end after it starts.", path=("input", "endsOn"))
        term = documents.CommitmentTerm(
            org_id=ObjectId(context.organization(input.organization_id)),
            **input.model_dump(include={"native_id", "name", "payment", "note"}),
            starts_on=None if input.starts_on is None else _midnight(input.starts_on),
            ends_on=_midnight(input.ends_on),
        )

        async def change(tx: Transaction) -> documents.CommitmentTerm:
            before, after = await set_term(term, input.expected_version, tx.session)
            tx.audit(after.org_id, target=f"commitment_term:{after.id}", before=_told(before), after=_told(after))
            return after

        return await context.ports.writer.commit(change)

    @mutation(
        shapes.RemoveCommitmentTermPayload,
        may=Permission.COSTS_MANAGE,
        audit="commitment_term.remove",
        description="Forget what people entered of a commitment; what syncs see of it counts again.",
    )
    async def remove_commitment_term(
        self, info: Info, input: Annotated[shapes.RemoveCommitmentTermInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id = info.context, local_id("CommitmentTerm", input.term_id)

        async def change(tx: Transaction) -> documents.CommitmentTerm:
            term = await documents.CommitmentTerm.get_in(context.scope, id, session=tx.session)
            if input.expected_version not in (None, term.version):
                raise Conflict("It was changed in the meantime: look at it again.", current=term)
            await remove_term(term, tx.session)
            tx.audit(term.org_id, target=f"commitment_term:{id}", before=_told(term))
            return term

        return await context.ports.writer.commit(change)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _told(term: documents.CommitmentTerm | None) -> dict[str, Any] | None:
    return None if term is None else term.model_dump(mode="json", include=AUDITED)
