"""Finds commitments that are used, or cover, much less than before. What is found is kept like anomalies of costs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from documents.anomaly_settings import AnomalySettings
from documents.commitment_usage import commitment_usage
from documents.cost_history import CostHistory, SeriesKey
from documents.cost_period import midnight
from domain.anomalies.commitments import DAYS, RatioDay, RatioFall, RatioSettings, ratio_fall
from domain.anomalies.flag import Rule
from domain.anomalies.severity import severity_of
from domain.anomaly_feedback import REMEMBERED
from domain.anomaly_words import money
from domain.costs.commitments import CommitmentUse, commitments_of, coverage_by_service, eligible_of, total
from domain.costs.series import CostQuestion
from domain.facts.anomaly import AnomalyBaseline, AnomalyDay, AnomalyDirection, AnomalyKind, AnomalyState
from domain.facts.scope import Scope
from jobs.anomaly_finding import MONTH, Found, amount
from jobs.anomaly_scan import Scan, series_of, wait_of

_DAY = timedelta(days=1)
USED, COVERED = "UTILIZATION", "COVERAGE"


@dataclass(frozen=True, slots=True)
class RatioSeries:
    """How far a commitment is used, or commitments cover a service, day by day in the order of the days looked at.

    `subject` is the id of the commitment, or the service. `name` is what people call it.
    """

    key: SeriesKey
    measure: str
    subject: str
    name: str
    days: Sequence[RatioDay]


async def commitment_falls(
    scope: Scope,
    scan: Scan,
    history: CostHistory,
    settings: AnomalySettings,
    stored: Mapping[str, Mapping[str, Any]],
    since: date,
) -> list[Found]:
    """The days from `since` on on which commitments fell behind their usual, each an anomaly with its numbers."""
    last = scan.newest - _DAY if scan.is_partial else scan.newest
    # So long before as the detector looks back, that the same days always give the same.
    days = [since + _DAY * number for number in range(-DAYS, (last - since).days + 1)]
    if not days:
        return []
    limits = RatioSettings(minimum_impact=float(settings.minimum_impact))
    found = []
    for currency in sorted({key.currency for key in scan.keys}):
        usage = await commitment_usage(scope, CostQuestion(days[0], last + _DAY, currency=currency))
        for series in ratio_series(usage.rows, days, currency, history.delivered):
            found += [_found(scan, series, on, place, fall, limits) for on, place, fall in _falls(series, days, limits)]
    return [one for one in found if not _is_quiet(one.fields, list(stored.values()))]


def ratio_series(
    rows: Sequence[CommitmentUse], days: Sequence[date], currency: str, delivered: Mapping[str, set[date]]
) -> Iterator[RatioSeries]:
    """Each commitment, and the coverage of each service in which commitments cover something, by billing account."""
    by_account: dict[tuple[str, str], list[CommitmentUse]] = {}
    for row in rows:
        by_account.setdefault((row.provider, row.billing_account_id), []).append(row)
    for (provider, account), own in sorted(by_account.items()):
        known = [day in delivered[account] for day in days]
        for one in commitments_of(own, days):
            bases = [used + unused for used, unused in zip(one.used, one.unused, strict=True)]
            service = one.covers[0].service if one.covers else one.name or one.id
            key = SeriesKey(provider, account, None, service, currency)
            told = _days(one.utilizations, bases, known)
            yield RatioSeries(key, USED, one.id, one.name or one.id, told)
        for service, coverage in coverage_by_service(eligible_of(own), days).items():
            if not total(coverage.covered):
                continue
            bases = [covered + rest for covered, rest in zip(coverage.covered, coverage.on_demand, strict=True)]
            key = SeriesKey(provider, account, None, service, currency)
            yield RatioSeries(key, COVERED, service, service, _days(coverage.ratios, bases, known))


def _days(ratios: Sequence[Decimal | None], bases: Sequence[Decimal], known: Sequence[bool]) -> list[RatioDay]:
    return [
        RatioDay(float(ratio) if ratio is not None and is_known else None, float(base))
        for ratio, base, is_known in zip(ratios, bases, known, strict=True)
    ]


def _falls(series: RatioSeries, days: Sequence[date], limits: RatioSettings) -> Iterator[tuple[date, int, RatioFall]]:
    for place in range(DAYS, len(days)):
        fall = ratio_fall(series.days[place - DAYS : place + 1], limits)
        if fall is not None:
            yield days[place], place, fall


def _found(scan: Scan, series: RatioSeries, on: date, place: int, fall: RatioFall, limits: RatioSettings) -> Found:
    day = _told(series, on, place, fall)
    usual = AnomalyBaseline(name="Median of the fourteen days before", amount=day.expected)
    fields = {
        **series.key._asdict(),
        "key": "|".join([*(part or "" for part in series.key), series.measure, series.subject, on.isoformat()]),
        "account_id": None,
        "direction": AnomalyDirection.UP.value,
        "kind": AnomalyKind.COMMITMENT.value,
        "severity": severity_of(Rule.PERSISTENT, fall.impact).value,
        "first_on": midnight(on),
        "last_on": midnight(on),
        "actual": day.actual,
        "expected": day.expected,
        "impact": day.actual - day.expected,
        "run_rate": amount(MONTH * fall.impact),
        "ratio": round(float(day.actual / day.expected), 3) if day.expected else None,
        "confidence": day.confidence,
        "is_provisional": scan.at < midnight(on + _DAY) + wait_of(series.key.provider),
        "summary": _summary(series, on, fall, day.actual - day.expected),
        "days": [day.model_dump(mode="json")],
        "gates": _gates(fall, limits),
        "baselines": [usual.model_dump(mode="json")],
        "contributors": [],
        "explained_ratio": None,
        "similar_ids": [],
    }
    return Found(fields, _title(series, on, fall))


def _told(series: RatioSeries, on: date, place: int, fall: RatioFall) -> AnomalyDay:
    """What was not used, or not covered, that day. That it fell is arithmetic and no estimate: a confidence of 1."""
    base = series.days[place].base
    before = [day.ratio for day in series.days[place - DAYS : place] if day.ratio is not None]
    shares = {"actual": fall.ratio, "expected": fall.usual, "low": max(before), "high": min(before)}
    return AnomalyDay(day=on, confidence=1, **{name: amount(base * (1 - share)) for name, share in shares.items()})


def _gates(fall: RatioFall, limits: RatioSettings) -> list[dict[str, Any]]:
    return [
        {"name": "fall of the ratio", "observed": round(fall.fall, 4), "required": limits.least_fall},
        {"name": "money of the day", "observed": round(fall.impact, 4), "required": limits.minimum_impact},
    ]


def _title(series: RatioSeries, on: date, fall: RatioFall) -> str:
    subject = f"{series.name} is used" if series.measure == USED else f"Commitments cover {series.name}"
    return f"{subject} to {fall.ratio:.0%} instead of {fall.usual:.0%} since {on}"


def _summary(series: RatioSeries, on: date, fall: RatioFall, impact: Decimal) -> str:
    what = "of it were paid for nothing" if series.measure == USED else "at list price were paid on demand"
    return (
        f"{fall.ratio:.0%} on {on}, where {fall.usual:.0%} was the median of the days before: "
        f"{money(impact, series.key.currency)} more than usual {what} that day."
    )


def _is_quiet(fields: Mapping[str, Any], stored: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the like was called not relevant: the same ratio, not more money, in 100 days."""
    subject = fields["key"].rpartition("|")[0]
    return any(
        raw["state"] == AnomalyState.NOT_RELEVANT
        and raw["key"].rpartition("|")[0] == subject
        and series_of(raw) == series_of(fields)
        and fields["impact"] <= raw["impact"]
        and raw["last_on"] < fields["first_on"] <= raw["last_on"] + REMEMBERED
        for raw in stored
    )
