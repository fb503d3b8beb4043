"""Where an allocated amount comes from: the run is worked out once more for just those days, and rows are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from bson import ObjectId

from documents.allocation_cells import FIELDS, editions_by_month, not_worked_out, read_cells, subject_of
from documents.allocation_month import find_month
from documents.allocation_rules import rules_of_version
from documents.allocation_run import AllocationRun
from documents.cost_line import CostLine
from documents.cost_period import midnight
from domain.allocation.cell import Amounts
from domain.allocation.engine import Allocator, Part, Weights
from domain.allocation.metric import metrics_of, weighted
from domain.allocation.needs import Needs, needs_of
from domain.allocation.rule import AllocationRule
from domain.allocation.split import Share
from domain.allocation.target import Target
from domain.allocation.trace import Line, TracedPart, traced
from domain.errors import Conflict, Invalid
from domain.facts.scope import Scope

MOST_LINES = 1_000


@dataclass(frozen=True, slots=True)
class TraceQuestion:
    """Which allocated amounts: of a target (None: those nobody owes), from the day `first` to before `until`, which lie
    in one month; of one account and service where named.
    """

    target_id: str | None
    first: date
    until: date
    sub_account_id: str | None = None
    service_name: str | None = None

    def __post_init__(self) -> None:
        if not self.first < self.until or self.until > _after(self.first):
            raise Invalid("first must come before until, and both lie in one month.", path=("input", "until"))


def _after(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class Trace:
    """What was found: the run, its rules, and each part with its rows."""

    run: AllocationRun
    rules: Sequence[AllocationRule]
    parts: list[TracedPart]


async def trace(scope: Scope, question: TraceQuestion) -> Trace:
    """The parts that make up the amount, in the one organization in scope, the rows with them.

    Raises Conflict for a month that was not worked out, or whose bills changed since its run; Invalid for more
    than a thousand rows.
    """
    run = await _run(scope, question.first)
    version = await rules_of_version(scope, run.rules_version)
    month = f"{question.first:%Y-%m}"
    rules = _with_metrics(version.rules if version else [], month, run)
    needs = needs_of(rule for rule in rules if rule.is_of(month))
    where = _where(question)
    cells = await read_cells(scope, run.edition_ids, needs, question.first, question.until, where)
    targets = [Target(one.id, one.kind, one.name, None, tuple(one.aliases)) for one in run.targets]
    found = Allocator(rules, month, targets).allocate(cells, _weights(run)).parts
    parts = [part for part in found if part.target_id == question.target_id]
    lines = await _lines(scope, run, question, needs, where) if parts else []
    return Trace(run, rules, traced(sorted(parts, key=_order), lines))


async def _run(scope: Scope, day: date) -> AllocationRun:
    month = await find_month(scope, day)
    if month is None or month.run_id is None:
        raise await not_worked_out(scope, day)
    run = await AllocationRun.get_in(scope, str(month.run_id))
    current = (await editions_by_month(scope)).get(day.replace(day=1), [])
    if sorted(run.edition_ids) != current:
        raise Conflict(
            f"The bills of {day:%Y-%m} are other than when it was worked out: wait for its new allocation, or, where "
            "the month is closed, have it worked out again."
        )
    return run


def _with_metrics(rules: Sequence[AllocationRule], month: str, run: AllocationRun) -> list[AllocationRule]:
    """The rules with the weights that the run shared by."""
    weights = _weights(run)
    made = list(rules)
    for number in metrics_of(rules, month):
        shares = weights.get((number, ""), ())
        made[number] = weighted(rules[number], {share.target_id: share.weight for share in shares if share.target_id})
    return made


def _weights(run: AllocationRun) -> Weights:
    weights: dict[tuple[int, str], list[Share]] = {}
    for one in run.weights:
        weights.setdefault((one.rule, one.currency), []).append(Share(one.target_id, one.weight))
    return weights


def _where(question: TraceQuestion) -> dict[str, Any]:
    named = {"sub_account_id": question.sub_account_id, "service_name": question.service_name}
    return {name: value for name, value in named.items() if value is not None}


def _order(part: Part) -> tuple[Any, ...]:
    return (part.cell.day, part.rule is None, part.rule or 0, -part.amounts.billed)


async def _lines(
    scope: Scope, run: AllocationRun, question: TraceQuestion, needs: Needs, where: Mapping[str, Any]
) -> list[Line]:
    days = {"$gte": midnight(question.first), "$lt": midnight(question.until)}
    query = {**CostLine.within(scope), "edition_id": {"$in": run.edition_ids}, "charge_period_start": days, **where}
    raws = await CostLine.rows().find(query, sort=[("_id", 1)]).limit(MOST_LINES + 1).to_list()
    if len(raws) > MOST_LINES:
        raise Invalid(
            f"More than {MOST_LINES} rows are behind this: name fewer days, an account and a service.", path=("input",)
        )
    return [_line(raw, needs) for raw in raws]


def _line(raw: Mapping[str, Any], needs: Needs) -> Line:
    resource = raw.get("resource_id")
    is_seen = needs.resources is None or resource in needs.resources
    tags = raw.get("tags") or {}
    costs = ("billed_cost", "effective_cost", "list_cost", "contracted_cost")
    return Line(
        str(ObjectId(raw["_id"])),
        raw["charge_period_start"].date(),
        subject_of(
            [raw.get(FIELDS[dimension]) for dimension in needs.dimensions],
            [tags.get(key) for key in needs.tags],
            resource if is_seen else None,
            needs,
        ),
        raw["billing_currency"],
        Amounts(*(raw.get(name) or Decimal(0) for name in costs)),
    )
