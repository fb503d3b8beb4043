"""Commitments: what they cost, cover and save, and when they end."""

from datetime import date, datetime
from decimal import Decimal

import strawberry
from pydantic import BaseModel, Field

import documents
from documents.commitment import CommitmentPayment, EndSource
from domain.costs.series import MOST_GROUPS, CostQuestion, Grain, daily
from domain.facts.cost_filter import CostFilter
from schema.cost_filter import CostFilterInput
from schema.errors import payload
from schema.node import Node, derived, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.routing import EXPECTED_VERSION, ORGANIZATION


class CommitmentDays(BaseModel):
    """What the questions about commitments have in common."""

    organization_id: strawberry.ID | None = Field(
        default=None, description="Of this tenant only; left out: of all in reach."
    )
    first: date = Field(description="First day (UTC).")
    until: date = Field(description="The day after the last one (UTC).")
    grain: Grain = Field(default=Grain.MONTH, description="Length of a period.")
    filter: CostFilterInput | None = Field(default=None, description="Which costs count; all when left out.")
    currency: str | None = Field(
        default=None, pattern=r"^[A-Z]{3}$", description="Needed only where costs are in several currencies."
    )

    def question(self) -> CostQuestion:
        """The costs that are asked for. Raises Invalid for a question that makes no sense."""
        where = CostFilter() if self.filter is None else self.filter.filter()
        return CostQuestion(
            first=self.first, until=self.until, grain=daily(self.grain), currency=self.currency, where=where
        )


@strawberry.pydantic.input(description="Which commitments, in which days.")
class CommitmentsInput(CommitmentDays):
    top: int = Field(default=20, ge=1, le=MOST_GROUPS, description="How many, the dearest first.")


@strawberry.pydantic.input(description="Whose eligible usage, in which days.")
class CommitmentCoverageInput(CommitmentDays):
    services: list[str] | None = Field(
        default=None,
        max_length=100,
        description="Usage of these services is eligible. Left out: of each service and unit, such as hours, in which "
        "a commitment covers something in these days.",
    )


@strawberry.type(description="What a commitment covers in one service and region.")
class CoveredUsage:
    service: str = said("The service.")
    region: str | None = said("The region.")
    list_cost: Decimal = said("What it would cost on demand, at list price.")
    effective_cost: Decimal = said("What it costs with the commitment.")


@strawberry.type(description="One commitment, in columns. What it cost is amortised: spread over the days it is for.")
class CommitmentUsage:
    commitment_id: str = said("Its id in the bills.")
    provider: str = said("Who sold it.")
    name: str | None = said("Its printed name.")
    type: str | None = said("The provider's word for its kind, such as Savings Plan.")
    category: str | None = said("Spend, or Usage.")
    unit: str | None = said("Unit of the quantities: a currency, or hours.")
    used: list[Decimal] = said("The cost of what was used of it.")
    unused: list[Decimal] = said("The cost of what nothing used.")
    billed: list[Decimal] = said("What was invoiced for buying it.")
    used_quantity: list[Decimal] = said("How much was used.")
    unused_quantity: list[Decimal] = said("How much was not.")
    utilizations: list[Decimal | None] = said("Used cost by used and unused cost, 0 to 1; null where it cost nothing.")
    cost: Decimal = said("Used and unused cost of all days.")
    utilization: Decimal | None = said("The used share of all days.")
    covers: list[CoveredUsage] = said("What it covers, the most first.")


@strawberry.type(description="Commitments over time.")
class CommitmentReport:
    currency: str | None = said("Currency of every amount; null when there are no costs.")
    periods: list[date] = said("First day of each period.")
    commitments: list[CommitmentUsage] = said("The dearest, dearest first.")
    rest_count: int = said("How many there are besides.")


@strawberry.type(description="The coverage of one service.")
class ServiceCoverage:
    service: str = said("The service.")
    covered: list[Decimal] = said("Covered by commitments, at list price.")
    on_demand: list[Decimal] = said("Eligible and bought on demand, at list price.")
    ratio: Decimal | None = said("The covered share of all days.")


