"""Charts of allocated costs: from the totals of months where those are fine enough, else from rows by day."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from bson import ObjectId

from documents.allocated_cost import AllocatedCost
from documents.allocation_cells import FIELDS, charged_months
from documents.allocation_month import AllocationMonth, months_between
from documents.allocation_rules import AllocationRules
from documents.allocation_run import AllocationRun, runs_by_id
from documents.allocation_target import all_targets, as_target
from documents.cost_day import CostDay
from documents.cost_period import midnight
from domain.allocation.question import AllocatedBy, AllocatedQuestion, seen_from
from domain.budgets import month_of
from domain.costs.series import CostSeries, GroupSums, Metric, SeriesBuilder, period_of
from domain.costs.value import SUMS
from domain.errors import Invalid
from domain.facts.scope import Scope

Values = tuple[str | None, ...]
SUM_OF = {
    Metric.BILLED: "billed",
    Metric.EFFECTIVE: "effective",
    Metric.LIST: "listed",
    Metric.CONTRACTED: "contracted",
}


@dataclass(frozen=True, slots=True)
class _Point:
    """Sums of one group, of one period, in the order of the metrics."""

    values: Values
    period: date
    currency: str
    sums: Sequence[Decimal]


async def allocated_series(scope: Scope, question: AllocatedQuestion) -> CostSeries:
    """The sums the question asks for, over all organizations in scope, with what nobody owes.

    Together they are what `cost_series` gives for the same days, as far as no closed month was billed anew since.
    Values are ids of targets (or names of rules), labels their names. Raises Invalid when the days hold several
    currencies and the question names none.
    """
    months = await months_between(scope, question.first, question.until)
    runs = await runs_by_id(scope, [ObjectId(month.run_id) for month in months if month.run_id])
    targets = await all_targets(scope)
    counted = seen_from(map(as_target, targets), question.kind, is_rolled_up=question.is_rolled_up)
    name_of = await _names(scope, question, runs)
    points = [*await _allocated(scope, question, runs, name_of), *await _unallocated(scope, question, months)]
    if question.by is not AllocatedBy.RULE:
        points = [_seen(point, counted) for point in points]
    labels = {str(target.id): target.name for target in targets}
    return _lined_up(question, points, labels)


async def _names(
    scope: Scope, question: AllocatedQuestion, runs: Sequence[AllocationRun]
) -> Callable[[AllocationRun, int | None], str | None]:
    """The name of a rule of a run by its number."""
    names: dict[tuple[str, int], list[str]] = {}
    if question.by is AllocatedBy.RULE:
        versions = sorted({run.rules_version for run in runs})
        for rules in await AllocationRules.list_in(scope, {"version": {"$in": versions}}):
            names[str(rules.org_id), rules.version] = [rule.name for rule in rules.rules]

    def name(run: AllocationRun, number: int | None) -> str | None:
        return None if number is None else names[str(run.org_id), run.rules_version][number]

    return name


async def _allocated(
    scope: Scope,
    question: AllocatedQuestion,
    runs: Sequence[AllocationRun],
    name_of: Callable[[AllocationRun, int | None], str | None],
) -> list[_Point]:
    by_rule = question.by is AllocatedBy.RULE
    if question.is_coarse:
        return [
            _Point(
                (name_of(run, total.rule) if by_rule else total.target_id,),
                run.month.date(),
                total.currency,
                [getattr(total, SUM_OF[metric]) for metric in question.metrics],
            )
            for run in runs
            for total in run.totals
        ]
    by_id = {run.id: run for run in runs}
    rows = await AllocatedCost.rows().aggregate(allocated_pipeline(scope, question, list(by_id)))
    points = []
    async for raw in rows:
        key = raw["_id"]
        first = name_of(by_id[key["run"]], key.get("rule")) if by_rule else key["target"]
        points.append(_point(raw, (first, key["service"]) if "service" in key else (first,), question))
    return points


def allocated_pipeline(scope: Scope, question: AllocatedQuestion, run_ids: Sequence[Any]) -> list[dict[str, Any]]:
    """One document per target (or rule) and period, its sums as text."""
    match = {**AllocatedCost.within(scope), "run_id": {"$in": list(run_ids)}, **_narrowed(question)}
    key: dict[str, Any] = {"target": {"$ifNull": ["$target_id", None]}}
    if question.by is AllocatedBy.RULE:
        key = {"run": "$run_id", "rule": "$rule"}
    if question.by is AllocatedBy.TARGET_AND_SERVICE:
        key["service"] = "$service_name"
    return [{"$match": match}, *_summed(question, key)]


def _summed(question: AllocatedQuestion, key: Mapping[str, Any]) -> list[dict[str, Any]]:
    period = {"$dateTrunc": {"date": "$day", "unit": question.grain.lower(), "startOfWeek": "monday"}}
    sums = {f"m{place}": {"$sum": f"${SUM_OF[metric]}"} for place, metric in enumerate(question.metrics)}
    shown = {name: {"$toString": f"${name}"} for name in sums}
    return [{"$group": {"_id": {**key, "period": period, "currency": "$currency"}, **sums}}, {"$project": shown}]


def _narrowed(question: AllocatedQuestion) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [
        {FIELDS[part.dimension]: {"$nin" if part.is_excluded else "$in": list(part.values)}}
        for part in question.where.dimensions
    ]
    if question.currency is not None:
        parts.append({"currency": question.currency})
    return {
        "day": {"$gte": midnight(question.first), "$lt": midnight(question.until)},
        **({"$and": parts} if parts else {}),
    }


def _point(raw: Mapping[str, Any], values: Values, question: AllocatedQuestion) -> _Point:
    sums = [Decimal(raw[f"m{place}"]) for place in range(len(question.metrics))]
    return _Point(values, raw["_id"]["period"].date(), raw["_id"]["currency"], sums)


async def _unallocated(scope: Scope, question: AllocatedQuestion, months: Iterable[AllocationMonth]) -> list[_Point]:
    """Costs of months that were not worked out yet: nobody owes them."""
    done = {(str(month.org_id), month.month.date()) for month in months if month.run_id}
    charged = await charged_months(scope, question.first, question.until)
    lacking = {key: editions for key, editions in charged.items() if key not in done}
    if not lacking:
        return []
    days = [
        {"org_id": ObjectId(org_id), "day": {"$gte": midnight(month), "$lt": midnight(month_of(month)[1])}}
        for org_id, month in sorted(lacking)
    ]
    editions = sorted({id for ids in lacking.values() for id in ids})
    match = {**CostDay.within(scope), "edition_id": {"$in": editions}, "$or": days, **_narrowed(question)}
    key = {"service": "$service_name"} if question.by is AllocatedBy.TARGET_AND_SERVICE else {}
    rows = await CostDay.rows().aggregate([{"$match": match}, *_summed(question, key)])
    return [_point(raw, (None, *(raw["_id"][name] for name in key)), question) async for raw in rows]


def _seen(point: _Point, counted: Callable[[str | None], str | None]) -> _Point:
    return _Point((counted(point.values[0]), *point.values[1:]), point.period, point.currency, point.sums)


def _lined_up(question: AllocatedQuestion, points: Iterable[_Point], labels: Mapping[str, str]) -> CostSeries:
    wanted = [point for point in points if question.currency in (None, point.currency)]
    currencies = sorted({point.currency for point in wanted})
    if len(currencies) > 1:
        named = ", ".join(currencies)
        raise Invalid(f"These costs are in {named} and do not add up: name one currency.", path=("input", "currency"))
    columns = question.columns()
    groups: dict[Values, dict[date, list[Decimal]]] = defaultdict(dict)
    for point in wanted:
        period = period_of(point.period, question.grain)
        sums = groups[point.values].setdefault(period, [Decimal(0)] * len(question.metrics))
        for place, amount in enumerate(point.sums):
            sums[place] = SUMS.add(sums[place], amount)
    builder = SeriesBuilder(columns, currencies[0] if currencies else question.currency)
    for values in sorted(groups, key=lambda values: (-_total(groups[values]), *map(_rank, values))):
        label = labels.get(values[0] or "", values[0])
        builder.add(GroupSums(values, label, sorted(groups[values].items())))
    return builder.built()


def _total(periods: Mapping[date, Sequence[Decimal]]) -> Decimal:
    total = Decimal(0)
    for sums in periods.values():
        total = SUMS.add(total, sums[0])
    return total


def _rank(value: str | None) -> tuple[bool, str]:
    return value is None, value or ""
