"""Checks of controls: list them, their history and what controls say; have them judged; follow what changes."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId
from bson import ObjectId

import documents
from auth.permission import Permission
from documents.check_change import change_of
from documents.job_progress import announce_job
from documents.page import Keyset
from documents.transaction import Transaction
from domain.errors import Conflict
from domain.facts.event import LoggedEvent
from domain.facts.job import JobKind, JobProgress, JobState
from domain.facts.scope import Scope
from jobs.queue import ask_wanted_checks
from resolvers.context import Info
from resolvers.feed import LiveFeed
from resolvers.fields import mutation, query, subscription
from resolvers.governing import known_controls
from schema.arguments import FeedAfter, InAccount, InOrganization
from schema.check import (
    Check,
    CheckChange,
    CheckFilter,
    ControlFeed,
    ControlState,
    ControlStateFilter,
    ControlStatusChanged,
    RunChecksInput,
    RunChecksPayload,
)
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import global_id, local_id
from schema.scalars import Cursor

BY_CONTROL = Keyset((("control_id", 1),))
NEWEST_FIRST = Keyset((("at", -1),))


@strawberry.type
class CheckQueries:
    @query(
        Connection[Check],
        may=Permission.COMPLIANCE_READ,
        description="What is said of each control in each account, by control. They are judged after every sync, by "
        "the clock, and with runChecks.",
    )
    async def checks(
        self,
        info: Info,
        filter: Annotated[CheckFilter | None, strawberry.argument(description="Which ones; all when left out.")] = None,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        scope, where = _narrowed(info.context.scope, filter), _where(filter)
        if filter and filter.account_id is not None:
            account = await documents.Account.get_in(scope, local_id("Account", filter.account_id))
            scope, where["account_id"] = scope.narrowed(str(account.org_id)), account.id
        return await info.context.ports.pager.page(
            info, documents.Check, scope, where, BY_CONTROL, first=first, after=after
        )

    @query(
        Connection[CheckChange],
        may=Permission.COMPLIANCE_READ,
        description="How a check has changed, the newest change first. Changes are kept for 400 days.",
    )
    async def check_history(
        self,
        info: Info,
        check_id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the check.")],
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        check = await documents.Check.get_in(info.context.scope, local_id("Check", check_id))
        scope, where = info.context.scope.narrowed(str(check.org_id)), {"check_id": check.id}
        return await info.context.ports.pager.page(
            info, documents.CheckChange, scope, where, NEWEST_FIRST, first=first, after=after
        )

    @query(
        Connection[ControlState],
        may=Permission.COMPLIANCE_READ,
        description="What is said of each control as a whole, by control; none before the first round of checks.",
    )
    async def control_states(
        self,
        info: Info,
        filter: Annotated[
            ControlStateFilter | None, strawberry.argument(description="Which ones; all when left out.")
        ] = None,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        scope, where = _narrowed(info.context.scope, filter), _where(filter)
        return await info.context.ports.pager.page(
            info, documents.ControlState, scope, where, BY_CONTROL, first=first, after=after
        )


@strawberry.type
class CheckMutations:
    @mutation(
        RunChecksPayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="checks.run",
        description="Judge controls now by what the last syncs have read, whether they are due or not. To judge what "
        "is there this minute, sync the account: its controls are judged after it.",
    )
    async def run_checks(
        self, info: Info, input: Annotated[RunChecksInput, strawberry.argument(description="What to do it with.")]
    ) -> Any:
        context = info.context
        account = await _account(context.scope, input.account_id)
        org_id = str(account.org_id) if account else context.organization(input.organization_id)
        if account is None:
            org_id = context.scope.narrowed(org_id).only()
        await known_controls(input.control_ids, "controlIds", ObjectId(org_id))
        request_id, account_id = str(PydanticObjectId()), None if account is None else str(account.id)
        waiting = JobProgress(
            kind=JobKind.CHECKS,
            id=request_id,
            subject=f"Account:{account_id}" if account_id else f"Organization:{org_id}",
            state=JobState.QUEUED,
            step="Waiting for a worker",
        )

        async def change(tx: Transaction) -> str:
            tenant = PydanticObjectId(org_id)
            ask_wanted_checks(tx, tenant, request_id, input.control_ids, account_id)
            announce_job(tx, tenant, waiting)
            after = {"controls": input.control_ids, "account": account_id}
            tx.audit(tenant, target=f"checks:{request_id}", after=after)
            return global_id("Job", f"{JobKind.CHECKS}:{request_id}")

        return await context.ports.writer.commit(change)


async def _account(scope: Scope, id: str | None) -> documents.Account | None:
    """Raises NotFound, and Conflict for an account that is not connected."""
    if id is None:
        return None
    account = await documents.Account.get_in(scope, local_id("Account", id))
    if not account.is_connected:
        raise Conflict("This account is not connected. Connect it first with connectAccount.")
    return account


@strawberry.type
class CheckSubscriptions:
    @subscription(
        ControlFeed,
        may=Permission.COMPLIANCE_READ,
        description="Checks that come to say something else, with what their control says since. With `after`, first "
        "what happened since; each change once, in order.",
    )
    async def control_status_changed(
        self,
        info: Info,
        after: FeedAfter = None,
        account_id: InAccount = None,
        organization_id: InOrganization = None,
    ) -> AsyncIterator[Any]:
        context = info.context
        scope, only = context.scope, None
        if organization_id is not None:
            scope = scope.narrowed(local_id("Organization", organization_id))
        if account_id is not None:
            account = await documents.Account.get_in(scope, local_id("Account", account_id))
            scope, only = scope.narrowed(str(account.org_id)), account.id

        def wanted(event: LoggedEvent) -> bool:
            is_change = event.type == "ControlStatusChanged"
            return is_change and (only is None or event.payload["account_id"] == only)

        def message(event: LoggedEvent, cursor: Cursor) -> ControlStatusChanged:
            return ControlStatusChanged(cursor=cursor, at=event.at, change=change_of(event))

        key = ("controlStatusChanged", only)
        return LiveFeed(context, scope.org_ids, after, key=key, wants=wanted, message=message)


def _narrowed(scope: Scope, filter: CheckFilter | ControlStateFilter | None) -> Scope:
    if filter is None or filter.organization_id is None:
        return scope
    return scope.narrowed(local_id("Organization", filter.organization_id))


def _where(filter: CheckFilter | ControlStateFilter | None) -> dict[str, Any]:
    chosen = {
        "status": getattr(filter, "statuses", None),
        "integration": getattr(filter, "integrations", None),
        "control_id": getattr(filter, "control_ids", None),
    }
    return {name: {"$in": [str(value) for value in values]} for name, values in chosen.items() if values is not None}
