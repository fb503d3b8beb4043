"""Schemas made at random: object types with every kind of field, behind an interface and a union."""

import asyncio
import random
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Any, NewType, Optional, Union

import strawberry
from strawberry.permission import BasePermission
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from compiled_executor import PREFETCHED

Odd = NewType("Odd", int)
READINGS = ("attribute",) * 8 + (
    "self",
    "self",
    "bare",
    "root",
    "parent",
    "info",
    "async",
    "argument",
    "gated",
    "ready",
)


class Colour(Enum):
    RED = "red"
    GREEN = 2


class Level(StrEnum):
    HIGH = "HIGH"
    LOW = "low"


def print_odd(value: Any) -> Any:
    """Refuses text, gives nothing for even numbers, and a number for the rest."""
    if isinstance(value, str):
        raise ValueError(f"{value} is no number.")
    return value if value % 2 else None


SCALARS: Any = {Odd: strawberry.scalar(name="Odd", serialize=print_odd, parse_value=int)}
strawberry.enum(Colour)
strawberry.enum(Level)
LEAVES: tuple[Any, ...] = (
    str, str, int, float, bool, strawberry.ID, Colour, Level, datetime, date, Decimal, JSON, Odd,
)  # fmt: skip


@dataclass(slots=True)
class Shape:
    """The type of a field: its named type (a leaf, or the name of a composite) in lists, each level nullable or not."""

    named: Any
    nullable: bool
    of: "Shape | None" = None


@dataclass(slots=True)
class FieldSpec:
    owner: str
    name: str
    shape: Shape
    reading: str


@dataclass(slots=True)
class Graph:
    """`types` maps an object type's name to its fields; `checks` says how each tells its objects apart."""

    types: dict[str, list[FieldSpec]]
    checks: dict[str, str]


class Denied(BasePermission):
    message = "You may not."

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        info.context.append("permission")
        return getattr(source, "number", 0) % 3 > 0


def make_graph(rng: random.Random) -> Graph:
    """Two to four object types; a field refers to later types only, so that values end."""
    names = [f"T{number}" for number in range(rng.randint(2, 4))]
    types = {name: _fields(rng, name, names[index + 1 :]) for index, name in enumerate(names)}
    return Graph(types, {name: rng.choice(("none", "sync", "sync", "slow", "strawberry")) for name in names})


def _fields(rng: random.Random, owner: str, later: list[str]) -> list[FieldSpec]:
    composites: list[Any] = [*later, "Thing"] if later else []
    composites += ["Either"] if len(later) > 1 else []
    specs = []
    for number in range(rng.randint(2, 6)):
        named = rng.choice(composites) if composites and rng.random() < 0.45 else rng.choice(LEAVES)
        specs.append(FieldSpec(owner, f"f{number}", _shape(rng, named), rng.choice(READINGS)))
    return specs


def _shape(rng: random.Random, named: Any) -> Shape:
    shape = Shape(named, rng.random() < 0.6)
    while rng.random() < 0.35:
        shape = Shape(named, rng.random() < 0.6, shape)
    return shape


def build(graph: Graph) -> strawberry.Schema:
    """A schema of the graph. Query has each type as `t0`, `t1`, … and lists of the rest."""
    made: dict[str, Any] = {}
    made["Thing"] = strawberry.interface(type("Thing", (), {"__annotations__": {"number": int | None}}))
    last = list(graph.types)[-2:]
    for name in reversed(graph.types):
        made[name] = _object(graph, name, made)
        if name == last[0]:
            members = tuple(made[each] for each in last)
            made["Either"] = Annotated[Union[members], strawberry.union("Either")]  # type: ignore[valid-type]  # noqa: UP007
    query = _query(graph, made)
    config = StrawberryConfig(scalar_map=SCALARS)
    types = [made[name] for name in graph.types]
    return strawberry.Schema(query, types=types, config=config)


def _maybe(type_: Any) -> Any:
    return Optional[type_]  # noqa: UP045 - a bar does not work on annotated types


def _annotation(shape: Shape, made: dict[str, Any]) -> Any:
    if shape.of is not None:
        inner: Any = list[_annotation(shape.of, made)]  # type: ignore[misc]
    else:
        inner = made.get(shape.named, shape.named) if isinstance(shape.named, str) else shape.named
    return _maybe(inner) if shape.nullable else inner


