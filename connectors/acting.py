"""Makes single steps of plans in an account. When which step is made, and what is kept of it, is not decided here."""

from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from connectors.reading.listing import Answer, Operation, Place
from connectors.reading.source import Source
from domain.errors import Misshapen, Rejected
from domain.remediation.step import Call, Step, asked_answers, filled, reached

NOTHING_FOUND: tuple[Any, ...] = (None, "", [], {})


class Actor:
    """Over an open source whose credentials may act. Its guard must try nothing again: a step knows how that is done.

    `action` is that of the vendor's registration. `place` is the whole account.
    """

    def __init__(self, source: Source, action: Callable[[str], Operation], place: Place) -> None:
        self._source, self._action, self._place = source, action, place

    async def make(self, step: Step, token: str, answers: Mapping[str, Answer]) -> Answer:
        """What the call answers; {} when nothing is left to do. Raises ProviderError, KeyError for an unknown name."""
        return await self._first(step.call, token, answers, step.gone)

    async def find(self, step: Step, token: str, answers: Mapping[str, Answer]) -> Answer | None:
        """What an earlier try of the step has made; None when there is nothing to be seen, or no way to look."""
        if step.found is None:
            return None
        page = await self._first(step.found.call, token, answers, step.gone)
        value = reached(page, step.found.path)
        if value in NOTHING_FOUND:
            return None
        return {step.found.within: value} if step.found.within else value

    async def is_ready(self, step: Step, token: str, answers: Mapping[str, Answer]) -> bool:
        """Whether what was begun is done; `answers` hold the step's own. Raises Rejected when it never will be."""
        look = step.wait
        if look is None:
            return True
        if not answers.get(step.name, True) and step.name in asked_answers(look.call.arguments):
            # Nothing was left to do, so that there is no answer either by which to ask how far it is.
            return True
        operation = self._action(look.call.operation)
        value = reached(await self._first(look.call, token, answers, step.gone), look.path)
        if str(value) in look.failed:
            raise Rejected(f"{step.says} It ended as {value}.", service=operation.service)
        return str(value) in look.ready if look.ready else value in NOTHING_FOUND

    async def _first(
        self, call: Call, token: str, answers: Mapping[str, Answer], gone: tuple[str, ...] = ()
    ) -> Answer | dict[str, Any]:
        operation = self._action(call.operation)
        tried = replace(operation, absent=operation.absent | frozenset(gone))
        place = self._place.inside(call.region) if call.region else self._place
        arguments = filled(call.arguments, token, answers)
        async with aclosing(self._source.pages(tried, place, arguments)) as pages:
            async for page in pages:
                if page is not None and not isinstance(page, dict | list):
                    raise Misshapen(f"{call.operation} answers with something else than JSON.", service=tried.service)
                return {} if page is None else tried.hidden(page) if tried.hidden else page
        return {}
