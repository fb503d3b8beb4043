"""A small server with state that takes only requests which the vendor's own description allows."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.fakes.described import described
from tests.fakes.scripted import Answered, Asked, Scripted, scripted

REFUSED, MISSING = 422, 404
ROUTES = "_routes"


class Refused(Exception):
    """What the vendor answers with instead."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def on(route: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Marks what answers `METHOD /path/{id}`: it gets what was asked and the ids, and gives the body of the answer."""

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        setattr(function, ROUTES, (*getattr(function, ROUTES, ()), route))
        return function

    return mark


class DescribedCloud:
    """The script of a server. `broken` are requests that the description forbids, `written` those that are no GET.

    `undescribed` are routes that the description lacks; anything else that it lacks is refused.
    """

    undescribed: frozenset[str] = frozenset()

    def __init__(self, description: Path) -> None:
        self.described = described(description)
        self.broken: list[str] = []
        self.written: list[str] = []
        self.url = ""
        found = [getattr(self, name) for name in dir(type(self)) if hasattr(getattr(type(self), name), ROUTES)]
        self._routes = {route: function for function in found for route in getattr(function, ROUTES)}

    @contextmanager
    def served(self) -> Iterator[Scripted]:
        """The server, while the block runs."""
        with scripted(self) as server:
            self.url = server.url
            yield server

    def __call__(self, asked: Asked) -> Answered:
        body = asked.json if asked.text else None
        if asked.method != "GET":
            self.written.append(f"{asked.method} {asked.path}")
        try:
            answer = self._answer(asked, body)
        except Refused as refusal:
            return Answered(self.refusal(refusal.message), refusal.status)
        return answer if isinstance(answer, Answered) else Answered(answer, 204 if answer is None else 200)

    def refusal(self, message: str) -> Any:
        """The body of a refusal."""
        return {"message": message}

    def _answer(self, asked: Asked, body: Any) -> Any:
        route, ids = self._routed(asked)
        if route not in self.undescribed or self.described.knows(asked.method, asked.path):
            query = {name: values[0] for name, values in asked.query.items()}
            problems = self.described.problems(asked.method, asked.path, query, body)
            if problems:
                self.broken += [f"{asked.method} {asked.target}: {one}" for one in problems]
                raise Refused(REFUSED, problems[0])
        return self._routes[route](asked, *ids)

    def _routed(self, asked: Asked) -> tuple[str, tuple[str, ...]]:
        for route in sorted(self._routes, key=lambda one: one.count("{")):
            method, _, template = route.partition(" ")
            pattern = re.sub(r"\\\{.*?\\\}", "([^/]+)", re.escape(template))
            found = re.fullmatch(pattern, asked.path)
            if found and method == asked.method:
                return route, found.groups()
        raise Refused(MISSING, "Not Found")
