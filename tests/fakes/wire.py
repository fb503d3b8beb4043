"""The wire between a connector and what answers it: keeps the answers, and spoils those of one call to order."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

import httpx2

from connectors.reading.listing import Operation
from domain.facts.inventory import GapCause
from tests.fakes.scripted import Answered, Asked

# Longer than the guard of any test waits.
FOREVER = 6.0
# Left out of what is passed on: they are about one connection.
OF_THE_CONNECTION = {"content-length", "content-encoding", "transfer-encoding", "connection", "date", "server", "link"}


class Fault(StrEnum):
    REFUSED = "REFUSED"
    THROTTLED = "THROTTLED"
    CUT_SHORT = "CUT_SHORT"
    GARBLED = "GARBLED"
    HANGING = "HANGING"
    BROKEN = "BROKEN"


# What a spoiled answer must be taken for. Whoever refuses for want of a plan may do it with the same status.
MEANS = {
    Fault.REFUSED: {GapCause.PERMISSION, GapCause.PLAN},
    Fault.THROTTLED: {GapCause.THROTTLED},
    Fault.CUT_SHORT: {GapCause.UNAVAILABLE, GapCause.MISSHAPEN},
    Fault.GARBLED: {GapCause.MISSHAPEN},
    Fault.HANGING: {GapCause.UNAVAILABLE},
    Fault.BROKEN: {GapCause.UNAVAILABLE},
}


@dataclass
class Wire:
    """A script for `tests.fakes.scripted`. `peer` is asked once for each request; `spoiled` counts.

    `operations` are all the vendor's: a request is one of that whose path says most.
    """

    peer: str
    operations: tuple[Operation, ...]
    fault: Fault | None = None
    operation: Operation | None = None
    spoiled: int = 0
    kept: dict[tuple[str, str, str], Answered] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Answered:
        answered = self._answer(asked)
        if self.fault is None or self.operation is None or not self._is_its(self.operation, asked):
            return answered
        self.spoiled += 1
        return spoilt(self.fault, answered)

    def _is_its(self, operation: Operation, asked: Asked) -> bool:
        if not is_call_of(operation, asked):
            return False
        return words_of(operation) == max(words_of(one) for one in self.operations if is_call_of(one, asked))

    def _answer(self, asked: Asked) -> Answered:
        key = (asked.method, asked.target, asked.text)
        if key not in self.kept:
            passed = {name: value for name, value in asked.headers.items() if name not in ("host", "connection")}
            answer = httpx2.request(
                asked.method, f"{self.peer}{asked.target}", content=asked.text, headers=passed, timeout=30
            )
            headers = {name.title(): value for name, value in answer.headers.items() if name not in OF_THE_CONNECTION}
            self.kept[key] = Answered(answer.text or None, answer.status_code, headers)
        return self.kept[key]


def is_call_of(operation: Operation, asked: Asked) -> bool:
    """Whether a request is one of this operation: by method and path."""
    method, _, path = (operation.request or operation.name).partition(" ")
    template = re.escape(path.partition("?")[0])
    pattern = re.sub(r"\\\{\\\+.*?\\\}", ".+", template)
    pattern = re.sub(r"\\\{.*?\\\}", "[^/]+", pattern)
    return method == asked.method and re.fullmatch(f"(/[^/]+)?{pattern}", asked.path) is not None


def spoilt(fault: Fault, answered: Answered) -> Answered:
    """What arrives instead."""
    plain = {"Content-Type": "application/json"}
    whole = answered.body if isinstance(answered.body, str) and len(answered.body) > 1 else '{"some": "answer"}'
    return {
        Fault.REFUSED: Answered({"message": "Forbidden"}, 403, plain),
        Fault.THROTTLED: Answered({"message": "Too many"}, 429, {**plain, "Retry-After": "600"}),
        Fault.CUT_SHORT: Answered(whole, 200, plain, cut=True),
        Fault.GARBLED: Answered('{"items": [{"na', 200, plain),
        Fault.HANGING: Answered(whole, 200, plain, hangs=FOREVER),
        Fault.BROKEN: Answered({"message": "Internal"}, 500, plain),
    }[fault]


def words_of(operation: Operation) -> int:
    """How many letters of its path are fixed."""
    path = (operation.request or operation.name).partition("?")[0]
    return len(re.sub(r"\{.*?\}", "", path))
