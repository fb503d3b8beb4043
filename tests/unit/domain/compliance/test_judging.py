"""How one procedure is judged, and how many become one status."""

from collections.abc import Iterator
from itertools import combinations_with_replacement, permutations

import pytest

from domain.compliance.answers import NotOffered, Unread
from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.judging import ORDER, Judgement, judge, roll_up
from domain.facts.compliance import CheckStatus, Integration, Verdict
from tests.factories.answers import NOW, answers

GOOD, POOR = passed("good", "seen"), warned("poor", "seen", "wanted")
BAD, WORSE = failed("bad", "seen", "wanted"), failed("worse", "seen", "wanted")
CASE = Case(answers=answers(Integration.AWS), parameters={}, now=NOW)


def procedure(*items: Item, error: Exception | None = None) -> Procedure:
    """One that says this, and then meets the trouble."""

    def said(_: Case) -> Iterator[Item]:
        yield from items
        if error is not None:
            raise error

    return Procedure(
        integration=Integration.AWS, scope="account", operations=("a.b",), passes="It does.", fails="No.", judge=said
    )


@pytest.mark.parametrize(
    ("items", "status"),
    [
        ((), CheckStatus.NOT_APPLICABLE),
        ((GOOD,), CheckStatus.PASS),
        ((GOOD, POOR), CheckStatus.WARNING),
        ((GOOD, POOR, BAD), CheckStatus.FAIL),
        ((BAD,), CheckStatus.FAIL),
    ],
)
def test_the_worst_item_says_how_it_is(items: tuple[Item, ...], status: CheckStatus) -> None:
    for order in permutations(items):
        found = judge(procedure(*order), CASE)

        assert (found.status, found.problem) == (status, None)


def test_items_are_kept_with_the_worst_first_and_counted() -> None:
    found = judge(procedure(GOOD, POOR, BAD, WORSE), CASE, {"worse"}.__contains__)

    assert [item.resource for item in found.items] == ["bad", "worse", "poor", "good"]
    assert found.counts == {Verdict.FAIL: 1, Verdict.EXEMPT: 1, Verdict.WARNING: 1, Verdict.PASS: 1}


@pytest.mark.parametrize(
    ("items", "exempt", "status"),
    [
        ((BAD,), {"bad"}, CheckStatus.EXEMPT),
        ((BAD, GOOD), {"bad"}, CheckStatus.EXEMPT),
        ((BAD, POOR), {"bad"}, CheckStatus.WARNING),
        ((BAD, WORSE), {"bad"}, CheckStatus.FAIL),
        # An exception is for what fails, not for what is poor or good.
        ((POOR,), {"poor"}, CheckStatus.WARNING),
        ((GOOD,), {"good"}, CheckStatus.PASS),
    ],
)
def test_exceptions_cover_what_fails(items: tuple[Item, ...], exempt: set[str], status: CheckStatus) -> None:
    assert judge(procedure(*items), CASE, exempt.__contains__).status is status


def test_an_exception_leaves_what_was_seen() -> None:
    (item,) = judge(procedure(BAD), CASE, {"bad"}.__contains__).items

    assert item == BAD._replace(verdict=Verdict.EXEMPT)


@pytest.mark.parametrize(
    ("error", "status", "problem"),
    [
        (Unread("a.b", "refused"), CheckStatus.ERROR, "a.b: refused"),
        (NotOffered("a.b", "the plan lacks it"), CheckStatus.NOT_ASSESSED, "a.b: the plan lacks it"),
        (KeyError("Status"), CheckStatus.ERROR, "The answers have another shape than expected (KeyError: 'Status')."),
        (IndexError("none"), CheckStatus.ERROR, "The answers have another shape than expected (IndexError: none)."),
        (TypeError("text"), CheckStatus.ERROR, "The answers have another shape than expected (TypeError: text)."),
        (ValueError("date"), CheckStatus.ERROR, "The answers have another shape than expected (ValueError: date)."),
        (AttributeError("x"), CheckStatus.ERROR, "The answers have another shape than expected (AttributeError: x)."),
        (OverflowError("y"), CheckStatus.ERROR, "The answers have another shape than expected (OverflowError: y)."),
    ],
)
def test_nothing_is_said_of_what_could_not_be_read(error: Exception, status: CheckStatus, problem: str) -> None:
    found = judge(procedure(GOOD, BAD, error=error), CASE)

    assert found == Judgement(status=status, items=(), problem=problem)


def test_a_mistake_of_ours_is_not_taken_for_an_answer() -> None:
    with pytest.raises(ZeroDivisionError):
        judge(procedure(error=ZeroDivisionError()), CASE)


def test_one_status_of_many_is_the_worst() -> None:
    assert roll_up([]) is CheckStatus.NOT_ASSESSED
    assert set(ORDER) == set(CheckStatus)
    for better, worse in combinations_with_replacement(reversed(ORDER), 2):
        assert roll_up([better, worse, better]) is worse


def test_a_pass_is_not_spoilt_by_what_does_not_apply() -> None:
    others = [CheckStatus.EXEMPT, CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED]

    assert roll_up([CheckStatus.PASS, *others]) is CheckStatus.PASS
    assert roll_up([CheckStatus.ERROR, CheckStatus.PASS]) is CheckStatus.ERROR
