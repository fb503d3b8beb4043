"""How far a step is, where there is nothing to ask by."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.acting import Actor
from connectors.reading.listing import Answer, Arguments, Operation, Place
from connectors.reading.source import Identity
from domain.remediation.step import Call, Look, Step, answer

PLACE = Place(account_id="a", region=None, now=datetime(2026, 1, 1, tzinfo=UTC))


class Running:
    """Answers every look with an operation that runs; `asked` are the arguments of the looks."""

    endpoint = "here"

    def __init__(self) -> None:
        self.asked: list[Arguments] = []

    async def identity(self) -> Identity:
        raise AssertionError("an actor does not ask who it is")

    async def regions(self) -> tuple[str, ...]:
        raise AssertionError("an actor does not ask for regions")

    async def pages(self, _: Operation, __: Place, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        self.asked.append(arguments)
        yield {"status": "RUNNING"}


def deletion(**arguments: Any) -> Step:
    look = Look(call=Call(operation="look", arguments=arguments), path="status", ready=("DONE",))
    return Step(name="delete", says="Delete it.", call=Call(operation="delete"), gone=("404",), wait=look)


def known(name: str) -> Operation:
    return Operation(name=name, service="things", permissions=("things:do",))


@pytest.mark.parametrize(
    ("step", "answers", "is_ready", "looks"),
    [
        (deletion(operation=answer("delete", "name")), {"delete": {}}, True, 0),
        (deletion(operation=answer("delete", "name")), {"delete": {"name": "op-1"}}, False, 1),
        (deletion(thing="t"), {"delete": {}}, False, 1),
    ],
    ids=["nothing-left-to-do", "begun", "asked-by-something-else"],
)
async def test_what_there_was_nothing_left_to_do_for_is_ready(
    step: Step, answers: dict[str, Any], is_ready: bool, looks: int
) -> None:
    source = Running()

    assert await Actor(source, known, PLACE).is_ready(step, "t", answers) is is_ready
    assert len(source.asked) == looks
