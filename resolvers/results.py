"""Answers that are kept until something changes: what resolvers ask of the store of results."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from pydantic import TypeAdapter

from domain.facts.scope import Scope

T = TypeVar("T")


class Results(Protocol):
    """`question` names all that the answer depends on besides the organizations in scope and what they hold; its repr
    tells it from every other question. The answer may be shared, so nobody changes it.
    """

    async def get_or_compute(
        self, question: object, scope: Scope, encoded: TypeAdapter[T], compute: Callable[[], Awaitable[T]]
    ) -> T: ...
