"""How well an integration does, from 0 to 100, and what is wrong in plain words."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.facts.health import (
    BreakerState,
    CircuitBreaker,
    HealthProblem,
    HealthState,
    ProblemKind,
    ServiceHealth,
    Tally,
)
from domain.facts.inventory import GapCause, ServiceGap

WINDOW = timedelta(hours=1)

# A service starts at 100 and loses what its calls lost: a call without an answer, or with one that cannot be read, is
# lost whole; one that was throttled by half, because it only comes later; one that was refused by a fifth, because the
# rest goes on and one missing permission is met by many calls. A service that rests scores 0.
#
# The account scores two thirds of the mean of its services and one third of the worst: the mean alone would hide one
# dead service among forty, the worst alone would call an account dead for it. When no call of the hour brought anything
# the score is 0, whatever the reasons. Below 50 more is lost than is read: FAILING. Below 90, or with anything a person
# should do, it is DEGRADED. Without a call there is no score: UNKNOWN.
UNANSWERED_COSTS, THROTTLED_COSTS, REFUSED_COSTS = 1.0, 0.5, 0.2
MEAN_WEIGHT, WORST_WEIGHT = 2, 1
FAILING_BELOW, HEALTHY_FROM = 50, 90
# A lost call in a hundred is the weather; one in twenty is worth a sentence.
TOLD_FROM = 0.05
BAND = 10
MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Verdict:
    """`score` is None when nothing was asked. `problems` come worst first."""

    state: HealthState
    score: int | None
    services: tuple[ServiceHealth, ...]
    problems: tuple[HealthProblem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an account's health is judged by: tallies of the window, gaps of the last sync, breakers that were seen."""

    tallies: Sequence[Tally] = field(default=())
    gaps: Sequence[ServiceGap] = field(default=())
    breakers: Sequence[CircuitBreaker] = field(default=())


def judge(seen: Seen) -> Verdict:
    """Score, state, problems and the figures of each service."""
    resting = {one.service: one for one in seen.breakers if one.state is not BreakerState.CLOSED}
    services = tuple(_service(name, tallies, name in resting) for name, tallies in _by_service(seen.tallies))
    problems = (
        *_resting(resting, services),
        *(problem for one in services if one.service not in resting for problem in _of_service(one)),
        *_of_gaps(seen.gaps),
    )[:MOST_PROBLEMS]
    scores = [one.score for one in services] + [0 for name in resting if name not in {one.service for one in services}]
    if not scores:
        return Verdict(HealthState.UNKNOWN, None, (), problems)
    score = _together(scores) if any(map(_brought, services)) else 0
    return Verdict(_state(score, bool(problems)), score, services, problems)


def _by_service(tallies: Iterable[Tally]) -> list[tuple[str, list[Tally]]]:
    found: defaultdict[str, list[Tally]] = defaultdict(list)
    for tally in tallies:
        if tally.calls:
            found[tally.service].append(tally)
    return sorted(found.items())


def _service(name: str, tallies: Sequence[Tally], is_resting: bool) -> ServiceHealth:
    calls, throttled, unavailable, refused, malformed = (
        sum(column)
        for column in zip(
            *((one.calls, one.throttled, one.unavailable, one.refused, one.malformed) for one in tallies), strict=True
        )
    )
    lost = UNANSWERED_COSTS * (unavailable + malformed) + THROTTLED_COSTS * throttled + REFUSED_COSTS * refused
    return ServiceHealth(
        service=name,
        score=0 if is_resting else round(100 * (1 - lost / calls)),
        calls=calls,
        throttled=throttled,
        unavailable=unavailable,
        refused=refused,
        malformed=malformed,
        mean_seconds=round(sum(one.seconds for one in tallies) / calls, 3),
    )


def _together(scores: Sequence[int]) -> int:
    mean = sum(scores) / len(scores)
    return round((MEAN_WEIGHT * mean + WORST_WEIGHT * min(scores)) / (MEAN_WEIGHT + WORST_WEIGHT))


def _brought(one: ServiceHealth) -> bool:
    return one.calls > one.throttled + one.unavailable + one.refused + one.malformed


def _state(score: int, has_problems: bool) -> HealthState:
    if score < FAILING_BELOW:
        return HealthState.FAILING
    return HealthState.DEGRADED if score < HEALTHY_FROM or has_problems else HealthState.HEALTHY


