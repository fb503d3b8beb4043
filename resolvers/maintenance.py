"""Maintenance windows: list, make, change and end them."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from bson import ObjectId

import documents
from auth.permission import Permission
from documents.hold import move_window_holds
from documents.maintenance_window import as_window, change_window
from documents.page import Keyset
from documents.transaction import Transaction
from domain.alerting.maintenance import open_until
from domain.errors import Invalid
from domain.facts.scope import Scope
from resolvers.context import Info
from resolvers.fields import mutation, query
from resolvers.routing import NOT_AUDITED, WHAT, known
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.maintenance import (
    CreateMaintenanceWindowInput,
    CreateMaintenanceWindowPayload,
    EndMaintenanceWindowInput,
    EndMaintenanceWindowPayload,
    MaintenanceWindow,
    UpdateMaintenanceWindowInput,
    UpdateMaintenanceWindowPayload,
    WindowFields,
)
from schema.node import local_id

NEWEST_FIRST = Keyset((("starts_at", -1),))


@strawberry.type
class MaintenanceQueries:
    @query(
        Connection[MaintenanceWindow],
        may=Permission.CHANNELS_READ,
        description="Times in which something is worked on, the latest first.",
    )
    async def maintenance_windows(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope = info.context.scope
        if organization_id:
            scope = scope.narrowed(local_id("Organization", organization_id))
        pager = info.context.ports.pager
        return await pager.page(info, documents.MaintenanceWindow, scope, {}, NEWEST_FIRST, first=first, after=after)


@strawberry.type
class MaintenanceMutations:
    @mutation(
        CreateMaintenanceWindowPayload,
        may=Permission.CHANNELS_MANAGE,
        audit="maintenance_window.create",
        description="Say that something is worked on: alerts of it are raised and shown, and people are not told. At "
        "the end each channel gets one summary of what is still open.",
    )
    async def create_maintenance_window(
        self, info: Info, input: Annotated[CreateMaintenanceWindowInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        org_id = context.organization(input.organization_id)
        fields = await _checked(context.scope.narrowed(org_id), input, context.now())
        window = documents.MaintenanceWindow(org_id=ObjectId(org_id), **fields)

        async def change(tx: Transaction) -> documents.MaintenanceWindow:
            await window.add(tx.session)
            tx.audit(window.org_id, target=f"maintenance_window:{window.id}", after=_audited(window))
            return window

        return await context.ports.writer.commit(change)

    @mutation(
        UpdateMaintenanceWindowPayload,
        may=Permission.CHANNELS_MANAGE,
        audit="maintenance_window.update",
        description="Change a maintenance window. What it holds back is told at its new end.",
    )
    async def update_maintenance_window(
        self, info: Info, input: Annotated[UpdateMaintenanceWindowInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id, now = info.context, local_id("MaintenanceWindow", input.window_id), info.context.now()

        async def change(tx: Transaction) -> documents.MaintenanceWindow:
            window = await documents.MaintenanceWindow.get_in(context.scope, id, session=tx.session)
            fields = await _checked(context.scope.narrowed(str(window.org_id)), input, window.starts_at)
            changed = await change_window(window, fields, input.expected_version, tx.session)
            end = open_until(as_window({**changed.model_dump(), "_id": changed.id}), now)
            await move_window_holds(changed.org_id, ObjectId(id), end or now, tx.session)
            tx.audit(window.org_id, target=f"maintenance_window:{id}", before=_audited(window), after=_audited(changed))
            return changed

        return await context.ports.writer.commit(change)

    @mutation(
        EndMaintenanceWindowPayload,
        may=Permission.CHANNELS_MANAGE,
        audit="maintenance_window.end",
        description="End a maintenance window now, for good; what is still open is told within a minute.",
    )
    async def end_maintenance_window(
        self, info: Info, input: Annotated[EndMaintenanceWindowInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id, now = info.context, local_id("MaintenanceWindow", input.window_id), info.context.now()

        async def change(tx: Transaction) -> documents.MaintenanceWindow:
            window = await documents.MaintenanceWindow.get_in(context.scope, id, session=tx.session)
            ended = await change_window(window, {"ended_at": now}, input.expected_version, tx.session)
            await move_window_holds(ended.org_id, ObjectId(id), now, tx.session)
            tx.audit(window.org_id, target=f"maintenance_window:{id}", before=_audited(window), after=_audited(ended))
            return ended

        return await context.ports.writer.commit(change)


async def _checked(scope: Scope, input: WindowFields, start: datetime) -> dict[str, Any]:
    """The fields to store; it starts at `start` unless it says otherwise. Raises Invalid for a window without an end,
    NotFound for an account that is not there.
    """
    starts_at = input.starts_at or start
    if input.ends_at is None and input.weekly is None:
        raise Invalid("Say when it ends, or in which hours of the week it is.", path=("input", "endsAt"))
    if input.ends_at is not None and input.ends_at <= starts_at:
        raise Invalid("It must end after it starts.", path=("input", "endsAt"))
    return {
        **{name: getattr(input, name) for name in ("name", "reason", "resources", "tags", "ends_at")},
        "starts_at": starts_at,
        "account_ids": await known(scope, documents.Account, "Account", input.account_ids),
        "weekly": None if input.weekly is None else input.weekly.fact().model_dump(),
    }


def _audited(window: documents.MaintenanceWindow) -> dict[str, Any]:
    fields: dict[str, Any] = window.model_dump(mode="json", exclude=NOT_AUDITED)
    return fields
