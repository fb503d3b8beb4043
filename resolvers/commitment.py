"""Commitments: what they cost, cover and save, and when they end."""

from datetime import timedelta
from typing import Annotated, Any

import strawberry

from auth.permission import Permission
from documents.commitment import commitment_ends
from documents.commitment_usage import CommitmentUsage, commitment_usage
from domain.costs import commitments
from resolvers.context import Info
from resolvers.fields import query
from schema import commitment as shapes
from schema.arguments import InOrganization
from schema.directives import Cost
from schema.node import local_id

WHICH = "Which days, and how."
MOST_DAYS = 1100
MOST_ENDS = 500


@strawberry.type
class CommitmentQueries:
    @query(
        shapes.CommitmentReport,
        may=Permission.COSTS_READ,
        directives=(Cost(weight=20),),
        description="What each commitment cost, how far it was used, and what it covers. Amortised, from usage by day.",
    )
    async def commitments(
        self, info: Info, input: Annotated[shapes.CommitmentsInput, strawberry.argument(description=WHICH)]
    ) -> Any:
        usage = await _usage(info, input)
        periods = input.question().periods()
        found = commitments.commitments_of(usage.rows, periods)
        return shapes.CommitmentReport(
            currency=usage.currency,
            periods=periods,
            commitments=[_commitment(one) for one in found[: input.top]],
            rest_count=max(0, len(found) - input.top),
        )

    @query(
        shapes.CommitmentCoverage,
        may=Permission.COSTS_READ,
        directives=(Cost(weight=20),),
        description="How much of the usage that commitments could cover they do cover, at list price.",
    )
    async def commitment_coverage(
        self, info: Info, input: Annotated[shapes.CommitmentCoverageInput, strawberry.argument(description=WHICH)]
    ) -> Any:
        usage = await _usage(info, input)
        periods = input.question().periods()
        eligible = commitments.eligible_of(usage.rows, input.services)
        coverage = commitments.coverage_of(eligible, periods)
        return shapes.CommitmentCoverage(
            currency=usage.currency,
            periods=periods,
            covered=coverage.covered,
            on_demand=coverage.on_demand,
            ratios=coverage.ratios,
            ratio=coverage.ratio,
            services=[
                shapes.ServiceCoverage(service=name, covered=one.covered, on_demand=one.on_demand, ratio=one.ratio)
                for name, one in commitments.coverage_by_service(eligible, periods).items()
            ],
            unlisted_rows=eligible.unlisted,
        )

    @query(
        shapes.EffectiveSavingsRate,
        may=Permission.COSTS_READ,
        directives=(Cost(weight=20),),
        description="How much cheaper eligible usage was than at list price, unused commitments included.",
    )
    async def effective_savings_rate(
        self, info: Info, input: Annotated[shapes.CommitmentCoverageInput, strawberry.argument(description=WHICH)]
    ) -> Any:
        usage = await _usage(info, input)
        periods = input.question().periods()
        eligible = commitments.eligible_of(usage.rows, input.services)
        savings = commitments.savings_of(eligible, periods)
        return shapes.EffectiveSavingsRate(
            currency=usage.currency,
            periods=periods,
            list_costs=savings.listed,
            paid=savings.paid,
            unused=savings.unused,
            rates=savings.rates,
            rate=savings.rate,
            unlisted_rows=eligible.unlisted,
        )

    @query(
        list[shapes.CommitmentEnd],
        may=Permission.COSTS_READ,
        description=f"The next {MOST_ENDS} commitments, at most, that end within so many days: as people entered it, "
        "else as syncs see it. An alert tells 60, 30 and 7 days before, once each.",
    )
    async def expiring_commitments(
        self,
        info: Info,
        within: Annotated[int, strawberry.argument(description=f"Days from today, at most {MOST_DAYS}.")] = 90,
        organization_id: InOrganization = None,
    ) -> Any:
        scope = info.context.scope
        if organization_id:
            scope = scope.narrowed(local_id("Organization", organization_id))
        today = info.context.now().date()
        days = timedelta(days=min(max(within, 0), MOST_DAYS) + 1)
        return [
            shapes.CommitmentEnd(
                commitment_id=end.native_id,
                name=end.name,
                ends_on=end.ends_on,
                days_left=(end.ends_on - today).days,
                source=end.source,
            )
            for end in (await commitment_ends(scope, today, today + days))[:MOST_ENDS]
        ]


async def _usage(info: Info, input: shapes.CommitmentDays) -> CommitmentUsage:
    scope = info.context.scope
    if input.organization_id is not None:
        scope = scope.narrowed(local_id("Organization", input.organization_id))
    return await commitment_usage(scope, input.question())


def _commitment(one: commitments.Commitment) -> shapes.CommitmentUsage:
    return shapes.CommitmentUsage(
        commitment_id=one.id,
        provider=one.provider,
        name=one.name,
        type=one.type,
        category=one.category,
        unit=one.unit,
        used=one.used,
        unused=one.unused,
        billed=one.billed,
        used_quantity=one.used_quantity,
        unused_quantity=one.unused_quantity,
        utilizations=one.utilizations,
        cost=one.cost,
        utilization=one.utilization,
        covers=[
            shapes.CoveredUsage(
                service=place.service,
                region=place.region,
                list_cost=place.listed,
                effective_cost=place.effective,
            )
            for place in one.covers
        ],
    )
