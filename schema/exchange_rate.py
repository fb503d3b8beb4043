"""Rates of exchange that an organization sets for its costs."""

from datetime import date, datetime
from decimal import Decimal

import strawberry
from pydantic import BaseModel, Field

import documents
from domain.costs.exchange import MOST_NOTE, Rate
from schema.cost import CURRENCY
from schema.errors import payload
from schema.node import Node, derived, said, view
from schema.relation import organization_id_of
from schema.routing import ORGANIZATION

MOST_AT_ONCE = 500
# 5,000 lines with notes; the body of a request is a megabyte at most.
LONGEST_TEXT = 800_000


@view(documents.ExchangeRate, description="What one unit of a currency is worth in another, from a day on.")
class ExchangeRate(Node):
    rate: Decimal = said("What one unit is worth.")
    note: str = said("Where it is from.")
    set_by: str = said("Who set it, as kind:id.")
    created_at: datetime = said("When it was set.")
    is_current: bool = said("Whether it counts; otherwise it was replaced or removed.")
    ended_at: datetime | None = said("When it was replaced or removed.")
    ended_by: str | None = said("Who replaced or removed it.")
    base: strawberry.Private[str]
    quote: strawberry.Private[str]
    day: strawberry.Private[datetime]

    @derived("The currency that is converted.", reads=("base",), name="fromCurrency")
    def told_base(self) -> str:
        return self.base

    @derived("The currency it is converted into.", reads=("quote",), name="toCurrency")
    def told_quote(self) -> str:
        return self.quote

    @derived("The first day (UTC) on which it holds.", reads=("day",), name="fromDay")
    def told_day(self) -> date:
        return self.day.date()

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="A rate to set.")
class ExchangeRateInput(BaseModel):
    from_currency: str = Field(pattern=CURRENCY, description="The currency that is converted.")
    to_currency: str = Field(pattern=CURRENCY, description="The currency it is converted into.")
    from_day: date = Field(description="The first day (UTC) on which it holds.")
    rate: Decimal = Field(gt=0, description="What one unit is worth; at most 14 digits.")
    note: str = Field(default="", max_length=MOST_NOTE, description="Where it is from.")

    def fact(self) -> Rate:
        """The rate as it is checked and stored. Raises Invalid for one that makes no sense."""
        return Rate(self.from_currency, self.to_currency, self.from_day, self.rate, self.note)


@strawberry.pydantic.input(description="Rates to set: a list, or the text of a CSV file.")
class SetExchangeRatesInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    rates: list[ExchangeRateInput] = Field(
        default_factory=list, max_length=MOST_AT_ONCE, description="Rates to set; empty where `csv` is given."
    )
    csv: str | None = Field(
        default=None,
        max_length=LONGEST_TEXT,
        description="Lines with the columns from, to, day, rate and, if you like, note; at most 5000. When one of them "
        "has a fault none is taken, and the answer names the lines.",
    )


@strawberry.pydantic.input(description="A rate that shall no longer count.")
class RemoveExchangeRateInput(BaseModel):
    exchange_rate_id: strawberry.ID = Field(description="Global id of the rate.")


@strawberry.type(description="What setting rates changed.")
class ExchangeRatesSet:
    set_count: int = said("How many rates are new or other than before.")
    unchanged_count: int = said("How many were set to the same before.")


SetExchangeRatesPayload = payload("SetExchangeRates", "result", ExchangeRatesSet, "What changed.")
RemoveExchangeRatePayload = payload(
    "RemoveExchangeRate", "exchange_rate", ExchangeRate, "The rate, which no longer counts."
)
