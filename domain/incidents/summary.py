"""What an incident is called and how bad it is, worked out of its members."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.facts.alert import AlertCategory
from domain.facts.severity import Severity

RAISED_BY = {AlertCategory.FINOPS, AlertCategory.SECOPS}
LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A member, as far as the summary needs it. `happened`: it is no standing fault."""

    at: datetime
    category: AlertCategory
    severity: Severity
    title: str
    account: str | None
    is_open: bool
    happened: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """`first_at` and `last_at` are of what happened; of all members where nothing did."""

    title: str
    severity: Severity
    categories: tuple[AlertCategory, ...]
    accounts: tuple[str, ...]
    first_at: datetime
    last_at: datetime
    happened: bool
    members: int
    open_members: int


def summary_of(parts: Sequence[Part]) -> Summary:
    """Of at least one member, in any order."""
    ordered = sorted(parts, key=lambda part: (part.at, part.title, part.severity.rank))
    timed = [part for part in ordered if part.happened] or ordered
    categories = tuple(sorted({part.category for part in parts}))
    return Summary(
        title=_title(ordered),
        severity=severity_of([part.severity for part in parts], categories),
        categories=categories,
        accounts=tuple(sorted({part.account for part in parts if part.account is not None})),
        first_at=timed[0].at,
        last_at=timed[-1].at,
        happened=any(part.happened for part in parts),
        members=len(parts),
        open_members=sum(part.is_open for part in parts),
    )


def severity_of(severities: Sequence[Severity], categories: Sequence[AlertCategory]) -> Severity:
    """The worst of its members; one step worse where cost and security meet: then the damage has a price already."""
    worst = min(severities, key=lambda severity: severity.rank)
    steps = 1 if RAISED_BY.issubset(categories) else 0
    return list(Severity)[max(0, worst.rank - steps)]


def _title(ordered: Sequence[Part]) -> str:
    """Named after the first of the worst."""
    lead = min(ordered, key=lambda part: part.severity.rank)
    others = len(ordered) - 1
    tail = f", and {others} more" if others else ""
    return f"{lead.title[: LONGEST_TITLE - len(tail)]}{tail}"
