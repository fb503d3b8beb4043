"""Judges one procedure, and rolls many up into one."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

from domain.compliance.answers import NotOffered, Unread
from domain.compliance.control import Case, Item, Procedure
from domain.facts.compliance import CheckStatus, Verdict

# What a procedure raises on answers of another shape than the provider's documentation says.
MISSHAPEN = (AttributeError, LookupError, TypeError, ValueError, OverflowError)
# The worst first: what one of several says is what is said of all.
ORDER = (
    CheckStatus.FAIL,
    CheckStatus.ERROR,
    CheckStatus.WARNING,
    CheckStatus.PASS,
    CheckStatus.EXEMPT,
    CheckStatus.NOT_APPLICABLE,
    CheckStatus.NOT_ASSESSED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What is said of one procedure. `items` are all that were looked at, the worst first.

    `problem` says what could not be read or made sense of, None where all could.
    """

    status: CheckStatus
    items: tuple[Item, ...] = ()
    problem: str | None = None

    @property
    def counts(self) -> Counter[Verdict]:
        return Counter(item.verdict for item in self.items)


def judge(procedure: Procedure, case: Case, is_exempt: Callable[[str], bool] = lambda resource: False) -> Judgement:
    """What the procedure says of the case. `is_exempt` tells which resources an approved exception covers."""
    try:
        items = [_excepted(item, is_exempt) for item in procedure.judge(case)]
    except NotOffered as error:
        return Judgement(status=CheckStatus.NOT_ASSESSED, problem=str(error))
    except Unread as error:
        return Judgement(status=CheckStatus.ERROR, problem=str(error))
    except MISSHAPEN as error:
        problem = f"The answers have another shape than expected ({type(error).__name__}: {error})."
        return Judgement(status=CheckStatus.ERROR, problem=problem)
    worst_first = sorted(items, key=lambda item: _RANK[item.verdict])
    return Judgement(status=status_of({item.verdict for item in items}), items=tuple(worst_first))


def roll_up(statuses: Collection[CheckStatus]) -> CheckStatus:
    """One status of many; nothing at all is not assessed."""
    return min(statuses, key=ORDER.index, default=CheckStatus.NOT_ASSESSED)


def status_of(seen: Collection[Verdict]) -> CheckStatus:
    """What is said of a procedure whose items have these verdicts; without any there is nothing to judge."""
    if not seen:
        return CheckStatus.NOT_APPLICABLE
    for verdict, status in (
        (Verdict.FAIL, CheckStatus.FAIL),
        (Verdict.WARNING, CheckStatus.WARNING),
        (Verdict.EXEMPT, CheckStatus.EXEMPT),
    ):
        if verdict in seen:
            return status
    return CheckStatus.PASS


_RANK = {Verdict.FAIL: 0, Verdict.EXEMPT: 1, Verdict.WARNING: 2, Verdict.PASS: 3}


def _excepted(item: Item, is_exempt: Callable[[str], bool]) -> Item:
    if item.verdict is Verdict.FAIL and is_exempt(item.resource):
        return item._replace(verdict=Verdict.EXEMPT)
    return item
