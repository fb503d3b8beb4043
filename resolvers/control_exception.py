"""Exceptions of controls: ask for them, decide on them, revoke and list them."""

from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId

import documents
from auth.permission import Permission
from documents.control_exception import LONGEST, add_exception
from documents.governed import moved
from documents.page import Keyset
from documents.transaction import Transaction
from domain.errors import Invalid
from domain.facts.governance import ExceptionState
from domain.facts.scope import Scope
from jobs.queue import ask_checks_of
from resolvers.context import Info
from resolvers.fields import mutation, query
from resolvers.governing import any_of, audited, known_controls, person_of, require_another, within
from resolvers.routing import WHAT
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.control_exception import (
    ControlException,
    ControlExceptionFilter,
    DecideControlExceptionInput,
    DecideControlExceptionPayload,
    RequestControlExceptionInput,
    RequestControlExceptionPayload,
    RevokeControlExceptionInput,
    RevokeControlExceptionPayload,
)
from schema.node import local_id

NEWEST_FIRST = Keyset((("created_at", -1),))
ChosenExceptions = Annotated[
    ControlExceptionFilter | None, strawberry.argument(description="Which ones; all when left out.")
]
OPEN = {"$in": [ExceptionState.REQUESTED.value, ExceptionState.APPROVED.value]}


@strawberry.type
class ControlExceptionQueries:
    @query(
        Connection[ControlException],
        may=Permission.COMPLIANCE_READ,
        description="Exceptions of controls, the last that was asked for first.",
    )
    async def control_exceptions(
        self, info: Info, filter: ChosenExceptions = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope, where, pager = info.context.scope, {}, info.context.ports.pager
        if filter is not None:
            scope = within(scope, filter.organization_id)
            where = {**any_of("control_id", filter.control_ids), **any_of("state", filter.states)}
        return await pager.page(info, documents.ControlException, scope, where, NEWEST_FIRST, first=first, after=after)


@strawberry.type
class ControlExceptionMutations:
    @mutation(
        RequestControlExceptionPayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="control_exception.request",
        description="Ask for an exception of a control: for resources, or for everything in an account. It counts once "
        "somebody else has approved it.",
    )
    async def request_control_exception(
        self, info: Info, input: Annotated[RequestControlExceptionInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, person = info.context, person_of(info.context)
        org_id, account_id = await _place(info, input)
        await known_controls([input.control_id], "controlId", org_id)
        starts_at = input.starts_at or context.now()
        if not starts_at < input.ends_at <= starts_at + LONGEST or input.ends_at <= context.now():
            raise Invalid("It must end after it starts, in 366 days at the latest.", path=("input", "endsAt"))
        made = documents.ControlException(
            org_id=org_id,
            account_id=account_id,
            starts_at=starts_at,
            requested_by=person,
            **input.model_dump(include={"control_id", "resources", "reason", "compensating_control", "ends_at"}),
        )

        async def change(tx: Transaction) -> documents.ControlException:
            await add_exception(made, tx.session)
            tx.audit(org_id, target=f"control_exception:{made.id}", after=audited(made))
            return made

        return await context.ports.writer.commit(change)

    @mutation(
        DecideControlExceptionPayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="control_exception.decide",
        description="Approve a request for an exception, or turn it down; never one's own. What it covers is judged "
        "again at once.",
    )
    async def decide_control_exception(
        self, info: Info, input: Annotated[DecideControlExceptionInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, person, now = info.context, person_of(info.context), info.context.now()
        state = ExceptionState.APPROVED if input.is_approved else ExceptionState.REJECTED
        fields = {"state": state.value, "decided_by": person, "decided_at": now, "comment": input.comment}

        async def change(tx: Transaction) -> documents.ControlException:
            before = await _found(context.scope, input.exception_id, tx)
            require_another(person, before.requested_by, "decide on it than who has asked for it")
            where = {"state": ExceptionState.REQUESTED.value}
            return await _changed(tx, before, fields, input.expected_version, where)

        return await context.ports.writer.commit(change)

    @mutation(
        RevokeControlExceptionPayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="control_exception.revoke",
        description="End an exception now, for good, or withdraw a request. What it covered is judged again at once.",
    )
    async def revoke_control_exception(
        self, info: Info, input: Annotated[RevokeControlExceptionInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, person, now = info.context, person_of(info.context), info.context.now()
        fields = {"state": ExceptionState.REVOKED.value, "revoked_by": person, "revoked_at": now}

        async def change(tx: Transaction) -> documents.ControlException:
            before = await _found(context.scope, input.exception_id, tx)
            return await _changed(tx, before, fields, input.expected_version, {"state": OPEN})

        return await context.ports.writer.commit(change)


async def _place(info: Info, input: RequestControlExceptionInput) -> tuple[PydanticObjectId, PydanticObjectId | None]:
    """The organization and the account. Raises NotFound, and Invalid where nothing says what is exempt."""
    scope = info.context.scope
    if input.account_id is None:
        if not input.resources:
            raise Invalid("Name resources, or an account for everything in it.", path=("input", "resources"))
        return PydanticObjectId(scope.narrowed(info.context.organization(input.organization_id)).only()), None
    account = await documents.Account.get_in(
        within(scope, input.organization_id), local_id("Account", input.account_id)
    )
    return account.org_id, account.id


async def _found(scope: Scope, id: str, tx: Transaction) -> documents.ControlException:
    return await documents.ControlException.get_in(scope, local_id("ControlException", id), session=tx.session)


async def _changed(
    tx: Transaction,
    before: documents.ControlException,
    fields: dict[str, Any],
    expected_version: int | None,
    where: dict[str, Any],
) -> documents.ControlException:
    after = await moved(before, fields, expected_version, tx.session, where)
    tx.audit(after.org_id, target=f"control_exception:{after.id}", before=audited(before), after=audited(after))
    if ExceptionState.APPROVED in (before.state, after.state):
        ask_checks_of(tx, after.org_id, [after.control_id])
    return after
