"""Forecasts of costs, and what people know of costs to come."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import strawberry
from pydantic import BaseModel, Field

import documents
from domain.facts.money import Money
from domain.forecasting.models import ForecastModel
from domain.forecasting.outlook import ForecastQuality
from domain.forecasting.tree import ForecastLevel
from schema.errors import payload
from schema.node import Node, derived, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.routing import EXPECTED_VERSION, ORGANIZATION
from schema.values import register_enum

register_enum(
    ForecastModel,
    "How a forecast was made.",
    {
        ForecastModel.FLAT: "The mean of the days there are.",
        ForecastModel.WEEKLY: "Each weekday's mean over four weeks.",
        ForecastModel.LEVEL: "Level of the last days, weekdays, and growth that dies down.",
        ForecastModel.THETA: "The dynamic optimised theta method.",
        ForecastModel.MEDIAN: "The median of weekly, level and theta.",
        ForecastModel.YEARLY: "The median with the season of last year, of which half is believed.",
    },
)
register_enum(
    ForecastQuality,
    "How much may be expected of a forecast.",
    {
        ForecastQuality.FULL: "It is tested on what came.",
        ForecastQuality.UNTESTED: "There are less than 86 days of costs: too few to test it.",
        ForecastQuality.SHORT: "There are less than 28 days of costs.",
        ForecastQuality.NEW: "There are less than 7 days of costs.",
    },
)
register_enum(
    ForecastLevel,
    "What a forecast is about.",
    {
        ForecastLevel.TOTAL: "Everything of the organization.",
        ForecastLevel.ACCOUNT: "One account.",
        ForecastLevel.SERVICE: "One service in all accounts.",
        ForecastLevel.ACCOUNT_SERVICE: "One service in one account.",
        ForecastLevel.TARGET: "One target of allocation.",
    },
)


class ForecastHorizon(StrEnum):
    """How far to look."""

    DAYS_30 = "DAYS_30"
    DAYS_90 = "DAYS_90"
    DAYS_365 = "DAYS_365"

    @property
    def days(self) -> int:
        return int(self.value.removeprefix("DAYS_"))


register_enum(
    ForecastHorizon,
    "How far to look.",
    {
        ForecastHorizon.DAYS_30: "30 days.",
        ForecastHorizon.DAYS_90: "90 days.",
        ForecastHorizon.DAYS_365: "365 days.",
    },
)


@strawberry.pydantic.input(
    description="Which forecast: of everything, an account, a service, a service in one account, or a target."
)
class CostForecastInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    sub_account_id: str | None = Field(default=None, max_length=512, description="Of this account, by its native id.")
    service_name: str | None = Field(default=None, max_length=512, description="Of this service.")
    target_id: strawberry.ID | None = Field(
        default=None, description="Of this target of allocation and its parts; then without account and service."
    )
    currency: str | None = Field(
        default=None, pattern=r"^[A-Z]{3}$", description="Needed only where costs are in several currencies."
    )
    horizon: ForecastHorizon = Field(default=ForecastHorizon.DAYS_90, description="How many days.")


@strawberry.type(description="What a stretch of days comes to: what is spent of it already, and what is still to come.")
class ForecastTotal:
    first: date = said("First day.")
    until: date = said("The day after the last one.")
    spent: Decimal = said("What the days before the forecast begins have cost.")
    ahead: Decimal = said("What the others are expected to cost.")
    expected: Decimal = said("Both together.")
    lower80: Decimal = said("In four of five cases it is not less than this, nor more than `upper80`.")
    upper80: Decimal = said("See `lower80`.")
    lower95: Decimal = said("In nineteen of twenty cases it is not less than this, nor more than `upper95`.")
    upper95: Decimal = said("See `lower95`.")


@strawberry.type(description="What the same way of forecasting would have said at days gone by, next to what came.")
class ForecastBackTest:
    tests: int = said("How many back-tests there were of this series; 0 where it is too young.")
    mase: float | None = said("Mean error of a day over that of the same weekday a week before; below 1 is better.")
    month_error: float | None = said("Mean share by which totals of 30 days were off.")
    quarter_error: float | None = said("The same of 90 days.")


@strawberry.type(description="How often intervals of totals held in back-tests of all series of the organization.")
class ForecastCoverage:
    tests: int = said("How many totals of 30 days were tested.")
    month80: float = said("Share of them inside the interval of 80 %.")
    month95: float = said("Share of them inside the interval of 95 %.")
    quarter_tests: int = said("How many totals of 90 days were tested.")
    quarter80: float = said("Share of them inside the interval of 80 %.")
    quarter95: float = said("Share of them inside the interval of 95 %.")


@strawberry.type(description="What costs are going to be, as effective costs by day, in columns.")
class CostForecast:
    level: ForecastLevel = said("What it is about.")
    currency: str = said("Currency of every amount.")
    days: list[date] = said("The days (UTC).")
    mean: list[Decimal] = said("What each is expected to cost. Accounts and services add up to the organization.")
    lower80: list[Decimal] = said("In four of five cases a day costs no less than this.")
    upper80: list[Decimal] = said("In four of five cases a day costs no more than this.")
    lower95: list[Decimal] = said("The same in nineteen of twenty cases.")
    upper95: list[Decimal] = said("The same in nineteen of twenty cases.")
    total: ForecastTotal = said("All the days together.")
    month_end: ForecastTotal = said("The month that the first of the days lies in.")
    year_end: ForecastTotal = said("The year that the first of the days lies in.")
    model: ForecastModel = said("How it was made; of a sum, how the dearest part was.")
    quality: ForecastQuality = said("How much may be expected of it.")
    note: str | None = said("Why it is no better than it is; null where nothing is to be said.")
    back_test: ForecastBackTest = said("How it would have done before.")
    coverage: ForecastCoverage | None = said("How often intervals held; null before the first back-tests.")
    made_at: datetime = said("When it was made.")
    data_until: date = said("The last day whose costs it rests on.")
    is_stale: bool = said("Whether costs were loaded since; a new one comes within the hour.")


@view(
    documents.ForecastEvent,
    description="What people know of costs to come: a commitment that ends, a change that is planned. The next "
    "forecast counts on it.",
)
class ForecastEvent(Node):
    name: str = said("What it is.")
    sub_account_id: str | None = said("Only in this account, by its native id; null: in all.")
    service_name: str | None = said("Only this service; null: all.")
    factor: Decimal | None = said("Costs are so many times as much; null where an amount is given.")
    starts_at: datetime | None = said(
        "When traffic rises on its first day, such as at the opening of a sale; null: not known."
    )
    version: int = said("Rises with every change; pass it as expectedVersion.")
    first: strawberry.Private[datetime]
    until: strawberry.Private[datetime | None]
    amount: strawberry.Private[Decimal | None]
    currency: strawberry.Private[str | None]

    @derived("First day (UTC) on which costs are other.", reads=("first",), name="first")
    def first_day(self) -> date:
        return self.first.date()

    @derived("The day after the last one; null: for good.", reads=("until",), name="until")
    def until_day(self) -> date | None:
        return None if self.until is None else self.until.date()

    @derived(
        "So much more each day, or less where it is negative; null where a factor is given.",
        reads=("amount", "currency"),
    )
    def amount_per_day(self) -> Money | None:
        if self.amount is None or self.currency is None:
            return None
        return Money(amount=self.amount, currency=self.currency)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


class EventFields(BaseModel):
    """What entering and changing an event have in common."""

    name: str = Field(min_length=1, max_length=200, description="What it is, for example: savings plan ends.")
    first: date = Field(description="First day (UTC) on which costs are other.")
    until: date | None = Field(default=None, description="The day after the last one; for good, when left out.")
    starts_at: datetime | None = Field(
        default=None,
        description="When traffic rises on the first day (UTC), such as at the opening of a sale. PS-TRF-03 of "
        "PeakScale wants capacity raised before. Forecasts go by days alone.",
    )
    sub_account_id: str | None = Field(default=None, max_length=512, description="Only in this account.")
    service_name: str | None = Field(default=None, max_length=512, description="Only this service.")
    amount_per_day: Decimal | None = Field(
        default=None, max_digits=20, decimal_places=4, description="So much more each day; with `currency`."
    )
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$", description="Currency of the amount.")
    factor: Decimal | None = Field(
        default=None, ge=0, le=100, max_digits=10, decimal_places=6, description="So many times as much, instead."
    )


@strawberry.pydantic.input(description="Something known of costs to come: an amount a day, or a factor.")
class CreateForecastEventInput(EventFields):
    organization_id: strawberry.ID | None = ORGANIZATION
    idempotency_key: str | None = IDEMPOTENCY_KEY


EVENT_ID = Field(description="Global id of the event.")


@strawberry.pydantic.input(description="An event as it shall be from now on.")
class UpdateForecastEventInput(EventFields):
    event_id: strawberry.ID = EVENT_ID
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="An event to take away.")
class DeleteForecastEventInput(BaseModel):
    event_id: strawberry.ID = EVENT_ID
    expected_version: int | None = EXPECTED_VERSION


CreateForecastEventPayload = payload("CreateForecastEvent", "event", ForecastEvent, "The new event.")
UpdateForecastEventPayload = payload("UpdateForecastEvent", "event", ForecastEvent, "The event now.")
DeleteForecastEventPayload = payload("DeleteForecastEvent", "event", ForecastEvent, "The event as it was.")
