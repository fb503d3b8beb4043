"""Budgets."""

from decimal import Decimal
from typing import Annotated

import strawberry
from pydantic import BaseModel, Field

import documents
from domain.facts.money import Money
from schema.errors import payload
from schema.node import Node, derived, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of

Percent = Annotated[int, Field(ge=1, le=1000)]


@view(documents.Budget, description="A limit on a calendar month's billed cost.")
class Budget(Node):
    name: str = said("What people call it.")
    thresholds: list[int] = said("Percents of the limit that raise an alert, once each a month.")
    services: list[str] = said("Only these services; empty means all.")
    account_native_ids: list[str] = said("Only these accounts, by the provider's own id; empty means all.")
    spent_month: str | None = said("The month `spent` is about, as YYYY-MM; null before the first check.")
    version: int = said("Rises with every change.")
    amount: strawberry.Private[Decimal]
    spent: strawberry.Private[Decimal]
    currency: strawberry.Private[str]

    @derived("The limit of a month.", reads=("amount", "currency"))
    def limit(self) -> Money:
        return Money(amount=self.amount, currency=self.currency)

    @derived("What that month had cost when it was last checked.", reads=("spent", "currency"), name="spent")
    def spent_money(self) -> Money:
        return Money(amount=self.spent, currency=self.currency)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="A budget to set.")
class CreateBudgetInput(BaseModel):
    organization_id: strawberry.ID | None = Field(
        default=None, description="The tenant it belongs to; may be left out when only one is in reach."
    )
    name: str = Field(min_length=1, max_length=100, description="What to call it; unique in the organization.")
    amount: Decimal = Field(gt=0, max_digits=20, decimal_places=4, description="The limit of a calendar month.")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code, for example USD.")
    thresholds: list[Percent] = Field(
        default=[50, 80, 100], min_length=1, max_length=10, description="Percents of the limit that raise an alert."
    )
    services: list[str] = Field(default_factory=list, max_length=50, description="Only these services; empty: all.")
    account_native_ids: list[str] = Field(
        default_factory=list, max_length=50, description="Only these accounts, by native id; empty: all."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY


CreateBudgetPayload = payload("CreateBudget", "budget", Budget, "The budget.")
