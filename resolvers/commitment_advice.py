"""Advice on what to commit to, beside the recommendations of the providers."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import strawberry

from auth.permission import Permission
from documents.commitment_context import Evidence, commitment_evidence
from domain.commitments.advising import Beside, PoolAdvice, RatedAdvice, advice_on
from domain.commitments.bill import Bill
from domain.costs.value import SUMS
from domain.rules.registry import all_rules
from resolvers.context import Info
from resolvers.fields import query
from schema import commitment_advice as shapes
from schema.arguments import InOrganization
from schema.directives import Cost

MOST = 100
# Rules of this group save by committing: what they find is what the advice replaces.
GROUP = "commitment"
# Estimates are told to a hundredth of a cent, and to a hundredth of a percent.
STEP = Decimal("0.0001")


@strawberry.type
class CommitmentAdviceQueries:
    @query(
        shapes.CommitmentAdviceReport,
        may=Permission.COSTS_READ,
        directives=(Cost(weight=50),),
        description="How much to commit to for one or three years: savings plans, reservations, committed use. Worked "
        "out of the on demand spend of the last 30 complete days that the other open savings and unused commitments "
        "leave, and set beside what the providers recommend.",
    )
    async def commitment_advice(self, info: Info, organization_id: InOrganization = None) -> Any:
        context = info.context
        scope = context.scope.narrowed(context.organization(organization_id))
        rules = [rule.id for rule in all_rules() if rule.group == GROUP]
        evidence = await commitment_evidence(scope, context.now().date(), rules)
        found = await asyncio.to_thread(_advice, evidence.bills)
        return shapes.CommitmentAdviceReport(
            advice=[_shape(one) for one in found],
            bills=len(evidence.bills),
            bills_left_out=evidence.bills_left_out,
            next_steps=[] if found else _next_steps(evidence),
        )


def _advice(bills: Sequence[Bill]) -> list[PoolAdvice]:
    return [one for bill in bills for one in advice_on(bill)]


def _next_steps(evidence: Evidence) -> list[str]:
    """What to do where there is nothing to advise on."""
    if not evidence.bills:
        return [
            "No costs of AWS, Azure or Google Cloud of the last 60 days are loaded: load a bill, or add a cost source "
            "that fetches it."
        ]
    steps = [
        "The bills show nothing on demand that commitments cover. Load them with their SKUs (SkuId, SkuMeter or a "
        "ChargeDescription that names the size): totals by service do not tell what runs."
    ]
    if not evidence.accounts:
        steps.append("Connect the cloud, so that its own recommendations are shown here.")
    return steps


def _shape(one: PoolAdvice) -> shapes.CommitmentAdvice:
    bill = one.bill
    return shapes.CommitmentAdvice(
        provider=bill.provider,
        billing_account_id=bill.billing_account_id,
        currency=bill.currency,
        covers=one.pool.covers,
        covers_source=one.pool.source,
        first=bill.days[0],
        until=bill.days[-1] + timedelta(days=1),
        days=len(bill.days),
        is_hourly=bill.is_hourly,
        rows=one.rows,
        costs_loaded_at=bill.loaded_at,
        on_demand=_told(one.on_demand),
        other_savings=_told(one.other_savings),
        savings_count=one.savings_count,
        unused_commitments=_told(one.unused_commitments),
        left=_told(one.left),
        families=[
            shapes.CommitmentFamily(family=family, region=region, on_demand=_told(cost))
            for family, region, cost in one.families[:MOST]
        ],
        ways=[_way(way) for way in one.ways[:MOST]],
        recommendations=[_beside(beside) for beside in one.recommendations[:MOST]],
        confidence=one.confidence,
        caveats=list(one.caveats),
        next_steps=list(one.next_steps),
    )


def _way(way: RatedAdvice) -> shapes.CommitmentWay:
    advice, rate = way.advice, way.advice.rate
    return shapes.CommitmentWay(
        rate=shapes.CommitmentRate(
            offer=rate.offer,
            months=rate.months,
            payment=rate.payment,
            family=rate.family,
            region=rate.region,
            discount_ratio=rate.discount_ratio,
            source=way.source,
            says=way.says,
        ),
        hourly=advice.hourly,
        monthly_saving=_told(advice.monthly_saving),
        break_even_months=_maybe(advice.break_even_months),
        upfront=_told(advice.upfront),
        coverage_ratio=_told(advice.coverage_ratio),
        utilization_ratio=_told(advice.utilization_ratio),
    )


def _beside(beside: Beside) -> shapes.ProviderCommitmentRecommendation:
    one, compared = beside.recommended, beside.comparison
    return shapes.ProviderCommitmentRecommendation(
        offer=one.offer,
        months=one.months,
        payment=one.payment,
        family=one.family,
        region=one.region,
        hourly=_maybe(one.hourly),
        monthly_saving=_maybe(one.saving),
        currency=one.currency,
        read_at=one.read_at,
        saving_on_what_is_left=None if compared is None else _told(compared.saving_on_what_is_left),
        difference=None if compared is None else _told(compared.difference),
        says=beside.says,
    )


def _told(amount: Decimal) -> Decimal:
    return SUMS.quantize(amount, STEP)


def _maybe(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else _told(amount)
