"""Allocated costs: charts of them, how much is allocated, where an amount comes from, what other rules would do."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import strawberry
from pydantic import TypeAdapter

import documents
from auth.permission import Permission
from documents.allocated_series import allocated_series
from documents.allocation_coverage import Covered, coverage
from documents.allocation_preview import preview
from documents.allocation_trace import Trace, TraceQuestion, trace
from domain.allocation.month import taken_by
from domain.allocation.question import AllocatedBy
from domain.allocation.trace import TracedPart
from domain.budgets import month_of
from domain.costs import series
from domain.facts.allocation import TakenBy
from domain.facts.cost_dimension import Dimension
from domain.facts.scope import Scope
from resolvers.context import Info
from resolvers.cost import shown
from resolvers.fields import query
from schema.allocation import (
    AllocatedCostsInput,
    AllocationCoverage,
    AllocationCovered,
    AllocationPreview,
    AllocationTrace,
    AllocationTraceInput,
    NotAllocatedCost,
    PreviewAllocationInput,
    PreviewedAllocation,
    TracedAllocation,
    TracedCostLine,
    UntaggedCost,
    target_id_of,
)
from schema.arguments import InOrganization
from schema.cost import CostSeries
from schema.directives import Cost
from schema.node import global_id, local_id

ENCODED = TypeAdapter(series.CostSeries)
WHICH = "Which costs, and how."


@strawberry.type
class AllocationQueries:
    @query(
        CostSeries,
        may=Permission.COSTS_READ,
        directives=(Cost(weight=20),),
        description="Costs by who owes them, in columns as those of `costs`, and exact. A value of null is what nobody "
        "owes; together it is what the costs come to. Values are global ids of targets, or names of rules.",
    )
    async def allocated_costs(
        self, info: Info, input: Annotated[AllocatedCostsInput, strawberry.argument(description=WHICH)]
    ) -> Any:
        scope = info.context.scope
        if input.organization_id is not None:
            scope = scope.narrowed(local_id("Organization", input.organization_id))
        question = input.question()
        found = await info.context.ports.results.get_or_compute(
            ("allocatedCosts", question), scope, ENCODED, lambda: allocated_series(scope, question)
        )
        told = found if question.by is AllocatedBy.RULE else _of_targets(found)
        return shown(info, scope, told, (question.first, question.until))

    @query(
        AllocationCoverage,
        may=Permission.COSTS_READ,
        directives=(Cost(weight=10),),
        description="How much of a month's effective costs is allocated, what lacks tags, and what nobody owes.",
    )
    async def allocation_coverage(
        self,
        info: Info,
        month: Annotated[date, strawberry.argument(description="Any day of the month.")],
        organization_id: InOrganization = None,
    ) -> Any:
        found = await coverage(_one(info, organization_id), month)
        totals = {one.currency: one.total for one in found.covered}
        return AllocationCoverage(
            month=found.run.month.date(),
            closed_at=found.month.closed_at,
            rules_version=found.run.rules_version,
            worked_out_at=found.run.ended_at,
            covered=[_covered(one) for one in found.covered],
            untagged=[
                UntaggedCost(
                    tag=one.tag,
                    currency=one.currency,
                    amount=one.effective,
                    ratio=_ratio(one.effective, totals.get(one.currency, Decimal(0))),
                )
                for one in found.untagged
            ],
            not_allocated=[
                NotAllocatedCost(
                    sub_account_id=one.sub_account_id,
                    service_name=one.service_name,
                    currency=one.currency,
                    amount=one.effective,
                )
                for one in found.unowed
            ],
        )

    @query(
        AllocationTrace,
        may=Permission.COSTS_READ,
        directives=(Cost(weight=50),),
        description="Where allocated amounts come from: rule, version and share, and the billed rows with how much of "
        "each is in them. For at most a thousand rows.",
    )
    async def allocation_trace(
        self, info: Info, input: Annotated[AllocationTraceInput, strawberry.argument(description=WHICH)]
    ) -> Any:
        scope = _one(info, input.organization_id)
        target_id = None if input.target_id is None else local_id("AllocationTarget", input.target_id)
        if target_id is not None:
            await documents.AllocationTarget.get_in(scope, target_id)
        asked = TraceQuestion(target_id, input.first, input.until, input.sub_account_id, input.service_name)
        found = await trace(scope, asked)
        return AllocationTrace(
            rules_version=found.run.rules_version,
            run_id=global_id("AllocationRun", found.run.id),
            parts=[_traced(found, part) for part in found.parts],
        )

    @query(
        AllocationPreview,
        may=Permission.COSTS_READ,
        directives=(Cost(weight=100),),
        description="What other rules would make of a month, beside what it is now. Nothing is saved.",
    )
    async def preview_allocation(
        self, info: Info, input: Annotated[PreviewAllocationInput, strawberry.argument(description=WHICH)]
    ) -> Any:
        scope = _one(info, input.organization_id)
        found = await preview(scope, [rule.fact() for rule in input.rules], input.month)
        totals = [
            PreviewedAllocation(
                target_id=target_id_of(one.target_id),
                currency=one.currency,
                current_billed=one.current[0],
                current_effective=one.current[1],
                preview_billed=one.preview[0],
                preview_effective=one.preview[1],
            )
            for one in found.totals
        ]
        return AllocationPreview(
            month=month_of(input.month)[0], totals=totals, covered=[_covered(one) for one in found.covered]
        )


def _one(info: Info, organization_id: strawberry.ID | None) -> Scope:
    """The scope of the one organization that is asked about."""
    context = info.context
    return context.scope.narrowed(context.organization(organization_id))


def _of_targets(found: series.CostSeries) -> series.CostSeries:
    """The series with ids of targets as the graph has them."""

    def told(one: series.CostGroup) -> series.CostGroup:
        return replace(one, values=(target_id_of(one.values[0]), *one.values[1:])) if one.values else one

    rest = found.rest and told(found.rest)
    return replace(found, groups=[told(group) for group in found.groups], rest=rest, all=told(found.all))


def _covered(one: Covered) -> AllocationCovered:
    direct, shared, nobody = (one.amounts[way] for way in TakenBy)
    return AllocationCovered(
        currency=one.currency,
        total=one.total,
        direct=direct,
        shared=shared,
        not_allocated=nobody,
        direct_ratio=_ratio(direct, one.total),
        shared_ratio=_ratio(shared, one.total),
        not_allocated_ratio=_ratio(nobody, one.total),
    )


def _ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    """To six places, which is more than anybody reads."""
    return round(part / whole, 6) if whole else None


def _traced(found: Trace, one: TracedPart) -> TracedAllocation:
    part, values = one.part, one.part.cell.subject.values
    return TracedAllocation(
        day=part.cell.day,
        rule=None if part.rule is None else part.rule + 1,
        rule_name=None if part.rule is None else found.rules[part.rule].name,
        taken_by=taken_by(part, found.rules),
        share_numerator=str(part.share[0]),
        share_denominator=str(part.share[1]),
        sub_account_id=values[Dimension.SUB_ACCOUNT],
        service_name=values[Dimension.SERVICE] or "",
        currency=part.cell.currency,
        billed=part.amounts.billed,
        effective=part.amounts.effective,
        lines=[
            TracedCostLine(
                cost_line_id=global_id("CostLine", line.line.id),
                billed=line.line.amounts.billed,
                effective=line.line.amounts.effective,
                billed_part=line.amounts.billed,
                effective_part=line.amounts.effective,
            )
            for line in one.lines
        ],
    )
