"""From the answers of a first look into an account to the report of what its credentials open. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.facts.access import (
    AccessReport,
    MissingAccess,
    OperationAccess,
    Readability,
    ReadNeed,
    ServiceAccess,
)
from domain.facts.inventory import GapCause, ServiceGap
from domain.rules.rule import Rule

STATE_OF = {GapCause.PERMISSION: Readability.REFUSED, GapCause.PLAN: Readability.PLAN}
HINDERED = (Readability.REFUSED, Readability.PLAN)
# The worst of several answers to the same read tells: one region may allow what another refuses.
WORST_FIRST = (Readability.REFUSED, Readability.PLAN, Readability.UNAVAILABLE)


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What a first look found: the reads that were answered, those that were not, and whether all were tried."""

    answered: Collection[str]
    gaps: Sequence[ServiceGap]
    is_whole: bool


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Whose credentials they are."""

    native_id: str
    name: str
    principal: str


def access_report(
    holder: Holder, needs: Sequence[ReadNeed], looked: Looked, rules: Iterable[Rule], at: datetime
) -> AccessReport:
    """The report, in a fixed order: services and reads as the connector has them, what is missing by name."""
    worst = _worst(looked.gaps)
    judged = [(need, _judged(need, worst.get(need.operation), looked.answered)) for need in needs]
    by_service: dict[str, list[OperationAccess]] = defaultdict(list)
    for need, one in judged:
        by_service[need.service].append(one)
    return AccessReport(
        native_id=holder.native_id,
        name=holder.name,
        principal=holder.principal,
        checked_at=at,
        is_whole=looked.is_whole,
        services=tuple(_service(name, operations) for name, operations in by_service.items()),
        missing=_missing(judged, tuple(rules)),
    )


def _worst(gaps: Iterable[ServiceGap]) -> Mapping[str, ServiceGap]:
    found: dict[str, ServiceGap] = {}
    for gap in gaps:
        known = found.get(gap.operation)
        if known is None or _rank(gap) < _rank(known):
            found[gap.operation] = gap
    return found


def _state(gap: ServiceGap) -> Readability:
    return STATE_OF.get(gap.cause, Readability.UNAVAILABLE)


def _rank(gap: ServiceGap) -> int:
    return WORST_FIRST.index(_state(gap))


def _judged(need: ReadNeed, gap: ServiceGap | None, answered: Collection[str]) -> OperationAccess:
    if gap is None:
        state = Readability.READABLE if need.operation in answered else Readability.NOT_TRIED
        return OperationAccess(operation=need.operation, state=state, kinds=need.kinds)
    state = _state(gap)
    return OperationAccess(
        operation=need.operation,
        state=state,
        missing=_names(need, gap) if state in HINDERED else (),
        reason=gap.reason,
        kinds=need.kinds,
    )


def _names(need: ReadNeed, gap: ServiceGap) -> tuple[str, ...]:
    """What the provider says is missing; where it says nothing, what the connector knows the read to take."""
    if gap.cause is GapCause.PLAN:
        return (gap.missing or need.plan or "another plan",)
    return tuple((gap.missing or "").split(", ")) if gap.missing else need.permissions


def _service(name: str, operations: Sequence[OperationAccess]) -> ServiceAccess:
    states = [one.state for one in operations]
    return ServiceAccess(
        service=name,
        readable=states.count(Readability.READABLE),
        refused=sum(state in HINDERED for state in states),
        operations=tuple(operations),
    )


def _missing(judged: Sequence[tuple[ReadNeed, OperationAccess]], rules: Sequence[Rule]) -> tuple[MissingAccess, ...]:
    lacking: dict[tuple[bool, str], list[ReadNeed]] = defaultdict(list)
    for need, one in judged:
        for name in one.missing:
            lacking[one.state is Readability.PLAN, name].append(need)
    return tuple(
        MissingAccess(
            name=name,
            is_plan=is_plan,
            operations=tuple(need.operation for need in needs),
            kinds=tuple(sorted({kind for need in needs for kind in need.kinds})),
            rules=_rules(name, needs, rules),
        )
        for (is_plan, name), needs in sorted(lacking.items(), key=lambda entry: entry[0])
    )


def _rules(name: str, needs: Sequence[ReadNeed], rules: Sequence[Rule]) -> tuple[str, ...]:
    """Ids of the rules that name the permission, or judge resources that are not even listed without it."""
    listed = {kind for need in needs if need.is_list for kind in need.kinds}
    return tuple(rule.id for rule in rules if name in rule.permissions or rule.applies_to in listed)
