"""What is compiled, what is left to the standard executor, and for how long compiled functions are kept."""

import gc
import weakref
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import strawberry
from graphql import parse
from graphql.execution.collect_fields import FieldDetails
from pydantic import BaseModel
from strawberry.extensions import SchemaExtension

from compiled_executor import PREFETCHED, CompiledExecutor
from compiled_executor.operation import Operations
from compiled_executor.safe_type import SAFE, learn

FIELDS: list[str] = []


class Watched(CompiledExecutor):
    """Notes the fields that take the standard path."""

    def execute_field(self, *args: Any) -> Any:
        FIELDS.append(args[2][0].node.name.value)
        return super().execute_field(*args)


@pytest.fixture(autouse=True)
def _forget() -> None:
    FIELDS.clear()


@strawberry.type
class Owner:
    name: str

    @strawberry.field
    def shout(self) -> str:
        return self.name.upper()

    @strawberry.field
    def greeting(self, word: str = "Hello") -> str:
        return f"{word}, {self.name}"


async def load_owner(self: Any, info: strawberry.Info) -> Any:
    return self.fetched if hasattr(self, "fetched") else Person("loaded")


@strawberry.type
class Item:
    title: str
    owner: Owner | None
    related: Owner = strawberry.field(resolver=load_owner, metadata={PREFETCHED: "fetched"})


@dataclass
class Person:
    name: str


@dataclass
class Thing:
    title: str
    owner: Person | None = None


@dataclass
class Fetched(Thing):
    fetched: Person = field(default_factory=lambda: Person("fetched"))


class Modelled(BaseModel):
    title: str
    owner: Person | None = None


@strawberry.type
class Query:
    @strawberry.field(graphql_type=list[Item])
    def items(self, info: strawberry.Info) -> Any:
        return info.context


def schema(*extensions: type[SchemaExtension]) -> strawberry.Schema:
    return strawberry.Schema(Query, execution_context_class=Watched, extensions=extensions)


async def ask(query: str, *items: Any, on: strawberry.Schema | None = None, **variables: Any) -> Any:
    result = await (on or schema()).execute(query, variables, context_value=list(items))
    assert result.errors is None
    assert result.data is not None
    return result.data["items"]


async def test_attributes_and_resolvers_of_the_source_alone_are_compiled() -> None:
    found = await ask("{ items { __typename title owner { name shout } } }", Thing("a", Person("x")), Thing("b"))

    assert FIELDS == ["items"]
    assert found == [
        {"__typename": "Item", "title": "a", "owner": {"name": "x", "shout": "X"}},
        {"__typename": "Item", "title": "b", "owner": None},
    ]


async def test_a_field_with_arguments_takes_the_standard_path_and_its_siblings_do_not() -> None:
    found = await ask('{ items { title owner { name greeting(word: "Hi") } } }', Thing("a", Person("x")))

    assert FIELDS == ["items", "greeting"]
    assert found == [{"title": "a", "owner": {"name": "x", "greeting": "Hi, x"}}]


async def test_what_was_fetched_beforehand_is_read_and_only_the_rest_is_loaded() -> None:
    found = await ask("{ items { related { name } } }", Fetched("a"), Thing("b"))

    assert FIELDS == ["items", "related"]
    assert found == [{"related": {"name": "fetched"}}, {"related": {"name": "loaded"}}]


async def test_objects_that_answer_for_names_are_compiled_too() -> None:
    found = await ask("{ items { title owner { name } } }", Modelled(title="a", owner=Person("x")))

    assert FIELDS == ["items"]
    assert found == [{"title": "a", "owner": {"name": "x"}}]


async def test_each_outcome_of_the_conditions_is_compiled_apart() -> None:
    query = "query ($all: Boolean!) { items { title owner @include(if: $all) { name } } }"
    on = schema()

    answers = [await ask(query, Thing("a", Person("x")), on=on, all=wanted) for wanted in (True, False, True)]

    assert [list(items[0]) for items in answers] == [["title", "owner"], ["title"], ["title", "owner"]]
    assert FIELDS == ["items"] * 3


