"""Attestations: submit them with files, review them, list them and read what they say."""

import base64
import binascii
from typing import Annotated, Any

import orjson
import strawberry
from beanie import PydanticObjectId

import documents
from auth.permission import Permission
from documents.attestation import HOLDS_FOR, LONGEST, drop_piece, keep_piece, read_piece, with_piece
from documents.governed import moved
from documents.page import Keyset
from documents.transaction import Transaction
from domain.compliance.attested import KINDS, require_past
from domain.errors import CloudWatcherError, Invalid, NotFound
from domain.facts.governance import AttestationState
from domain.facts.scope import Scope
from jobs.queue import ask_checks_of
from resolvers.context import Info
from resolvers.fields import mutation, query
from resolvers.governing import any_of, audited, person_of, require_another, within
from resolvers.routing import WHAT
from schema.attestation import (
    AddAttestationFileInput,
    AddAttestationFilePayload,
    Attestation,
    AttestationContent,
    AttestationFilePiece,
    AttestationFilter,
    ReviewAttestationInput,
    ReviewAttestationPayload,
    SubmitAttestationInput,
    SubmitAttestationPayload,
    shown_file,
)
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id

NEWEST_FIRST = Keyset((("created_at", -1),))
ChosenAttestations = Annotated[
    AttestationFilter | None, strawberry.argument(description="Which ones; all when left out.")
]
AttestationId = Annotated[strawberry.ID, strawberry.argument(description="Global id of the attestation.")]
FileHash = Annotated[str, strawberry.argument(description="SHA-256 of the file.")]
PieceNumber = Annotated[int, strawberry.argument(description="Which piece, counted from 0.")]
WAITING = {"state": AttestationState.SUBMITTED.value}
NOT_RETURNED = {"state": {"$ne": AttestationState.RETURNED.value}}


@strawberry.type
class AttestationQueries:
    @query(
        Connection[Attestation],
        may=Permission.COMPLIANCE_READ,
        description="What people have stated for controls, the newest first.",
    )
    async def attestations(
        self, info: Info, filter: ChosenAttestations = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope, where, pager = info.context.scope, {}, info.context.ports.pager
        if filter is not None:
            scope = within(scope, filter.organization_id)
            where = {**any_of("kind", filter.kinds), **any_of("state", filter.states)}
        return await pager.page(info, documents.Attestation, scope, where, NEWEST_FIRST, first=first, after=after)

    @query(
        AttestationContent,
        may=Permission.EVIDENCE_READ,
        description="All that a statement says; it may tell of people.",
    )
    async def attestation_content(self, info: Info, attestation_id: AttestationId) -> Any:
        found = await _found(info.context.scope, attestation_id)
        return AttestationContent(attestation=found, rows=orjson.loads(orjson.dumps(found.content)))

    @query(
        AttestationFilePiece,
        may=Permission.EVIDENCE_READ,
        description="A piece of a file that goes with a statement.",
    )
    async def attestation_file(
        self, info: Info, attestation_id: AttestationId, sha256: FileHash, piece: PieceNumber = 0
    ) -> Any:
        found = await _found(info.context.scope, attestation_id)
        file = next((one for one in found.files if one.sha256 == sha256), None)
        if file is None or not 0 <= piece < len(file.pieces):
            raise NotFound.of("file")
        data = await read_piece(file.pieces[piece])
        return AttestationFilePiece(file=shown_file(file), content=base64.b64encode(data).decode())


@strawberry.type
class AttestationMutations:
    @mutation(
        SubmitAttestationPayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="attestation.submit",
        description="State what no system can tell: meetings of the board, tests by outsiders, exercises and the like. "
        "It counts once somebody else has accepted it.",
    )
    async def submit_attestation(
        self, info: Info, input: Annotated[SubmitAttestationInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, person, now = info.context, person_of(info.context), info.context.now()
        org_id = PydanticObjectId(context.scope.narrowed(context.organization(input.organization_id)).only())
        kind, rows = input.content.stated()
        require_past(rows, now, ("input", "content"))
        expires_at = input.expires_at or now + HOLDS_FOR
        if not now < expires_at <= now + LONGEST:
            raise Invalid("It must expire, in 731 days at the latest.", path=("input", "expiresAt"))
        made = documents.Attestation(
            org_id=org_id,
            kind=kind,
            control_id=KINDS[kind].control_id,
            statement=input.statement,
            content=[row.model_dump() for row in rows],
            submitted_by=person,
            expires_at=expires_at,
        )

        async def change(tx: Transaction) -> documents.Attestation:
            await made.add(tx.session)
            tx.audit(org_id, target=f"attestation:{made.id}", after=audited(made))
            return made

        return await context.ports.writer.commit(change)

    @mutation(
        AddAttestationFilePayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="attestation.add_file",
        description="Put a file to one's own statement while it waits for a reviewer. What is longer than one request "
        "takes comes in pieces, under the same name, in their order.",
    )
    async def add_attestation_file(
        self, info: Info, input: Annotated[AddAttestationFileInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, person = info.context, person_of(info.context)
        stored = await _found(context.scope, input.attestation_id)
        if stored.submitted_by != person:
            raise Invalid("Only who has submitted it adds files to it.", path=("input", "attestationId"))
        piece = await keep_piece(stored, _decoded(input.content))

        async def change(tx: Transaction) -> documents.Attestation:
            before = await _found(context.scope, input.attestation_id, tx)
            files = await with_piece(before.files, input.name, input.media_type, piece)
            fields = {"files": [one.model_dump() for one in files]}
            return await _changed(tx, before, fields, input.expected_version, WAITING)

        try:
            return await context.ports.writer.commit(change)
        except CloudWatcherError:  # refused; after anything else it may have been stored with the statement
            await drop_piece(piece)
            raise

    @mutation(
        ReviewAttestationPayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="attestation.review",
        description="Accept a statement, or send it back; never one's own. One that was accepted can still be sent "
        "back. Its control is judged again at once.",
    )
    async def review_attestation(
        self, info: Info, input: Annotated[ReviewAttestationInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, person, now = info.context, person_of(info.context), info.context.now()
        state = AttestationState.ACCEPTED if input.is_accepted else AttestationState.RETURNED
        fields = {"state": state.value, "reviewed_by": person, "reviewed_at": now, "comment": input.comment}

        async def change(tx: Transaction) -> documents.Attestation:
            before = await _found(context.scope, input.attestation_id, tx)
            require_another(person, before.submitted_by, "review it than who has submitted it")
            where = WAITING if input.is_accepted else NOT_RETURNED
            after = await _changed(tx, before, fields, input.expected_version, where)
            ask_checks_of(tx, after.org_id, [after.control_id])
            return after

        return await context.ports.writer.commit(change)


async def _found(scope: Scope, id: str, tx: Transaction | None = None) -> documents.Attestation:
    session = None if tx is None else tx.session
    return await documents.Attestation.get_in(scope, local_id("Attestation", id), session=session)


async def _changed(
    tx: Transaction,
    before: documents.Attestation,
    fields: dict[str, Any],
    expected_version: int | None,
    where: dict[str, Any],
) -> documents.Attestation:
    after = await moved(before, fields, expected_version, tx.session, where)
    tx.audit(after.org_id, target=f"attestation:{after.id}", before=audited(before), after=audited(after))
    return after


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise Invalid("The content is not base64.", path=("input", "content")) from error