def _object(graph: Graph, name: str, made: dict[str, Any]) -> Any:
    annotations: dict[str, Any] = {}
    body: dict[str, Any] = {"__annotations__": annotations}
    for spec in graph.types[name]:
        type_ = _annotation(spec.shape, made)
        made_field = _strawberry_field(spec, type_)
        if made_field is None:
            annotations[spec.name] = type_
        else:
            body[spec.name] = made_field
    check = _check(name, graph.checks[name])
    if check is not None:
        body["is_type_of"] = staticmethod(check)
    return strawberry.type(type(name, (made["Thing"],), body))


def _check(name: str, kind: str) -> Any:
    def sync(value: Any, info: Any) -> bool:
        info.context.append(f"is {name}")
        return bool(getattr(value, "kind", None) == name)

    async def slow(value: Any, info: Any) -> bool:
        await asyncio.sleep(0)
        return sync(value, info)

    def everything(value: Any, info: Any) -> bool:
        return True

    return {"sync": sync, "slow": slow, "none": everything, "strawberry": None}[kind]


def _strawberry_field(spec: FieldSpec, type_: Any) -> Any:
    if spec.reading == "attribute":
        return None
    options: dict[str, Any] = {"permission_classes": [Denied]} if spec.reading == "gated" else {}
    if spec.reading == "ready":
        options["metadata"] = {PREFETCHED: f"ready_{spec.name}"}
    makers = {"bare": _bare, "info": _with_info, "async": _slow, "argument": _argument, "ready": _ready}
    resolver = makers.get(spec.reading, _plain)(spec)
    return strawberry.field(resolver=resolver, graphql_type=type_, **options)


def _plain(spec: FieldSpec) -> Any:
    def from_self(self: Any) -> Any:
        return getattr(self, spec.name)

    def from_root(root: Any) -> Any:
        return getattr(root, spec.name)

    def from_parent(this: strawberry.Parent[Any]) -> Any:
        return getattr(this, spec.name)

    return {"root": from_root, "parent": from_parent}.get(spec.reading, from_self)


def _bare(spec: FieldSpec) -> Any:
    return lambda: None


def _with_info(spec: FieldSpec) -> Any:
    def resolver(self: Any, info: strawberry.Info) -> Any:
        info.context.append(f"{spec.name} at {info._raw_info.path.as_list()}")
        return getattr(self, spec.name)

    return resolver


def _slow(spec: FieldSpec) -> Any:
    async def resolver(self: Any, info: strawberry.Info) -> Any:
        info.context.append(f"{spec.name} begins")
        for _ in range(getattr(self, "number", None) or 0):
            await asyncio.sleep(0)
        info.context.append(f"{spec.name} ends")
        return getattr(self, spec.name)

    return resolver


def _argument(spec: FieldSpec) -> Any:
    def resolver(self: Any, wanted: int = 1) -> Any:
        return getattr(self, spec.name) if wanted else None

    return resolver


def _ready(spec: FieldSpec) -> Any:
    def resolver(self: Any, info: strawberry.Info) -> Any:
        if hasattr(self, f"ready_{spec.name}"):
            return getattr(self, f"ready_{spec.name}")
        info.context.append(f"{spec.name} loaded")
        return getattr(self, spec.name)

    return resolver


def _query(graph: Graph, made: dict[str, Any]) -> Any:
    body: dict[str, Any] = {}
    thing, either = made["Thing"], _maybe(made["Either"])
    shapes: dict[str, Any] = {name.lower(): _maybe(made[name]) for name in graph.types}
    shapes |= {"things": _maybe(list[_maybe(thing)]), "strict": list[thing]}  # type: ignore[misc]
    shapes |= {"eithers": list[either], "either": either}  # type: ignore[misc]

    def reading(name: str) -> Any:
        async def later(root: Any) -> Any:
            return root[name]

        def now(root: Any) -> Any:
            return root[name]

        return later if name in {"things", "t0"} else now

    for name, type_ in shapes.items():
        body[name] = strawberry.field(resolver=reading(name), graphql_type=type_)
    return strawberry.type(type("Query", (), body))
