"""A small graph with every kind of field the transports must cope with: quick, slow, refusing, broken, endless."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, NewType

import strawberry
from graphql import GraphQLError
from pydantic import BaseModel, Field
from strawberry.types.scalar import ScalarDefinition

from app.graphql.call import Call
from app.graphql.schema import build_schema
from app.settings import Settings
from compiled_executor import CompiledExecutor
from domain.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Unauthenticated
from schema.directives import Cost, Credential, Gated

REFUSALS = {
    "NOT_FOUND": NotFound("There is no such thing."),
    "FORBIDDEN": Forbidden("Your role does not have the permission."),
    "UNAUTHENTICATED": Unauthenticated("Sign in first."),
    "BAD_USER_INPUT": Invalid("The amount is negative.", path=("input", "amount")),
    "CONFLICT": Conflict("It has changed."),
    "RATE_LIMITED": RateLimited("Too many at once."),
}

Even = NewType("Even", int)
Raw = NewType("Raw", object)


def _parse_even(value: Any) -> int:
    if not isinstance(value, int) or value % 2:
        raise ValueError("An Even is a whole number that two divides.")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    Even: strawberry.scalar(name="Even", serialize=int, parse_value=_parse_even),
    Raw: strawberry.scalar(name="Raw", serialize=lambda value: value, parse_value=lambda value: value),
}


@dataclass
class ToyContext:
    """`log` is shared by all operations, so that a test sees what happened in them."""

    call: Call
    log: "ToyLog"


@dataclass
class ToyLog:
    resolved: list[str] = field(default_factory=list)
    contexts: list[ToyContext] = field(default_factory=list)
    streams_open: int = 0
    streams_closed: int = 0
    ticks: int = 0


Info = strawberry.Info[ToyContext, None]


@strawberry.enum
class Colour(Enum):
    RED = "red"
    GREEN = "green"


@strawberry.interface
class Thing:
    name: str


@strawberry.type
class Part(Thing):
    size: int

    @strawberry.field
    def broken(self) -> int:
        raise RuntimeError(f"the database password of {self.name} is hunter2")


@strawberry.type
class Item(Thing):
    @strawberry.field
    def parts(self, first: int = 25) -> "PartConnection":
        parts = [Part(name=f"{self.name}.{number}", size=number) for number in range(min(first, 3))]
        return PartConnection(edges=[PartEdge(cursor=part.name, node=part) for part in parts], nodes=parts)

    @strawberry.field
    def sibling(self) -> "Item":
        return Item(name=self.name + "'")

    @strawberry.field(directives=[Cost(weight=20)])
    def forecast(self) -> int:
        return 7

    @strawberry.field
    def maybe_broken(self) -> int | None:
        if self.name == "1":
            raise RuntimeError("secret")
        return 1


@strawberry.type
class PageInfo:
    has_next_page: bool = False


@strawberry.type
class PartEdge:
    cursor: str
    node: Part


@strawberry.type
class PartConnection:
    edges: list[PartEdge]
    nodes: list[Part]
    page_info: PageInfo = field(default_factory=PageInfo)


@strawberry.type
class ItemEdge:
    cursor: str
    node: Item


@strawberry.type
class ItemConnection:
    edges: list[ItemEdge]
    nodes: list[Item]
    page_info: PageInfo = field(default_factory=PageInfo)


class RenameInput(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=10)]
    size: int = Field(default=1, ge=0)


strawberry.pydantic.input(RenameInput)


def _items(count: int) -> list[Item]:
    return [Item(name=str(number)) for number in range(count)]


@strawberry.type
class Query:
    @strawberry.field(directives=[Gated(may="public: a greeting")])
    def hello(self, info: Info, name: str = "world") -> str:
        info.context.log.resolved.append("hello")
        return f"Hello, {name}!"

    @strawberry.field
    def who(self, info: Info) -> str:
        return info.context.call.session.principal

    @strawberry.field
    def request_id(self, info: Info) -> str:
        info.context.call.headers.append("set-cookie", "seen=1; HttpOnly")
        return info.context.call.request_id

    @strawberry.field
    def crash(self) -> str | None:
        raise RuntimeError("the database password is hunter2")

    @strawberry.field
    def crash_hard(self) -> str:
        raise RuntimeError("the database password is hunter2")

    @strawberry.field
    def refuse(self, code: str) -> str | None:
        raise REFUSALS[code]

    @strawberry.field
    def chosen_error(self, code: str) -> str | None:
        raise GraphQLError("Chosen by the resolver.", extensions={"code": code})

    @strawberry.field
    def too_large_for_int(self) -> int | None:
        return 2**40

    @strawberry.field
    def not_json(self) -> Raw | None:
        return Raw({1, 2})

    @strawberry.field
    async def sleep(self, info: Info, seconds: float) -> str | None:
        await asyncio.sleep(seconds)
        info.context.log.resolved.append("sleep")
        return "awake"

    @strawberry.field
    def item(self, name: str) -> Item | None:
        return Item(name=name)

    @strawberry.field
    def items(self, info: Info, first: int = 25) -> ItemConnection:
        info.context.log.resolved.append("items")
        items = _items(min(first, 4))
        return ItemConnection(edges=[ItemEdge(cursor=item.name, node=item) for item in items], nodes=items)

    @strawberry.field
    def items_by_id(self, ids: list[str]) -> list[Item]:
        return [Item(name=name) for name in ids]

    @strawberry.field
    def all_items(self) -> list[Item]:
        return _items(2)

    @strawberry.field(directives=[Cost(list_size=50)])
    def many_items(self) -> list[Item]:
        return _items(2)

    @strawberry.field
    def thing(self) -> Thing | None:
        return Part(name="p", size=1)

    @strawberry.field
    def paint(self, colour: Colour) -> str:
        return colour.value

    @strawberry.field
    def halve(self, number: Even) -> int:
        return number // 2

    @strawberry.field
    def total(self, numbers: list[int]) -> int:
        return sum(numbers)


@strawberry.type
class Mutation:
    @strawberry.mutation(directives=[Credential()])
    def sign_in(self, info: Info, password: str) -> str:
        info.context.log.resolved.append("signIn")
        return password

    @strawberry.mutation(directives=[Credential()])
    def register(self, password: str) -> str:
        return password

    @strawberry.mutation
    def rename(self, info: Info, input: RenameInput) -> str:
        info.context.log.resolved.append("rename")
        return input.name


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, info: Info, to: int = 3) -> AsyncIterator[int]:
        info.context.log.streams_open += 1
        try:
            for number in range(1, to + 1):
                yield number
        finally:
            info.context.log.streams_closed += 1

    @strawberry.subscription
    async def tick(self, info: Info, seconds: float = 0.01) -> AsyncIterator[int]:
        """Never ends by itself."""
        info.context.log.streams_open += 1
        number = 0
        try:
            while True:
                number += 1
                info.context.log.ticks = number
                yield number
                await asyncio.sleep(seconds)
        finally:
            info.context.log.streams_closed += 1

    @strawberry.subscription
    async def silence(self, info: Info) -> AsyncIterator[int]:
        """Says nothing, for ever."""
        info.context.log.streams_open += 1
        try:
            await asyncio.Event().wait()
            yield 0
        finally:
            info.context.log.streams_closed += 1

    @strawberry.subscription
    async def crash_after(self, events: int) -> AsyncIterator[int]:
        for number in range(events):
            yield number
        raise RuntimeError("the database password is hunter2")

    @strawberry.subscription
    async def parts(self) -> AsyncIterator[Part | None]:
        """Each event is a part; asking for `broken` fails inside of it."""
        yield Part(name="a", size=1)
        yield Part(name="b", size=2)


def toy_schema() -> Any:
    """Runs on the executor that the settings name, as the application does."""
    executor = CompiledExecutor if Settings().compiled_executor else None
    return build_schema(Query, Mutation, Subscription, types=[Part, Item], scalar_map=SCALARS, executor=executor)


TOY_SCHEMA = toy_schema()
