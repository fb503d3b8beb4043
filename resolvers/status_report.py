"""Summaries that are sent by the clock: make, change and delete them, send one now, list them."""

from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId
from pymongo.errors import DuplicateKeyError

import documents
from auth.permission import Permission
from documents.channel import Channel
from documents.page import Keyset
from documents.status_report import ask_report, change_report, delete_report
from documents.transaction import Transaction
from domain.errors import Conflict, Invalid
from domain.facts.scope import Scope
from domain.status.schedule import zone_of
from resolvers.context import Context, Info
from resolvers.fields import mutation, query
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id
from schema.status_report import (
    CreateStatusReportInput,
    CreateStatusReportPayload,
    DeleteStatusReportPayload,
    SendStatusReportInput,
    SendStatusReportPayload,
    StatusReport,
    StatusReportInput,
    UpdateStatusReportInput,
    UpdateStatusReportPayload,
)

WHAT = "What to do it with."
BY_NAME = Keyset((("name", 1),))
PLAIN = ("name", "kinds", "every", "weekday", "at", "zone", "is_paused")
AUDITED = {*PLAIN, "channel_id"}
ZONE = ("input", "zone")


@strawberry.type
class StatusReportQueries:
    @query(Connection[StatusReport], may=Permission.CHANNELS_READ, description="Scheduled summaries in reach, by name.")
    async def status_reports(self, info: Info, first: First = DEFAULT_FIRST, after: After = None) -> Any:
        context = info.context
        return await context.ports.pager.page(
            info, documents.StatusReport, context.scope, {}, BY_NAME, first=first, after=after
        )


@strawberry.type
class StatusReportMutations:
    @mutation(
        CreateStatusReportPayload,
        may=Permission.CHANNELS_MANAGE,
        audit="status_report.create",
        description="Have a summary sent to a channel every day or week.",
    )
    async def create_status_report(
        self, info: Info, input: Annotated[CreateStatusReportInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        scope = context.scope.narrowed(context.organization(input.organization_id))
        zone_of(input.zone, ZONE)
        report = documents.StatusReport(
            org_id=PydanticObjectId(scope.only()),
            name=input.name,
            channel_id=await _channel(scope, input.channel_id),
            kinds=input.kinds,
            every=input.every,
            weekday=input.weekday,
            at=input.at,
            zone=input.zone,
        )
        report.next_at = report.due_after(context.now())

        async def change(tx: Transaction) -> documents.StatusReport:
            await report.insert(session=tx.session)
            tx.audit(report.org_id, target=_target(report), after=_audited(report))
            return report

        try:
            return await context.ports.writer.commit(change)
        except DuplicateKeyError as error:
            raise _taken(input.name) from error

    @mutation(
        UpdateStatusReportPayload,
        may=Permission.CHANNELS_MANAGE,
        audit="status_report.update",
        description="Change a scheduled summary, pause it, or let it go on.",
    )
    async def update_status_report(
        self, info: Info, input: Annotated[UpdateStatusReportInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        report = await _report(context, input.status_report_id)
        changes = await _changes(context, report, input)

        async def change(tx: Transaction) -> documents.StatusReport:
            changed = await change_report(report, changes, input.expected_version, tx.session)
            tx.audit(report.org_id, target=_target(report), before=_audited(report), after=_audited(changed))
            return changed

        try:
            return await context.ports.writer.commit(change)
        except DuplicateKeyError as error:
            raise _taken(input.name or "") from error

    @mutation(
        DeleteStatusReportPayload,
        may=Permission.CHANNELS_MANAGE,
        audit="status_report.delete",
        description="Send a summary no more.",
    )
    async def delete_status_report(
        self, info: Info, input: Annotated[StatusReportInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        report = await _report(info.context, input.status_report_id)

        async def change(tx: Transaction) -> documents.StatusReport:
            await delete_report(report, tx.session)
            tx.audit(report.org_id, target=_target(report), before=_audited(report))
            return report

        return await info.context.ports.writer.commit(change)

    @mutation(
        SendStatusReportPayload,
        may=Permission.CHANNELS_MANAGE,
        audit="status_report.send",
        description="Send a summary now, beside its times.",
    )
    async def send_status_report(
        self, info: Info, input: Annotated[SendStatusReportInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        report = await _report(info.context, input.status_report_id)

        async def change(tx: Transaction) -> documents.StatusReport:
            ask_report(tx, report)
            tx.audit(report.org_id, target=_target(report))
            return report

        return await info.context.ports.writer.commit(change)


async def _report(context: Context, id: str) -> documents.StatusReport:
    return await documents.StatusReport.get_in(context.scope, local_id("StatusReport", id))


async def _changes(context: Context, report: documents.StatusReport, input: UpdateStatusReportInput) -> dict[str, Any]:
    """What to store: what was given, and when it is due then. Raises Invalid when nothing was."""
    changes: dict[str, Any] = {name: value for name in PLAIN if (value := getattr(input, name)) is not None}
    if input.channel_id is not None:
        changes["channel_id"] = await _channel(context.scope.narrowed(str(report.org_id)), input.channel_id)
    if not changes:
        raise Invalid("Say what to change.", path=("input",))
    zone_of(changes.get("zone", report.zone), ZONE)
    due = report.model_copy(update=changes).due_after(context.now())
    return {**changes, "next_at": due, "problem": None}


async def _channel(scope: Scope, id: str) -> PydanticObjectId:
    """A channel of the organization. Raises NotFound."""
    channel = await Channel.get_in(scope, local_id("Channel", id))
    assert channel.id is not None  # noqa: S101 - it was just read; this tells the type checker
    return channel.id


def _audited(report: documents.StatusReport) -> dict[str, Any]:
    told: dict[str, Any] = report.model_dump(mode="json", include=AUDITED)
    return told


def _target(report: documents.StatusReport) -> str:
    return f"status_report:{report.id}"


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a report called {name} already: choose another name.", path=("input", "name"))
