"""An amount of one currency."""

from decimal import Context, Decimal

from pydantic import BaseModel, ConfigDict, Field

# A stored decimal has 34 digits; sums are taken with room to spare so that they are exact.
EXACT = Context(prec=60)


class Money(BaseModel):
    """`amount` in units of `currency` (ISO 4217, e.g. USD), exact: never a float."""

    model_config = ConfigDict(frozen=True)

    amount: Decimal = Field(description="How much, in units of the currency, exact.")
    currency: str = Field(description="ISO 4217 code, for example USD.")
