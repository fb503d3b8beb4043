"""Values made at random for a graph: mostly right, sometimes null, wrong, late, or an error."""

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import strawberry
from strawberry.scalars import JSON

from tests.factories.made_schema import Colour, Graph, Level, Odd, Shape

# Makes the same value each time, but new.
Recipe = Callable[[], Any]


class Row:
    """Attributes and nothing else."""


class Answering(Row):
    """Answers for names it does not have, as mocks do; so nothing can be known of it by its class."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


class Text:
    def __str__(self) -> str:
        return "text of an object"


class Late:
    """Something to await, which unlike a coroutine does not mind if nobody does."""

    def __init__(self, recipe: Recipe, error: Exception | None = None) -> None:
        self._recipe = recipe
        self._error = error

    def __await__(self) -> Any:
        yield from asyncio.sleep(0).__await__()
        if self._error is not None:
            raise self._error
        return self._recipe()


ODD_ONES: tuple[Any, ...] = (
    {}, [], "", "text", 0, 1, -1, True, 2**31 - 1, 2**31, 1.5, float("nan"), float("inf"), b"bytes", Decimal("1.50"),
    Text(), {"a": [1, None]}, (1, 2), Colour.RED, Level.LOW, "HIGH", "RED", object,
)  # fmt: skip
RIGHT: dict[Any, tuple[Any, ...]] = {
    str: ("", "a", "ä\n"), int: (0, -5, 2**31 - 1), float: (0.0, -1.5, 1e300), bool: (True, False),
    strawberry.ID: ("id", "7"), Colour: (Colour.RED, Colour.GREEN, "red", 2), Level: (Level.HIGH, Level.LOW, "low"),
    datetime: (datetime(2026, 1, 2, 3, 4, tzinfo=UTC),), date: (date(2026, 1, 2),), Decimal: (Decimal("1.10"),),
    JSON: ({"a": 1}, [], "x", 5), Odd: (1, 3),
}  # fmt: skip


class Values:
    """Draws recipes. `trouble` is how often a value is not simply right, 0 to 1."""

    def __init__(self, rng: random.Random, graph: Graph, trouble: float) -> None:
        self._rng = rng
        self._graph = graph
        self._trouble = trouble
        self._depth = 0

    def root(self) -> Recipe:
        """A recipe for what Query reads from."""
        names = list(self._graph.types)
        recipes = {name.lower(): self._of(Shape(name, True)) for name in names}
        recipes["things"] = self._of(Shape("Thing", True, Shape("Thing", True)))
        recipes["strict"] = self._of(Shape("Thing", False, Shape("Thing", False)))
        recipes["eithers"] = self._of(Shape("Either", False, Shape("Either", True)))
        recipes["either"] = self._of(Shape("Either", True))
        return lambda: {name: recipe() for name, recipe in recipes.items()}

    def _of(self, shape: Shape) -> Recipe:
        return self._troubled(self._right(shape)) if self._rng.random() < self._trouble else self._right(shape)

    def _right(self, shape: Shape) -> Recipe:
        rng = self._rng
        if shape.nullable and rng.random() < 0.15:
            return lambda: None
        if shape.of is not None:
            return self._list(shape.of)
        if isinstance(shape.named, str):
            return self._object(shape.named)
        value = rng.choice(RIGHT[shape.named])
        return lambda: value

    def _list(self, of: Shape) -> Recipe:
        items = [self._of(of) for _ in range(self._rng.randint(0, 4 if self._depth < 2 else 2))]
        kind = self._rng.choice((list, list, list, list, tuple, iter))
        return lambda: kind([item() for item in items])

    def _object(self, named: str) -> Recipe:
        rng, names = self._rng, list(self._graph.types)
        # Deep down only the last type, which refers to no other.
        things = names if self._depth < 3 else names[-1:]
        name = {"Thing": rng.choice(things), "Either": rng.choice(things[-2:])}.get(named, named)
        cls = rng.choice((Row, Row, Row, Answering))
        recipes: dict[str, Recipe] = {}
        self._depth += 1
        for spec in self._graph.types[name]:
            recipe = self._of(spec.shape)
            if spec.reading == "ready" and rng.random() < 0.5:
                recipes[f"ready_{spec.name}"] = recipe
            elif rng.random() > self._trouble / 10:
                recipes[spec.name] = recipe
        self._depth -= 1
        number = rng.choice((0, 1, 2, None))
        kind = name if rng.random() > self._trouble / 5 else "Other"

        def make() -> Any:
            made = cls()
            vars(made).update({each: recipe() for each, recipe in recipes.items()}, kind=kind, number=number)
            return made

        return make

    def _troubled(self, right: Recipe) -> Recipe:
        rng = self._rng
        odd = rng.choice(ODD_ONES)
        message = f"broken {rng.randint(0, 9)}"

        async def stream() -> Any:
            yield right()

        choices: tuple[Recipe, ...] = (
            lambda: None, lambda: None, lambda: odd, lambda: odd, lambda: ValueError(message), stream,
            lambda: Late(right), lambda: Late(right), lambda: Late(right, LookupError(message)),
        )  # fmt: skip
        return rng.choice(choices)
