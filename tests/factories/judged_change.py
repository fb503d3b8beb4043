"""One change in a stand-in with what a control must then say; for tables of them."""

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from domain.compliance.judging import Judgement
from domain.facts.compliance import CheckStatus

Stage = TypeVar("Stage")


class Changed(NamedTuple, Generic[Stage]):
    """`make` is the change. The control must then have `observed` of `item`; of nothing, where `item` is empty, it must
    say the status all the same.
    """

    control: str
    status: CheckStatus
    item: str
    observed: str
    make: Callable[[Stage], Any]

    def is_said_by(self, judgement: Judgement) -> bool:
        """Whether the judgement is what the control must come to."""
        if not self.item:
            return (judgement.status, judgement.items) == (self.status, ())
        said = [one for one in judgement.items if one.resource == self.item and one.verdict.value == self.status.value]
        return any(self.observed in one.observed for one in said)


def nothing(_: Any) -> None:
    """Everything stays as it is."""


def both(*changes: Callable[[Stage], Any]) -> Callable[[Stage], None]:
    """One change after the other."""

    def make(stage: Stage) -> None:
        for change in changes:
            change(stage)

    return make
