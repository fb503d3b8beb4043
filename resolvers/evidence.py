"""Evidence: list what checks rested on, look at the raw answers, verify it all, choose how long it is kept."""

from typing import Annotated, Any

import orjson
import strawberry
from beanie import PydanticObjectId

import documents
from auth.permission import Permission
from documents.evidence import StoredAnswer, read_pack
from documents.evidence_verification import verify_evidence
from documents.organization import set_evidence_channel, set_evidence_retention
from documents.page import Keyset
from documents.transaction import Transaction
from domain.errors import Conflict, Invalid, NotFound, ProviderError
from domain.facts.evidence import BreakKind
from resolvers.context import Info
from resolvers.fields import mutation, query
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.directives import Cost
from schema.evidence import (
    EvidenceAnswer,
    EvidenceAnswers,
    EvidenceBreak,
    EvidenceCheckpoint,
    EvidenceDetail,
    EvidenceFilter,
    EvidenceRecord,
    EvidenceVerification,
    SetEvidenceChannelInput,
    SetEvidenceChannelPayload,
    SetEvidenceRetentionInput,
    SetEvidenceRetentionPayload,
    text_of,
)
from schema.node import global_id, local_id

NEWEST_FIRST = Keyset((("at", -1), ("seq", -1)))
NEWEST_CHECKPOINT_FIRST = Keyset((("number", -1),))
# What a request checks one by one: a second or two. `cloudwatcher verify --evidence` checks everything.
MOST_RECORDS, MOST_PACKS = 20_000, 200
# Of one raw answer, and of all in one reply.
LONGEST_ANSWER, MOST_ANSWERS = 64 * 1024, 10
WHAT = "What to do it with."
RecordId = Annotated[strawberry.ID, strawberry.argument(description="Global id of the record.")]