def _resting(resting: dict[str, CircuitBreaker], services: Sequence[ServiceHealth]) -> Iterable[HealthProblem]:
    counted = {one.service: one for one in services}
    for name, breaker in sorted(resting.items()):
        again = f"asks again at {_clock(breaker.next_try_at)}" if breaker.next_try_at else "is asking again just now"
        one = counted.get(name)
        lost = f"{one.unavailable} of {one.calls} calls in the last hour" if one else "the calls of other readings"
        yield HealthProblem(
            kind=ProblemKind.RESTING,
            service=name,
            message=f"{name} did not answer {lost}; CloudWatcher {again}.",
            advice="Nothing to do when the provider has an outage; otherwise check the endpoint and the network.",
        )


_LOST = (
    (
        "unavailable",
        ProblemKind.UNANSWERED,
        "did not answer {lost} of {calls} calls in the last hour.",
        "Check the provider's status page, and the endpoint.",
    ),
    (
        "malformed",
        ProblemKind.MALFORMED,
        "gave {lost} unreadable answers to {calls} calls in the last hour.",
        "Check that the endpoint is the provider's own.",
    ),
    (
        "throttled",
        ProblemKind.THROTTLED,
        "asked for fewer calls at {lost} of {calls} calls in the last hour.",
        "Nothing, unless it lasts: then sync less often, or ask the provider for a higher limit.",
    ),
)


def _of_service(one: ServiceHealth) -> Iterable[HealthProblem]:
    for name, kind, says, advice in _LOST:
        lost = getattr(one, name)
        if lost / one.calls >= TOLD_FROM:
            message = f"{one.service} {says.format(lost=lost, calls=one.calls)}"
            yield HealthProblem(kind=kind, service=one.service, message=message, advice=advice)
    if one.refused == one.calls:
        message = f"{one.service} refused all of {one.calls} calls in the last hour."
        advice = "Check that the credentials are valid and may read it."
        yield HealthProblem(kind=ProblemKind.REFUSED, service=one.service, message=message, advice=advice)


def _of_gaps(gaps: Iterable[ServiceGap]) -> Iterable[HealthProblem]:
    """One problem for each missing permission or plan, and one for each service that lacks something else."""
    found: dict[tuple[ProblemKind, str, str], tuple[ServiceGap, int]] = {}
    for gap in gaps:
        kind = _KINDS.get(gap.cause, ProblemKind.INCOMPLETE)
        key = (kind, gap.service, gap.missing or "")
        first, count = found.get(key, (gap, 0))
        found[key] = (first, count + 1)
    for (kind, service, missing), (gap, count) in sorted(found.items(), key=lambda entry: entry[0]):
        yield _of_gap(kind, service, missing, gap.reason if count == 1 else f"{gap.reason} And {count - 1} more.")


def _of_gap(kind: ProblemKind, service: str, missing: str, reason: str) -> HealthProblem:
    if kind is ProblemKind.PERMISSION and missing:
        message, advice = f"The permission {missing} is missing.", "Grant it to what CloudWatcher signs in as."
    elif kind is ProblemKind.PLAN and missing:
        message, advice = f"{service} offers this with {missing} only.", "It is read once the plan or setting is there."
    else:
        message, advice = reason, "The next sync tries again. What is missing is taken for unknown, not for absent."
    return HealthProblem(kind=kind, service=service, message=message, advice=advice)


_KINDS = {GapCause.PERMISSION: ProblemKind.PERMISSION, GapCause.PLAN: ProblemKind.PLAN}


def has_changed(before: Verdict, after: Verdict) -> bool:
    """Whether somebody who follows the account should hear of it: figures that wander a little are no news."""
    return (before.state, _band(before.score), _names(before)) != (after.state, _band(after.score), _names(after))


def _band(score: int | None) -> int | None:
    return None if score is None else score // BAND


def _names(verdict: Verdict) -> list[tuple[ProblemKind, str, str]]:
    counted = {ProblemKind.UNANSWERED, ProblemKind.MALFORMED, ProblemKind.THROTTLED, ProblemKind.REFUSED}
    return [(one.kind, one.service, "" if one.kind in counted else one.message) for one in verdict.problems]


def _clock(at: datetime) -> str:
    return f"{at:%H:%M} UTC"
