"""The audit log: list it, verify it, choose how long it is kept, export it."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId

import documents
from auth.download import download_of
from auth.permission import Permission
from documents.audit_export import AuditExportState, export_of
from documents.audit_verification import verify_chain
from documents.file_export import KEPT_FOR
from documents.organization import set_audit_retention
from documents.page import Keyset
from documents.transaction import Transaction
from domain.errors import Conflict, Invalid
from domain.facts.event import LoggedEvent
from jobs.queue import ask_audit_export
from resolvers.context import Info
from resolvers.feed import LiveFeed
from resolvers.fields import mutation, query, subscription
from schema.arguments import FeedAfter, InOrganization
from schema.audit import (
    AuditDownload,
    AuditEntry,
    AuditExport,
    AuditExportFeed,
    AuditExportProgressed,
    AuditFilter,
    AuditVerification,
    ExportAuditInput,
    ExportAuditPayload,
    SetAuditRetentionInput,
    SetAuditRetentionPayload,
)
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.directives import Cost
from schema.node import global_id, local_id
from schema.scalars import Cursor

NEWEST_FIRST = Keyset((("at", -1), ("seq", -1)))
NEWEST_EXPORT_FIRST = Keyset((("created_at", -1),))
# What a request checks one by one; takes about a second. `cloudwatcher verify` checks everything.
MOST_CHECKED = 20_000
WHAT = "What to do it with."
ExportId = Annotated[strawberry.ID, strawberry.argument(description="Global id of the export.")]


@strawberry.type
class AuditQueries:
    @query(
        Connection[AuditEntry],
        may=Permission.AUDIT_READ,
        description="Entries of the audit logs in reach, newest first.",
    )
    async def audit_log(
        self,
        info: Info,
        filter: Annotated[AuditFilter | None, strawberry.argument(description="Which ones; all when left out.")] = None,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        scope = info.context.scope
        if filter and filter.organization_id:
            scope = scope.narrowed(local_id("Organization", filter.organization_id))
        return await info.context.ports.pager.page(
            info, documents.AuditEntry, scope, _where(filter), NEWEST_FIRST, first=first, after=after
        )

    @query(
        AuditVerification,
        may=Permission.AUDIT_READ,
        directives=(Cost(weight=1000),),
        description="Check that the audit log of an organization is as it was written. Of a long log the newest "
        "entries are checked one by one, and the signatures that vouch for the others.",
    )
    async def audit_verification(self, info: Info, organization_id: InOrganization = None) -> Any:
        context = info.context
        org_id = context.organization(organization_id)
        verdict = await verify_chain(PydanticObjectId(org_id), context.ports.audit_keys, at_most=MOST_CHECKED)
        broken = verdict.broken
        return AuditVerification(
            organization_id=global_id("Organization", org_id),
            is_intact=verdict.is_intact,
            broken_seq=broken.seq if broken else None,
            problem=broken.problem if broken else None,
            first_seq=verdict.first_seq,
            last_seq=verdict.last_seq,
            checked_count=verdict.entries,
            segment_count=verdict.segments,
            head_hash=verdict.head_hash,
            public_keys=context.ports.audit_keys.publics,
        )

    @query(
        Connection[AuditExport],
        may=Permission.AUDIT_EXPORT,
        description="Exports of the audit logs in reach, newest first.",
    )
    async def audit_exports(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope = info.context.scope
        if organization_id is not None:
            scope = scope.narrowed(local_id("Organization", organization_id))
        return await info.context.ports.pager.page(
            info, documents.AuditExport, scope, {}, NEWEST_EXPORT_FIRST, first=first, after=after
        )

    @query(AuditExport, may=Permission.AUDIT_EXPORT, description="An export of the audit log.")
    async def audit_export(self, info: Info, id: ExportId) -> Any:
        return await documents.AuditExport.get_in(info.context.scope, local_id("AuditExport", id))

    @query(
        AuditDownload,
        may=Permission.AUDIT_EXPORT,
        description="An address under which the file of a finished export can be fetched for ten minutes.",
    )
    async def audit_download(self, info: Info, id: ExportId) -> Any:
        context = info.context
        export = await documents.AuditExport.get_in(context.scope, local_id("AuditExport", id))
        if export.state is not AuditExportState.SUCCEEDED:
            raise Conflict("This export has no file yet. Follow auditExportProgressed, and ask again when it is done.")
        url, expires_at = context.ports.downloads.make(download_of(export, context.signed_in.actor), context.now())
        return AuditDownload(url=url, expires_at=expires_at)


@strawberry.type
class AuditMutations:
    @mutation(
        ExportAuditPayload,
        may=Permission.AUDIT_EXPORT,
        audit="audit.export",
        description="Make a file of a part of the audit log, with the proof to verify it without us.",
    )
    async def export_audit(
        self, info: Info, input: Annotated[ExportAuditInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        if input.at_before <= input.at_from:
            raise Invalid("atBefore must be later than atFrom.", path=("input", "atBefore"))
        export = documents.AuditExport(
            org_id=context.organization(input.organization_id),
            format=input.format,
            at_from=input.at_from,
            at_before=input.at_before,
            requested_by=context.signed_in.actor,
            expires_at=context.now() + KEPT_FOR,
        )

        async def change(tx: Transaction) -> documents.AuditExport:
            await export.insert(session=tx.session)
            ask_audit_export(tx, export)
            export.announce(tx)
            asked = {"format": export.format, "at_from": export.at_from, "at_before": export.at_before}
            tx.audit(export.org_id, target=f"auditexport:{export.id}", after=asked)
            return export

        return await context.ports.writer.commit(change)

    @mutation(
        SetAuditRetentionPayload,
        may=Permission.ORGANIZATIONS_MANAGE,
        audit="audit.set_retention",
        step_up=True,
        description="Choose how long the audit log is kept. Refused below what an active framework demands.",
    )
    async def set_audit_retention(
        self, info: Info, input: Annotated[SetAuditRetentionInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        org_id = PydanticObjectId(info.context.organization(input.organization_id))

        async def change(tx: Transaction) -> documents.Organization:
            before, after = await set_audit_retention(org_id, input.days, tx.session)
            tx.audit(org_id, target=f"organization:{org_id}", before=_kept(before), after=_kept(after))
            return after

        try:
            return await info.context.ports.writer.commit(change)
        except Invalid as error:
            raise Invalid(error.message, path=("input", *error.path)) from error


@strawberry.type
class AuditSubscriptions:
    @subscription(
        AuditExportFeed,
        may=Permission.AUDIT_EXPORT,
        description="Exports as they move on. With `after`, first what happened since; each step once, in order.",
    )
    async def audit_export_progressed(self, info: Info, after: FeedAfter = None) -> AsyncIterator[Any]:
        def wanted(event: LoggedEvent) -> bool:
            return event.type == "AuditExportProgressed"

        def message(event: LoggedEvent, cursor: Cursor) -> AuditExportProgressed:
            return AuditExportProgressed(cursor=cursor, at=event.at, export=export_of(event))

        key = ("auditExportProgressed",)
        return LiveFeed(info.context, info.context.scope.org_ids, after, key=key, wants=wanted, message=message)


def _kept(organization: documents.Organization) -> dict[str, int]:
    return {"audit_retention_days": organization.audit_retention_days}


def _where(filter: AuditFilter | None) -> dict[str, Any]:
    if filter is None:
        return {}
    chosen = {"actor": filter.actor, "action": filter.action, "target": filter.target}
    where: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
    if filter.outcomes is not None:
        where["outcome"] = {"$in": [outcome.value for outcome in filter.outcomes]}
    limits = {"$gte": filter.at_from, "$lt": filter.at_before}
    if given := {operator: at for operator, at in limits.items() if at is not None}:
        where["at"] = given
    return where