@strawberry.type
class EvidenceQueries:
    @query(
        Connection[EvidenceRecord],
        may=Permission.EVIDENCE_READ,
        description="What checks rested on, in the organizations in reach, newest first.",
    )
    async def evidence_records(
        self,
        info: Info,
        filter: Annotated[
            EvidenceFilter | None, strawberry.argument(description="Which ones; all when left out.")
        ] = None,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        scope = info.context.scope
        if filter and filter.organization_id:
            scope = scope.narrowed(local_id("Organization", filter.organization_id))
        return await info.context.ports.pager.page(
            info, documents.EvidenceRecord, scope, _where(filter), NEWEST_FIRST, first=first, after=after
        )

    @query(EvidenceDetail, may=Permission.EVIDENCE_READ, description="A record, and its text as it is hashed.")
    async def evidence_record(self, info: Info, id: RecordId) -> Any:
        record = await documents.EvidenceRecord.get_in(info.context.scope, local_id("EvidenceRecord", id))
        return EvidenceDetail(record=record, text=text_of(record))

    @query(
        EvidenceAnswers,
        may=Permission.EVIDENCE_READ,
        directives=(Cost(weight=50),),
        description="Raw answers that a record rests on, ten at most; of a long one its beginning.",
    )
    async def evidence_answers(
        self,
        info: Info,
        record_id: RecordId,
        pack: Annotated[str, strawberry.argument(description="One of `packs` of the record.")],
        skip: Annotated[int, strawberry.argument(description="How many answers of the pack to leave out.")] = 0,
    ) -> Any:
        scope = info.context.scope
        record = await documents.EvidenceRecord.get_in(scope, local_id("EvidenceRecord", record_id))
        if pack not in (record.record.get("evidence") or ()):
            raise NotFound.of("evidence")
        try:
            answers = await read_pack(scope.narrowed(str(record.org_id)), pack, info.context.ports.pack_store)
        except ProviderError as error:
            raise Conflict(error.message) from error
        start = max(skip, 0)
        end = start + MOST_ANSWERS
        shown = [_shown(one) for one in answers[start:end]]
        return EvidenceAnswers(answers=shown, total=len(answers), next_skip=end if end < len(answers) else None)

    @query(
        Connection[EvidenceCheckpoint],
        may=Permission.EVIDENCE_READ,
        description="The signed checkpoints over evidence in reach, newest first.",
    )
    async def evidence_checkpoints(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope = info.context.scope
        if organization_id is not None:
            scope = scope.narrowed(local_id("Organization", organization_id))
        return await info.context.ports.pager.page(
            info, documents.EvidenceCheckpoint, scope, {}, NEWEST_CHECKPOINT_FIRST, first=first, after=after
        )

    @query(
        EvidenceVerification,
        may=Permission.EVIDENCE_READ,
        directives=(Cost(weight=1000),),
        description="Check that the evidence of an organization is as it was written. Of much evidence the newest is "
        "checked one by one, and the signatures that vouch for the rest.",
    )
    async def verify_evidence(
        self,
        info: Info,
        organization_id: InOrganization = None,
        held_head: Annotated[
            str | None, strawberry.argument(description="A head that was sent out, SEQ:HASH: shows what was cut off.")
        ] = None,
    ) -> Any:
        context = info.context
        org_id, keys = context.organization(organization_id), context.ports.audit_keys
        try:
            found = await verify_evidence(
                PydanticObjectId(org_id),
                keys,
                now=context.now(),
                held=held_head,
                store=context.ports.pack_store,
                most_records=MOST_RECORDS,
                most_packs=MOST_PACKS,
            )
        except ValueError as error:
            raise Invalid("A held head is SEQ:HASH, the hash in 64 hex digits.", path=("heldHead",)) from error
        return EvidenceVerification(
            organization_id=global_id("Organization", org_id),
            is_intact=not found.broken,
            broken_count=found.broken,
            breaks=[
                EvidenceBreak(kind=BreakKind(kind), place=place, problem=problem)
                for kind, place, problem in found.breaks
            ],
            first_seq=found.first_seq,
            checked_count=found.records,
            pack_count=found.packs,
            checkpoint_count=found.checkpoints,
            stamped_count=found.stamped,
            head=found.head,
            unread=found.unread,
            public_keys=keys.publics,
        )


@strawberry.type
class EvidenceMutations:
    @mutation(
        SetEvidenceRetentionPayload,
        may=Permission.ORGANIZATIONS_MANAGE,
        audit="evidence.set_retention",
        step_up=True,
        description="Choose how long raw answers that a record rests on are kept. What is kept already stays so long.",
    )
    async def set_evidence_retention(
        self, info: Info, input: Annotated[SetEvidenceRetentionInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        org_id = PydanticObjectId(info.context.organization(input.organization_id))

        async def change(tx: Transaction) -> documents.Organization:
            before, after = await set_evidence_retention(org_id, input.days, tx.session)
            told = [{"evidence_retention_days": one.evidence_retention_days} for one in (before, after)]
            tx.audit(org_id, target=f"organization:{org_id}", before=told[0], after=told[1])
            return after

        try:
            return await info.context.ports.writer.commit(change)
        except Invalid as error:
            raise Invalid(error.message, path=("input", *error.path)) from error

    @mutation(
        SetEvidenceChannelPayload,
        may=Permission.ORGANIZATIONS_MANAGE,
        audit="evidence.set_channel",
        step_up=True,
        description="Choose the channel that is sent, once a day, where the chain of evidence ends. Whoever keeps "
        "these messages can show later that nothing was cut off.",
    )
    async def set_evidence_channel(
        self, info: Info, input: Annotated[SetEvidenceChannelInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        org_id = PydanticObjectId(info.context.organization(input.organization_id))
        channel = None
        if input.channel_id is not None:
            scope = info.context.scope.narrowed(str(org_id))
            channel = await documents.Channel.get_in(scope, local_id("Channel", input.channel_id))

        async def change(tx: Transaction) -> documents.Organization:
            before, after = await set_evidence_channel(org_id, channel.id if channel else None, tx.session)
            told = [{"evidence_channel_id": one.evidence_channel_id} for one in (before, after)]
            tx.audit(org_id, target=f"organization:{org_id}", before=told[0], after=told[1])
            return after

        return await info.context.ports.writer.commit(change)


def _shown(one: StoredAnswer) -> EvidenceAnswer:
    text = orjson.dumps(one.answer).decode()
    return EvidenceAnswer(
        operation=one.operation,
        region=one.region,
        arguments=orjson.dumps(one.arguments).decode()[:LONGEST_ANSWER],
        page=one.page,
        answer=text[:LONGEST_ANSWER],
        is_cut=len(text) > LONGEST_ANSWER,
    )


def _where(filter: EvidenceFilter | None) -> dict[str, Any]:
    if filter is None:
        return {}
    chosen = {"record.control_id": filter.control_id, "record.account": filter.account}
    where: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
    limits = {"$gte": filter.at_from, "$lt": filter.at_before}
    if given := {operator: at for operator, at in limits.items() if at is not None}:
        where["at"] = given
    return where
