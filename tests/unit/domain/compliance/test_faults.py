"""What a procedure asks for and does not get in whole never has it say that all is well, or that something fails."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.compliance import registry
from domain.compliance.answers import Answers, Call, Unread
from domain.compliance.control import Case, Control, Item, Procedure, passed
from domain.compliance.judging import judge
from domain.facts.compliance import CheckStatus, Integration
from tests.factories import made_controls

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
UNDECIDED = {CheckStatus.ERROR, CheckStatus.NOT_ASSESSED}
GARBLED: tuple[Any, ...] = ("no JSON", 7, ["no", "objects"])


@dataclass
class Asked(AbstractSet[str]):
    """A set of operations that remembers which of all operations were looked for."""

    names: frozenset[str]
    seen: set[str] = field(default_factory=set)

    def __contains__(self, name: object) -> bool:
        self.seen.add(str(name))
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def operations_of(control: Control) -> set[str]:
    return {operation for procedure in control.procedures for operation in procedure.operations}


def answers(integration: Integration, whole: Asked, pages: Mapping[str, tuple[Any, ...]], **more: Any) -> Answers:
    calls = {name: (Call(operation=name, region=None, arguments={}, pages=said),) for name, said in pages.items()}
    return Answers(integration=integration, account="1", read_at=NOW, by_operation=calls, whole=whole, **more)


def status(control: Control, procedure: Procedure, whole: Asked, pages: Mapping[str, Any], **more: Any) -> CheckStatus:
    """What it says when every system is connected, and answers alike."""
    every = {one: answers(one, whole, pages, **more) for one in Integration}
    own = every[procedure.integration]
    case = Case(answers=own, parameters=control.parameters, now=NOW, connected=tuple(every.values()))
    return judge(procedure, case).status


PROCEDURES = [
    pytest.param(control, procedure, id=f"{control.id}-{procedure.integration}")
    for control in (*registry.all_controls(), *registry.bundled_controls(), *made_controls.ALL)
    for procedure in control.procedures
]


@pytest.mark.parametrize(("control", "procedure"), PROCEDURES)
def test_nothing_read_is_nothing_said(control: Control, procedure: Procedure) -> None:
    assert status(control, procedure, Asked(frozenset()), {}) in UNDECIDED


@pytest.mark.parametrize(("control", "procedure"), PROCEDURES)
@pytest.mark.parametrize("reason", ["the call was refused", "the list was cut short", "was not read by the last sync"])
def test_each_operation_that_is_missed_leaves_it_undecided(control: Control, procedure: Procedure, reason: str) -> None:
    every = operations_of(control)
    for operation in sorted(every):
        # What was read of it before it broke off is there, and must not be looked at.
        whole = Asked(frozenset(every - {operation}))

        said = status(control, procedure, whole, {operation: ([],)}, unread={operation: reason})

        assert operation not in whole.seen or said in UNDECIDED, operation


@pytest.mark.parametrize(("control", "procedure"), PROCEDURES)
@pytest.mark.parametrize("page", GARBLED, ids=str)
def test_answers_that_make_no_sense_never_pass(control: Control, procedure: Procedure, page: Any) -> None:
    every = operations_of(control)

    assert status(control, procedure, Asked(frozenset(every)), dict.fromkeys(every, (page,))) is not CheckStatus.PASS


def _swallows(case: Case) -> Iterator[Item]:
    try:
        case.answers.calls("a.call")
    except Unread:
        yield passed("everything", "nothing was seen")


def test_a_procedure_that_goes_on_without_an_answer_is_noticed() -> None:
    procedure = made_controls.a_procedure(_swallows, "a.call")
    control = made_controls.a_control("CW-TST-09", procedure)

    with pytest.raises(AssertionError):
        test_each_operation_that_is_missed_leaves_it_undecided(control, procedure, "the call was refused")
    with pytest.raises(AssertionError):
        test_nothing_read_is_nothing_said(control, procedure)
