"""Budgets, their history, and how they burn down."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry
from pydantic import BaseModel, Field

import documents
from domain.budgets import BudgetBasis, BudgetPeriod
from domain.costs.series import Metric
from domain.facts.money import Money
from schema.cost_filter import CostFilterInput
from schema.errors import payload
from schema.node import Node, derived, global_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.routing import EXPECTED_VERSION
from schema.values import register_enum

register_enum(
    BudgetPeriod,
    "How long a budget lasts before it begins anew; calendar periods in UTC.",
    {
        BudgetPeriod.DAILY: "A day.",
        BudgetPeriod.WEEKLY: "A week, from Monday.",
        BudgetPeriod.MONTHLY: "A calendar month.",
        BudgetPeriod.QUARTERLY: "A calendar quarter.",
        BudgetPeriod.YEARLY: "A calendar year.",
    },
)
register_enum(
    BudgetBasis,
    "What the limit of a budget comes from.",
    {
        BudgetBasis.FIXED: "An amount.",
        BudgetBasis.LAST_YEAR: "What the same period cost a year before; of days and weeks the one 52 weeks before.",
        BudgetBasis.FORECAST: "What was expected of the period when it began.",
    },
)

Percent = Annotated[int, Field(ge=1, le=1000)]


@view(documents.Budget, description="A limit on the costs of a period.")
class Budget(Node):
    name: str = said("What people call it.")
    thresholds: list[int] = said("Percents of the limit that raise an alert when they are spent, once each a period.")
    forecast_thresholds: list[int] = said("Percents of the limit that raise one when they may be reached at its end.")
    services: list[str] = said("Only these services; empty means all.")
    account_native_ids: list[str] = said("Only these accounts, by the provider's own id; empty means all.")
    spent_month: str | None = said("The period `spent` is about, a month as YYYY-MM; null before the first check.")
    period: BudgetPeriod = said("How long it lasts before it begins anew.")
    metric: Metric = said("Which costs.")
    basis: BudgetBasis = said("What the limit comes from.")
    change_percent: Decimal = said("So many percent more than the basis, or less where it is negative.")
    roll_over_cap: int = said("What is left is carried to the next period, up to so many percent of the amount.")
    starts_at: datetime | None = said("It counts from this day on; null: from the beginning.")
    ends_at: datetime | None = said("It no longer counts from this day on; null: it has no end.")
    archived_at: datetime | None = said("When somebody put it away; null while it counts.")
    target_id: strawberry.Private[Any]
    version: int = said("Rises with every change; pass it as expectedVersion.")
    amount: strawberry.Private[Decimal]
    carried: strawberry.Private[Decimal]
    spent: strawberry.Private[Decimal]
    expected: strawberry.Private[Decimal | None]
    expected_upper: strawberry.Private[Decimal | None]
    currency: strawberry.Private[str]

    @derived(
        "The target of allocation whose costs count, with those of its parts; null: costs as billed.",
        reads=("target_id",),
        name="targetId",
    )
    def told_target(self) -> strawberry.ID | None:
        return None if self.target_id is None else global_id("AllocationTarget", self.target_id)

    @derived(
        "The limit of the period, with what is carried; 0 until a check has found one.",
        reads=("amount", "carried", "currency"),
    )
    def limit(self) -> Money:
        return Money(amount=self.amount + self.carried, currency=self.currency)

    @derived("What of the limit was left of the period before.", reads=("carried", "currency"), name="carried")
    def carried_money(self) -> Money:
        return Money(amount=self.carried, currency=self.currency)

    @derived("What that period had cost when it was last checked.", reads=("spent", "currency"), name="spent")
    def spent_money(self) -> Money:
        return Money(amount=self.spent, currency=self.currency)

    @derived(
        "What the period is expected to come to; null without forecast thresholds, and where too little is known.",
        reads=("expected", "currency"),
        name="expected",
    )
    def expected_money(self) -> Money | None:
        return None if self.expected is None else Money(amount=self.expected, currency=self.currency)

    @derived(
        "The upper end of the 80 % interval around it: what forecast thresholds are held against.",
        reads=("expected_upper", "currency"),
        name="expectedUpper",
    )
    def upper_money(self) -> Money | None:
        return None if self.expected_upper is None else Money(amount=self.expected_upper, currency=self.currency)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@view(documents.BudgetRecord, description="One period of a budget, as it was or is.")
class BudgetRecord(Node):
    name: str = said("The period: 2026-11-26, 2026-W48, 2026-11, 2026-Q4 or 2026.")
    alerts: list[str] = said("Thresholds that were reached, as ACTUAL:80 or FORECAST:100.")
    checked_at: datetime = said("When it was last looked at.")
    budget_id: strawberry.Private[Any]
    first_at: strawberry.Private[datetime]
    until_at: strawberry.Private[datetime]
    amount: strawberry.Private[Decimal]
    carried: strawberry.Private[Decimal]
    spent: strawberry.Private[Decimal]
    currency: strawberry.Private[str]

    @derived("The budget.", reads=("budget_id",), name="budgetId")
    def told_budget(self) -> strawberry.ID:
        return global_id("Budget", self.budget_id)

    @derived("First day.", reads=("first_at",))
    def first(self) -> date:
        return self.first_at.date()

    @derived("The day after the last one.", reads=("until_at",))
    def until(self) -> date:
        return self.until_at.date()

    @derived("Its limit, with what was carried to it.", reads=("amount", "carried", "currency"))
    def limit(self) -> Money:
        return Money(amount=self.amount + self.carried, currency=self.currency)

    @derived("What it has cost.", reads=("spent", "currency"), name="spent")
    def spent_money(self) -> Money:
        return Money(amount=self.spent, currency=self.currency)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.type(description="How the current period of a budget burns down, in columns of its days.")
class BudgetBurnDown:
    currency: str = said("Currency of every amount.")
    limit: Decimal = said("The limit of the period.")
    days: list[date] = said("The days of the period.")
    actual: list[Decimal] = said("What was spent by the end of each day that is known; shorter than `days`.")
    ideal: list[Decimal] = said("What would be spent if every day cost the same.")
    expected: list[Decimal] = said("What is expected by the end of each day after those; empty where little is known.")
    lower80: list[Decimal] = said("In four of five cases it is not less.")
    upper80: list[Decimal] = said("In four of five cases it is not more.")


class BudgetFields(BaseModel):
    """What setting and changing a budget have in common."""

    amount: Decimal | None = Field(
        default=None, gt=0, max_digits=20, decimal_places=4, description="The limit of a period; with basis FIXED."
    )
    thresholds: list[Percent] = Field(
        default=[50, 80, 100], min_length=1, max_length=10, description="Percents of the limit that raise an alert."
    )
    forecast_thresholds: list[Percent] = Field(
        default_factory=list, max_length=10, description="Percents that raise one when they may be reached at its end."
    )
    services: list[str] = Field(default_factory=list, max_length=50, description="Only these services; empty: all.")
    account_native_ids: list[str] = Field(
        default_factory=list, max_length=50, description="Only these accounts, by native id; empty: all."
    )
    where: CostFilterInput | None = Field(default=None, description="Only these costs.")
    target_id: strawberry.ID | None = Field(
        default=None, description="What this target of allocation and its parts owe; then without other filters."
    )
    period: BudgetPeriod = Field(default=BudgetPeriod.MONTHLY, description="How long it lasts.")
    metric: Metric = Field(default=Metric.BILLED, description="Which costs.")
    basis: BudgetBasis = Field(default=BudgetBasis.FIXED, description="What the limit comes from.")
    change_percent: Decimal = Field(
        default=Decimal(0),
        ge=-99,
        le=1000,
        max_digits=7,
        decimal_places=2,
        description="So many percent more, or less.",
    )
    starts_on: date | None = Field(default=None, description="It counts from this day on.")
    ends_on: date | None = Field(default=None, description="It no longer counts from this day on.")
    roll_over_cap: int = Field(
        default=0, ge=0, le=1000, description="Carry what is left, up to so many percent of the amount; 0: nothing."
    )


@strawberry.pydantic.input(description="A budget to set.")
class CreateBudgetInput(BudgetFields):
    organization_id: strawberry.ID | None = Field(
        default=None, description="The tenant it belongs to; may be left out when only one is in reach."
    )
    name: str = Field(min_length=1, max_length=100, description="What to call it; unique in the organization.")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code, for example USD.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


BUDGET_ID = Field(description="Global id of the budget.")


@strawberry.pydantic.input(description="A budget as it shall be from now on; what is left out is as in a new one.")
class UpdateBudgetInput(BudgetFields):
    budget_id: strawberry.ID = BUDGET_ID
    name: str = Field(min_length=1, max_length=100, description="What to call it; unique in the organization.")
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="A budget to put away for good; its history stays.")
class ArchiveBudgetInput(BaseModel):
    budget_id: strawberry.ID = BUDGET_ID
    expected_version: int | None = EXPECTED_VERSION


CreateBudgetPayload = payload("CreateBudget", "budget", Budget, "The budget.")
UpdateBudgetPayload = payload("UpdateBudget", "budget", Budget, "The budget now.")
ArchiveBudgetPayload = payload("ArchiveBudget", "budget", Budget, "The budget, put away.")
