"""Packs for auditors: ask for one, follow it, get the address of its file."""

from datetime import date, timedelta
from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId

import documents
from auth.permission import Permission
from documents.cost_period import midnight
from documents.file_export import KEPT_FOR
from documents.framework import framework_of
from documents.page import Keyset
from documents.transaction import Transaction
from domain.errors import Invalid
from jobs.queue import ask_audit_pack
from resolvers.context import Context, Info
from resolvers.fields import mutation, query
from resolvers.file_address import file_address
from resolvers.governing import within
from schema.arguments import InOrganization
from schema.audit_pack import AuditPack, AuditPackDownload, RequestAuditPackInput, RequestAuditPackPayload
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id

NEWEST_FIRST = Keyset((("created_at", -1),))
PackId = Annotated[strawberry.ID, strawberry.argument(description="Global id of the pack.")]
# As long as what failed when is kept.
LONGEST = timedelta(days=400)
EARLIEST = date(2000, 1, 1)


@strawberry.type
class AuditPackQueries:
    @query(Connection[AuditPack], may=Permission.EVIDENCE_READ, description="Packs for auditors, newest first.")
    async def audit_packs(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope, pager = within(info.context.scope, organization_id), info.context.ports.pager
        return await pager.page(info, documents.AuditPack, scope, {}, NEWEST_FIRST, first=first, after=after)

    @query(AuditPack, may=Permission.EVIDENCE_READ, description="A pack for auditors.")
    async def audit_pack(self, info: Info, id: PackId) -> Any:
        return await _pack(info.context, id)

    @query(
        AuditPackDownload,
        may=Permission.EVIDENCE_READ,
        description="An address under which the file of a finished pack can be fetched for ten minutes.",
    )
    async def audit_pack_download(self, info: Info, id: PackId) -> Any:
        context = info.context
        pack = await _pack(context, id)
        return AuditPackDownload(**file_address(context, pack, "pack"))


@strawberry.type
class AuditPackMutations:
    @mutation(
        RequestAuditPackPayload,
        may=Permission.EVIDENCE_READ,
        audit="audit_pack.request",
        description="Make a pack for auditors: report, tables, evidence and the program that verifies it, in one zip.",
    )
    async def request_audit_pack(
        self, info: Info, input: Annotated[RequestAuditPackInput, strawberry.argument(description="Of what.")]
    ) -> Any:
        context = info.context
        org_id = PydanticObjectId(context.organization(input.organization_id))
        _check_period(input, context.now().date())
        for framework_id in input.frameworks:
            await framework_of(org_id, framework_id)
        pack = documents.AuditPack(
            org_id=org_id,
            frameworks=sorted(set(input.frameworks)),
            first=midnight(input.first),
            until=midnight(input.until),
            requested_by=context.signed_in.actor,
            expires_at=context.now() + KEPT_FOR,
        )

        async def change(tx: Transaction) -> documents.AuditPack:
            await pack.insert(session=tx.session)
            ask_audit_pack(tx, pack)
            pack.announce(tx)
            asked = pack.model_dump(mode="json", include={"frameworks", "first", "until"})
            tx.audit(org_id, target=f"auditpack:{pack.id}", after=asked)
            return pack

        return await context.ports.writer.commit(change)


async def _pack(context: Context, id: str) -> documents.AuditPack:
    return await documents.AuditPack.get_in(context.scope, local_id("AuditPack", id))


def _check_period(input: RequestAuditPackInput, today: date) -> None:
    if not EARLIEST <= input.first < input.until <= input.first + LONGEST:
        raise Invalid("until must come after first, and 400 days after it at most.", path=("input", "until"))
    if input.first > today:
        raise Invalid("That period has not begun yet.", path=("input", "first"))