class Counting(SchemaExtension):
    def resolve(self, next_: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
        FIELDS.append(f"resolve {info.field_name}")
        return next_(root, info, *args, **kwargs)


async def test_middleware_sees_every_field() -> None:
    found = await ask("{ items { title } }", Thing("a"), on=schema(Counting))

    assert [name for name in FIELDS if name.startswith("resolve")] == ["resolve items", "resolve title"]
    assert found == [{"title": "a"}]


def executor_for(on: strawberry.Schema, query: str, **variables: Any) -> Any:
    return CompiledExecutor.build(on._schema, parse(query), raw_variable_values=variables)


def test_an_operation_is_compiled_once_for_all_who_send_it() -> None:
    on, table = schema(), Operations()
    first = executor_for(on, "{ items { title } }")
    second = CompiledExecutor.build(first.schema, DocumentOf(first))
    other = executor_for(on, "{ items { title } }")

    assert table.of(first) is table.of(second)
    assert table.of(first) is not table.of(other), "the same text parsed again is another document"


class DocumentOf:
    """The document an executor was built from."""

    def __init__(self, executor: Any) -> None:
        self.definitions = (executor.operation, *executor.fragment_definitions.values())


def test_the_least_recently_used_operation_is_forgotten() -> None:
    on, table = schema(), Operations(most=2)
    executors = [executor_for(on, f"{{ items {{ a{number}: title }} }}") for number in range(3)]
    first, second = table.of(executors[0]), table.of(executors[1])

    assert table.of(executors[0]) is first
    table.of(executors[2])

    assert table.of(executors[0]) is first
    assert table.of(executors[1]) is not second


@pytest.mark.parametrize(
    "query",
    [
        "{ items { title } ... @defer { items { title } } }",
        "{ items @stream(initialCount: 1) { title } }",
        "query { items @own { title } }",
        "{ ...part } fragment part($word: String) on Query { items { title } }",
    ],
)
def test_what_only_the_standard_executor_knows_is_left_to_it(query: str) -> None:
    document = parse(query, experimental_fragment_arguments=True)
    executor: Any = CompiledExecutor.build(schema()._schema, document)

    assert Operations().of(executor) is None


@pytest.fixture
def small_heap() -> Iterator[None]:
    """What was made before is not looked through each time: after thousands of other tests that takes minutes."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("small_heap")
async def test_compiled_functions_keep_no_request_alive() -> None:
    on = schema()
    kept = Person("x")
    query = "{ items { title owner { greeting } } }"

    await ask(query, Thing("a", kept), on=on)
    watch = weakref.ref(kept)
    del kept
    gc.collect()

    assert watch() is None


@pytest.mark.usefixtures("small_heap")
async def test_a_schema_is_let_go_with_all_that_was_compiled_for_it() -> None:
    on = schema()
    await ask("{ items { title } }", Thing("a"), on=on)
    watch = weakref.ref(on._schema)

    del on
    gc.collect()

    assert watch() is None


class Awaitable:
    def __await__(self) -> Any:
        yield


class Answering:
    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


class Disguised:
    @property
    def __class__(self) -> Any:
        return str


class Plain:
    pass


def test_only_classes_whose_objects_are_always_plain_are_learnt() -> None:
    for value in (Awaitable(), Answering(), Disguised(), ValueError(), None, (each for each in ())):
        learn(value)
        assert type(value) not in SAFE
    learn(Plain())
    assert Plain in SAFE
    SAFE.discard(Plain)


@strawberry.type
class Subscription:
    @strawberry.subscription(graphql_type=AsyncIterator[Item])
    async def followed(self, info: strawberry.Info) -> Any:
        for _ in range(info.context):
            yield Thing("a", Person("x"))


def details_alive() -> int:
    gc.collect()
    return sum(type(each) is FieldDetails for each in gc.get_objects())


async def details_kept(executor: Any, events: int) -> int:
    """How many selections are remembered for a subscription that is open behind so many events."""
    before = details_alive()
    on = strawberry.Schema(Query, subscription=Subscription, execution_context_class=executor)
    stream = await on.subscribe("subscription { followed { title owner { name greeting } } }", context_value=events + 1)
    for _ in range(events):
        await anext(stream)
    kept = details_alive() - before
    await stream.aclose()
    return kept


@pytest.mark.usefixtures("small_heap")
async def test_an_open_subscription_keeps_nothing_of_the_events_that_are_over() -> None:
    assert await details_kept(CompiledExecutor, 200) < 100
    assert await details_kept(None, 200) > 200, "graphql-core no longer keeps them: take the remedy out"
