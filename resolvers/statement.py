"""Monthly statements: list them, read one in numbers, hold it against what was closed."""

from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.page import Keyset
from documents.statement_amounts import amounts_now
from domain.costs.statement import statement_changes
from domain.errors import Conflict
from domain.facts.scope import Scope
from domain.facts.statement import StatementState
from resolvers.context import Context, Info
from resolvers.fields import query
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.directives import Cost
from schema.node import local_id
from schema.statement import Statement, StatementAmounts, StatementChange, shown_amounts, shown_change

NEWEST_FIRST = Keyset((("month", -1),))
StatementId = Annotated[strawberry.ID, strawberry.argument(description="Global id of the statement.")]
Number = Annotated[
    int | None,
    strawberry.argument(
        description="Which closed version; when left out the last one, or what would be closed now if it is open."
    ),
]


@strawberry.type
class StatementQueries:
    @query(Connection[Statement], may=Permission.COSTS_READ, description="Statements in reach, newest month first.")
    async def statements(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope = info.context.scope
        if organization_id is not None:
            scope = scope.narrowed(local_id("Organization", organization_id))
        return await info.context.ports.pager.page(
            info, documents.Statement, scope, {}, NEWEST_FIRST, first=first, after=after
        )

    @query(Statement, may=Permission.COSTS_READ, description="A statement.")
    async def statement(self, info: Info, id: StatementId) -> Any:
        return await statement_of(info.context, id)

    @query(
        StatementAmounts,
        may=Permission.COSTS_READ,
        directives=(Cost(weight=20),),
        description="A statement in numbers: a version that was closed, or what would be closed now.",
    )
    async def statement_amounts(self, info: Info, id: StatementId, number: Number = None) -> Any:
        statement = await statement_of(info.context, id)
        if number is None and statement.state is StatementState.OPEN:
            return shown_amounts(await amounts_now(scope_in(info.context, statement), statement), None)
        closed = statement.closed(number)
        return shown_amounts(closed.amounts, closed.number)

    @query(
        list[StatementChange],
        may=Permission.COSTS_READ,
        directives=(Cost(weight=20),),
        description="The last closed version against what the month would come to now, by target and currency.",
    )
    async def statement_difference(self, info: Info, id: StatementId) -> Any:
        statement = await statement_of(info.context, id)
        if statement.last is None:
            raise Conflict("This statement was never closed, so there is nothing to hold it against.")
        now = await amounts_now(scope_in(info.context, statement), statement)
        return [shown_change(change) for change in statement_changes(statement.last.amounts, now)]


async def statement_of(context: Context, id: str) -> documents.Statement:
    """The statement of this global id. Raises NotFound, Forbidden."""
    return await documents.Statement.get_in(context.scope, local_id("Statement", id))


def scope_in(context: Context, statement: documents.Statement) -> Scope:
    """The viewer's scope, in the organization of the statement alone."""
    return context.scope.narrowed(str(statement.org_id))