@strawberry.type(
    description="How much of what commitments could cover they do cover, at list price: covered / (covered + eligible "
    "on demand). Spot usage, taxes, credits and purchases are not eligible."
)
class CommitmentCoverage:
    currency: str | None = said("Currency of every amount; null when there are no costs.")
    periods: list[date] = said("First day of each period.")
    covered: list[Decimal] = said("Covered by commitments, at list price.")
    on_demand: list[Decimal] = said("Eligible and bought on demand, at list price.")
    ratios: list[Decimal | None] = said("The covered share of each period, 0 to 1; null where nothing was eligible.")
    ratio: Decimal | None = said("The covered share of all days.")
    services: list[ServiceCoverage] = said("The same by service, the one with the most on demand first.")
    unlisted_rows: int = said("Rows without a list cost, which lack in all of this.")


@strawberry.type(
    description="1 - what was paid for eligible usage / what it costs at list price. Unused commitments are paid for "
    "too. The definition of the FinOps Foundation; eligible is what is in commitmentCoverage."
)
class EffectiveSavingsRate:
    currency: str | None = said("Currency of every amount; null when there are no costs.")
    periods: list[date] = said("First day of each period.")
    list_costs: list[Decimal] = said("Eligible usage at list price.")
    paid: list[Decimal] = said("What was paid for it, unused commitments included.")
    unused: list[Decimal] = said("What was paid for what nothing used.")
    rates: list[Decimal | None] = said("The rate of each period: 0.3 is thirty percent saved; null without usage.")
    rate: Decimal | None = said("The rate of all days.")
    unlisted_rows: int = said("Rows without a list cost, which count as paid and not as saved.")


@strawberry.type(description="When a commitment ends.")
class CommitmentEnd:
    commitment_id: str = said("Its id, as the provider or the person who entered it writes it.")
    name: str | None = said("Its name.")
    ends_on: date = said("Its last day or the day after, as the provider counts (UTC).")
    days_left: int = said("How many days that is from today.")
    source: EndSource = said("Who says so.")


@view(documents.CommitmentTerm, description="What people know of a commitment. It goes before what syncs see.")
class CommitmentTerm(Node):
    native_id: str = said("The commitment's id in the bills.")
    name: str | None = said("What people call it.")
    payment: CommitmentPayment | None = said("How it is paid.")
    note: str = said("What else is known.")
    version: int = said("Rises with every change; pass it as expectedVersion.")
    starts_on: strawberry.Private[datetime | None]
    ends_on: strawberry.Private[datetime]

    @derived("The day it starts (UTC).", reads=("starts_on",), name="startsOn")
    def told_start(self) -> date | None:
        return None if self.starts_on is None else self.starts_on.date()

    @derived("The day it ends (UTC).", reads=("ends_on",), name="endsOn")
    def told_end(self) -> date:
        return self.ends_on.date()

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="What is known of a commitment. The whole of it: what is left out is forgotten.")
class SetCommitmentTermInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    native_id: str = Field(min_length=1, max_length=512, description="The commitment's id in the bills.")
    name: str | None = Field(default=None, max_length=200, description="What to call it.")
    starts_on: date | None = Field(default=None, description="The day it starts (UTC).")
    ends_on: date = Field(description="The day it ends (UTC).")
    payment: CommitmentPayment | None = Field(default=None, description="How it is paid.")
    note: str = Field(default="", max_length=1000, description="What else is known.")
    expected_version: int | None = Field(
        default=None, ge=0, description="The version you worked from, 0 for none yet; any when left out."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="A commitment to forget what people entered of.")
class RemoveCommitmentTermInput(BaseModel):
    term_id: strawberry.ID = Field(description="Global id of what is known of the commitment.")
    expected_version: int | None = EXPECTED_VERSION


SetCommitmentTermPayload = payload("SetCommitmentTerm", "term", CommitmentTerm, "What is known now.")
RemoveCommitmentTermPayload = payload("RemoveCommitmentTerm", "term", CommitmentTerm, "What was known.")
