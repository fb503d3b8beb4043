"""The one extension around each operation that runs as a stream; the schema runs the others past it directly.

One class instead of many because each hook of each extension is paid for by every operation.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any, cast

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.types.execution import ParseOptions
from strawberry.types.graphql import OperationType

from app.graphql.admission import Admission, time_limited
from app.graphql.limits import PARSE_OPTIONS
from app.graphql.prepared import RULES


class Guard(SchemaExtension):
    """Made anew for each operation: limits, parsing and validation once per document, cost, time limit, metrics."""

    def __init__(self) -> None:
        self._admission: Admission | None = None

    @property
    def admission(self) -> Admission:
        if self._admission is None:
            self._admission = Admission(self.execution_context)
        return self._admission

    def on_operation(self) -> Iterator[None]:
        self.execution_context.validation_rules = RULES
        with self.admission:
            yield

    def on_parse(self) -> Iterator[None]:
        self.execution_context.parse_options = cast("ParseOptions", PARSE_OPTIONS)
        # Left to strawberry, which parses again: a syntax error raised here would escape from its streams.
        with suppress(GraphQLError):
            self.admission.prepare()
        yield

    async def on_validate(self) -> AsyncIterator[None]:
        self.execution_context.pre_execution_errors = await self.admission.refusals()
        yield

    async def on_execute(self) -> AsyncIterator[None]:
        if self.execution_context.operation_type is OperationType.SUBSCRIPTION:
            self.admission.subscribed()
        async with time_limited():
            yield

    def get_results(self) -> dict[str, Any]:
        return {"cost": self.admission.cost()}
