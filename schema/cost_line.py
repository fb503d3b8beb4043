"""The billed rows behind every number, and where each of them came from."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import strawberry
from pydantic import BaseModel, Field
from strawberry.scalars import JSON

from documents.cost_line import CostLine as StoredLine
from documents.cost_origin import LineOrigin
from domain.facts.money import Money
from schema.cost_filter import CostFilterInput
from schema.node import Node, derived, global_id, said, view
from schema.relation import organization_id_of
from schema.scalars import BigInt
from schema.values import register_enum


class AmountSign(StrEnum):
    POSITIVE = "POSITIVE"
    NEGATIVE = "NEGATIVE"
    ZERO = "ZERO"


register_enum(
    AmountSign,
    "What the billed amount of a row is.",
    {
        AmountSign.POSITIVE: "Above zero: a charge.",
        AmountSign.NEGATIVE: "Below zero: a credit or a refund.",
        AmountSign.ZERO: "Zero, as where a commitment covers it.",
    },
)
# Columns of a row that have no field of their own.
OTHER_COLUMNS = (
    "allocated_method_details",
    "allocated_method_id",
    "allocated_resource_id",
    "allocated_resource_name",
    "allocated_tags",
    "billing_account_type",
    "capacity_reservation_status",
    "commitment_discount_category",
    "commitment_discount_unit",
    "contract_applied",
    "host_provider_name",
    "pricing_currency",
    "pricing_currency_contracted_unit_price",
    "pricing_currency_effective_cost",
    "pricing_currency_list_unit_price",
    "provider_name",
    "service_provider_name",
    "sku_price_details",
    "sub_account_type",
)


@strawberry.type(description="Where a billed row came from.")
class CostLineSource:
    load_id: strawberry.ID = said("The load it came with; see costLoads.")
    loaded_at: datetime = said("When that began.")
    actor: str = said("Who loaded it, as kind:id.")
    source: str = said("The label of the source; empty where none was named.")
    file_name: str | None = said("The file; null when the ledger of loads no longer knows it.")
    sha256: str | None = said("The file's SHA-256 in hex, as it came.")
    row: int = said("Row of that file, counted from 1.")


@view(StoredLine, description="One row of a bill, as it was billed.")
class CostLine(Node):
    provider: str = said("Who sells the service.")
    billing_account_id: str = said("The account that is invoiced.")
    billing_account_name: str | None = said("Its printed name.")
    sub_account_id: str | None = said("The account, subscription or project that was charged.")
    sub_account_name: str | None = said("Its printed name.")
    service_name: str = said("The service.")
    service_category: str | None = said("Its category in the FOCUS list.")
    service_subcategory: str | None = said("Its subcategory in the FOCUS list.")
    region_id: str | None = said("Where it ran.")
    region_name: str | None = said("The region's printed name.")
    availability_zone: str | None = said("The zone within the region.")
    resource_id: str | None = said("The resource, by the provider's own id.")
    resource_name: str | None = said("Its printed name.")
    resource_type: str | None = said("The kind of resource, in the provider's words.")
    publisher_name: str | None = said("Who made what was sold.")
    invoice_id: str | None = said("The invoice, by its number.")
    invoice_issuer_name: str | None = said("Who invoices.")
    charge_category: str = said("Usage, Purchase, Tax, Credit or Adjustment.")
    charge_class: str | None = said("Correction where the row corrects an earlier period.")
    charge_description: str | None = said("What was charged, in the provider's words.")
    charge_frequency: str | None = said("One-Time, Recurring or Usage-Based.")
    charge_period_start: datetime = said("When the charge begins.")
    charge_period_end: datetime = said("When it ends, exclusive.")
    billing_period_start: datetime = said("When the billing period begins.")
    billing_period_end: datetime = said("When it ends, exclusive.")
    consumed_quantity: Decimal | None = said("How much was used.")
    consumed_unit: str | None = said("In which unit.")
    pricing_category: str | None = said("Standard, Dynamic, Committed or Other.")
    pricing_quantity: Decimal | None = said("How much was priced.")
    pricing_unit: str | None = said("In which unit.")
    list_unit_price: Decimal | None = said("The list price of a unit.")
    contracted_unit_price: Decimal | None = said("The negotiated price of a unit.")
    commitment_discount_id: str | None = said("The commitment it is covered by or pays for.")
    commitment_discount_name: str | None = said("Its printed name.")
    commitment_discount_type: str | None = said("The kind of commitment, in the provider's words.")
    commitment_discount_status: str | None = said("Used or Unused.")
    commitment_discount_quantity: Decimal | None = said("How much of the commitment it takes.")
    capacity_reservation_id: str | None = said("The reservation of capacity.")
    sku_id: str | None = said("What was sold, by the provider's own id.")
    sku_price_id: str | None = said("The price that was taken.")
    sku_meter: str | None = said("What is measured of it.")
    tags: JSON | None = said("Its tags as an object of strings.")
    row: int = said("Row of the file it came from, counted from 1.")
    billing_currency: str = said("The currency of every amount.")
    billed_cost: strawberry.Private[Decimal]
    effective_cost: strawberry.Private[Decimal]
    list_cost: strawberry.Private[Decimal | None]
    contracted_cost: strawberry.Private[Decimal | None]
    origin: strawberry.Private[LineOrigin | None]
    extras: strawberry.Private[Any]

    @derived("What was invoiced.", reads=("billed_cost", "billing_currency"))
    def billed(self) -> Money:
        return Money(amount=self.billed_cost, currency=self.billing_currency)

    @derived("What it cost with commitments spread over their use.", reads=("effective_cost", "billing_currency"))
    def effective(self) -> Money:
        return Money(amount=self.effective_cost, currency=self.billing_currency)

    @derived(
        "What it would have cost at list price; null where the bill has none.",
        reads=("list_cost", "billing_currency"),
        name="list",
    )
    def list_money(self) -> Money | None:
        return None if self.list_cost is None else Money(amount=self.list_cost, currency=self.billing_currency)

    @derived(
        "What it cost at the negotiated price; null where the bill has none.",
        reads=("contracted_cost", "billing_currency"),
    )
    def contracted(self) -> Money | None:
        if self.contracted_cost is None:
            return None
        return Money(amount=self.contracted_cost, currency=self.billing_currency)

    @derived(
        "Every other column that is not null, by its name: those of FOCUS in snake case, those of the provider as they "
        "came.",
        reads=("extras", *OTHER_COLUMNS),
    )
    def columns(self) -> JSON:
        known = {name: getattr(self, name) for name in OTHER_COLUMNS}
        told = {name: str(value) if isinstance(value, Decimal) else value for name, value in known.items()}
        columns: Any = {name: value for name, value in told.items() if value is not None} | (self.extras or {})
        return columns  # type: ignore[no-any-return]  # JSON stands for any of these

    @derived("Where it came from; null when its period is being loaded anew this very moment.", reads=("origin", "row"))
    def source(self) -> CostLineSource | None:
        origin = self.origin
        if origin is None:
            return None
        return CostLineSource(
            load_id=global_id("CostLoad", origin.load_id),
            loaded_at=origin.started_at,
            actor=origin.actor,
            source=origin.source,
            file_name=origin.file_name,
            sha256=origin.sha256,
            row=self.row,
        )

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="Which billed rows; every field that is given must match.")
class CostLineFilter(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description="Of this tenant only.")
    begins_from: datetime | None = Field(default=None, description="Charges that begin then or later.")
    begins_before: datetime | None = Field(default=None, description="Charges that begin earlier than then.")
    billing_period_from: date | None = Field(
        default=None, description="Of billing periods that begin on this day (UTC) or later."
    )
    billing_period_before: date | None = Field(
        default=None, description="Of billing periods that begin before this day (UTC)."
    )
    sub_account_ids: list[str] | None = Field(default=None, max_length=100, description="Of these accounts only.")
    service_names: list[str] | None = Field(default=None, max_length=100, description="Of these services only.")
    resource_ids: list[str] | None = Field(default=None, max_length=100, description="Of these resources only.")
    charge_categories: list[str] | None = Field(default=None, max_length=5, description="Of these categories only.")
    currencies: list[str] | None = Field(default=None, max_length=20, description="In these currencies only.")
    sign: AmountSign | None = Field(default=None, description="With such a billed amount only.")
    where: CostFilterInput | None = Field(default=None, description="Any dimension and tag, as `costs` takes them.")


@strawberry.type(description="What billed rows in one currency add up to.")
class CostLineTotals:
    currency: str = said("The currency of every amount.")
    line_count: BigInt = said("How many rows they are.")
    billed: Decimal = said("What was invoiced.")
    effective: Decimal = said("With commitments spread over their use.")
    list: Decimal = said("At list price; rows without one add nothing.")
    contracted: Decimal = said("At the negotiated price; rows without one add nothing.")
