"""Monthly statements: have a file made of one, send one through channels."""

from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId
from bson import ObjectId

import documents
from auth.permission import Permission
from documents.channel import Channel
from documents.cost_export import CostFileFormat
from documents.cost_period import midnight
from documents.delivery import USABLE, add_delivery
from documents.file_export import KEPT_FOR
from documents.organization import find_organization
from documents.transaction import Transaction
from domain.costs.statement import month_after
from domain.costs.statement_notice import statement_notice
from domain.errors import Conflict, Invalid
from domain.facts.notice import Notice
from domain.facts.scope import Scope
from domain.facts.statement import StatementState
from resolvers.context import Context, Info
from resolvers.cost_export import request_file
from resolvers.fields import mutation
from resolvers.statement import scope_in, statement_of
from schema.node import local_id
from schema.statement_input import (
    RequestStatementFileInput,
    RequestStatementFilePayload,
    SendStatementInput,
    SendStatementPayload,
)

FORMATS = (CostFileFormat.STATEMENT_CSV, CostFileFormat.STATEMENT_PDF)


@strawberry.type
class StatementSendingMutations:
    @mutation(
        RequestStatementFilePayload,
        may=Permission.COSTS_READ,
        audit="statement.export",
        description="Make a file of a statement, to read and print or for a spreadsheet.",
    )
    async def request_statement_file(
        self, info: Info, input: Annotated[RequestStatementFileInput, strawberry.argument(description="What to make.")]
    ) -> Any:
        context = info.context
        statement = await statement_of(context, input.statement_id)
        if input.format not in FORMATS:
            raise Invalid("Ask for STATEMENT_CSV or STATEMENT_PDF.", path=("input", "format"))
        is_draft = input.number is None and statement.state is StatementState.OPEN
        export = documents.CostExport(
            org_id=statement.org_id,
            format=input.format,
            first=statement.month,
            until=midnight(month_after(statement.month.date())),
            statement_id=statement.id,
            statement_number=None if is_draft else statement.closed(input.number).number,
            requested_by=context.signed_in.actor,
            expires_at=context.now() + KEPT_FOR,
        )
        return await request_file(context, export)

    @mutation(
        SendStatementPayload,
        may=Permission.COSTS_MANAGE,
        audit="statement.send",
        description="Tell channels what the last closed version of a statement comes to, with a link.",
    )
    async def send_statement(
        self, info: Info, input: Annotated[SendStatementInput, strawberry.argument(description="What to send.")]
    ) -> Any:
        context = info.context
        statement = await statement_of(context, input.statement_id)
        channels = await _channels(scope_in(context, statement), input.channel_ids)
        notice, ask = await _notice(context, statement), ObjectId()

        async def change(tx: Transaction) -> documents.Statement:
            for channel in channels:
                key = f"statement:{statement.id}:{ask}:{channel.id}"
                await add_delivery(tx, statement.org_id, ObjectId(str(channel.id)), key, notice)
            told = {"number": statement.closed().number, "channels": [str(channel.id) for channel in channels]}
            tx.audit(statement.org_id, target=f"statement:{statement.id}", after=told)
            return statement

        return await context.ports.writer.commit(change)


async def _channels(scope: Scope, ids: list[strawberry.ID]) -> list[Channel]:
    """The channels, each once. Raises NotFound, or Conflict for one that is not in use."""
    found = [await Channel.get_in(scope, local_id("Channel", id)) for id in dict.fromkeys(ids)]
    for channel in found:
        if channel.state not in USABLE:
            message = f"The channel {channel.name} is not in use: send it a test first."
            raise Conflict(message, path=("input", "channelIds"))
    return found


async def _notice(context: Context, statement: documents.Statement) -> Notice:
    if statement.last is None:
        raise Conflict("This statement was never closed: close it first.", current=statement)
    organization = await find_organization(PydanticObjectId(statement.org_id))
    return statement_notice(
        statement.last.amounts,
        subject=f"statement:{statement.id}",
        title=f"{statement.last.kind.value.capitalize()} statement {statement.month:%Y-%m}, "
        f"version {statement.last.number}",
        organization=organization.name if organization else "",
        at=context.now(),
        link=context.ports.public_url,
    )
