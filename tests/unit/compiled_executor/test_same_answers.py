"""The compiled executor answers as the standard one does, whatever the schema, the document and the values."""

import asyncio
import random
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import strawberry
from graphql import DocumentNode, execute, parse, validate
from graphql.execution import Executor
from graphql.execution.values import VariableValues
from hypothesis import given, strategies
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.utils.await_maybe import await_maybe

from compiled_executor import CompiledExecutor
from tests.factories.made_document import Document
from tests.factories.made_schema import build, make_graph
from tests.factories.made_values import Recipe, Values

# 5 documents with 4 sets of values make 20 cases of one schema.
DOCUMENTS = 5
TROUBLES = (0.0, 0.08, 0.25, 0.25)
CASES_AT_ONCE = DOCUMENTS * len(TROUBLES)

# graphql-core itself lets go of what it began when an error null goes past it, in the same places.
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class Case:
    """A document with values, ready to be run by either executor."""

    def __init__(self, schema: strawberry.Schema, document: Document, node: DocumentNode, root: Recipe) -> None:
        self.text = document.text
        self._schema = schema
        self._variables = document.variables
        self._node = node
        self._root = root

    def answer(self, executor: type[Executor[Any]]) -> dict[str, Any]:
        """All that can be told of an execution: data in order, errors in order with all they carry, calls in order."""
        return asyncio.run(self._answer(executor))

    async def _answer(self, executor: type[Executor[Any]]) -> dict[str, Any]:
        calls: list[str] = []
        result = await await_maybe(
            execute(
                self._schema._schema,
                self._node,
                self._root(),
                calls,
                self._variables,
                is_awaitable=optimized_is_awaitable,
                executor_class=executor,
            )
        )
        # What an error on its way up has left pending shall have ended before it is compared.
        for _ in range(12):
            await asyncio.sleep(0)
        return {"data": ordered(result.data), "errors": [told(error) for error in result.errors or ()], "calls": calls}


def told(error: Any) -> Any:
    return error.message, error.path, error.locations, type(error.original_error), str(error.original_error)


def ordered(value: Any) -> Any:
    """The value with what tells apart equal things: the order of keys, and classes."""
    if isinstance(value, dict):
        return [(key, ordered(item)) for key, item in value.items()]
    if isinstance(value, list):
        return [ordered(item) for item in value]
    text = repr(value)
    return type(value).__name__, "" if " at 0x" in text else text


def cases(seed: int) -> Iterator[Case]:
    """All cases of one schema."""
    rng = random.Random(seed)
    graph = make_graph(rng)
    schema = build(graph)
    for _ in range(DOCUMENTS):
        document = Document(rng, graph)
        node = parse(document.text)
        assert validate(schema._schema, node) == [], document.text
        for trouble in TROUBLES:
            yield Case(schema, document, node, Values(rng, graph, trouble).root())


class Renewed(CompiledExecutor):
    """Is made as for the second request of an operation: from a template that knows nothing of this one."""

    @classmethod
    def build(cls, *args: Any, **kwargs: Any) -> Any:
        built: Any = super().build(*args, **kwargs)
        if isinstance(built, list) or not built.is_compiled:
            return built
        nothing = VariableValues({}, {})
        template = built.anew(root_value=None, context_value=None, variable_values=nothing, operation_extensions=None)
        return template.anew(
            root_value=built.root_value,
            context_value=built.context_value,
            variable_values=built.variable_values,
            operation_extensions=None,
        )


def differences(case: Case, executor: type[Executor[Any]]) -> list[str]:
    """What the executor tells otherwise than the standard one."""
    standard, other = case.answer(StrawberryGraphQLCoreExecutionContext), case.answer(executor)
    return [part for part in standard if standard[part] != other[part]]


# 1,000 cases by day, 20,000 in the nightly profile.
EXAMPLES = hypothesis.settings().max_examples // 2


@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.too_slow], max_examples=EXAMPLES)
@given(seed=strategies.integers(min_value=0, max_value=2**48))
def test_every_answer_is_the_standard_one(seed: int) -> None:
    for case in cases(seed):
        assert differences(case, CompiledExecutor) == [], case.text
        assert differences(case, Renewed) == [], case.text


def test_cases_have_all_there_is_to_compare() -> None:
    answers = [case.answer(CompiledExecutor) for seed in range(6) for case in cases(seed)]

    assert len(answers) == 6 * CASES_AT_ONCE
    for part in ("data", "errors", "calls"):
        assert sum(bool(answer[part]) for answer in answers) > len(answers) / 3, part
    assert any(len(answer["errors"]) > 1 for answer in answers)


class Forgetful(CompiledExecutor):
    """Loses the nulls of lists."""

    def complete_value(self, *args: Any) -> Any:
        completed = super().complete_value(*args)
        return [item for item in completed if item is not None] if isinstance(completed, list) else completed


def test_an_executor_that_answers_otherwise_is_noticed() -> None:
    found = {part for seed in range(6) for case in cases(seed) for part in differences(case, Forgetful)}

    assert found == {"data"}
