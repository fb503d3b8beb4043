"""The live messages about costs that were loaded: which questions to ask anew."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Union

import strawberry
from pydantic import BaseModel, Field

from domain.costs.provider_name import provider_of
from domain.facts.event import LoggedEvent
from domain.facts.money import Money
from domain.facts.provider import Provider
from schema.feed import StreamReset
from schema.node import global_id, said
from schema.scalars import BigInt, Cursor


@strawberry.type(description="A billing period whose costs are other than before.")
class UpdatedCostPeriod:
    provider: Provider = said("Who sends the bill.")
    billing_account_id: str = said("The account that is invoiced, as the provider names it.")
    period_start: datetime = said("When the period begins.")
    period_end: datetime = said("When the period has ended.")
    billed: Money = said("What was billed in it, in its currency.")
    line_count: BigInt | None = said("How many billed rows it has now; null in messages of older versions.")
    was_replaced: bool | None = said(
        "Whether it was loaded before and counts anew now; null in messages of older versions."
    )


@strawberry.type(description="Costs that were loaded, or loaded anew. What was answered about these periods is old.")
class CostUpdate:
    organization_id: strawberry.ID = said("The tenant whose costs they are.")
    line_count: BigInt = said("How many billed rows the changed periods have together.")
    period_count: int = said("How many periods changed; only the first hundred are listed.")
    periods: list[UpdatedCostPeriod] = said("The periods that changed, those the filter asks for.")


@strawberry.pydantic.input(description="Which updates of costs; every field that is given must match.")
class CostUpdateFilter(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description="Of this tenant only.")
    providers: list[Provider] | None = Field(default=None, max_length=20, description="From these providers only.")
    billing_account_ids: list[Annotated[str, Field(max_length=200)]] | None = Field(
        default=None, max_length=100, description="Of these billing accounts only."
    )
    currencies: list[Annotated[str, Field(max_length=3)]] | None = Field(
        default=None, max_length=20, description="In these currencies only."
    )


def cost_update(event: LoggedEvent, holds: Callable[[Mapping[str, Any]], bool] = lambda _: True) -> CostUpdate:
    """What a CostsUpdated event tells, of its periods those for which this holds."""
    told = event.payload
    return CostUpdate(
        organization_id=global_id("Organization", event.org_id),
        line_count=BigInt(told["line_count"]),
        period_count=told["period_count"],
        periods=[_period(period) for period in told["periods"] if holds(period)],
    )


def _period(stored: Mapping[str, Any]) -> UpdatedCostPeriod:
    return UpdatedCostPeriod(
        provider=provider_of(stored["provider"]),
        billing_account_id=stored["billing_account_id"],
        period_start=stored["period_start"],
        period_end=stored["period_end"],
        billed=Money(amount=Decimal(str(stored["billed"])), currency=stored["currency"]),
        line_count=stored.get("line_count"),
        was_replaced=stored.get("was_replaced"),
    )


@strawberry.type(description="Costs were loaded, or loaded anew.")
class CostsUpdated:
    cursor: Cursor = said("Place in the feed just after this message; pass it as `after` to go on from here.")
    at: datetime = said("When they began to count.")
    update: CostUpdate = said("What changed.")


CostFeed = Annotated[
    Union[CostsUpdated, StreamReset],  # noqa: UP007 - strawberry names the union through Annotated
    strawberry.union("CostFeed", description="One message of the cost feed."),
]
