"""What was loaded, and which billing periods count because of it."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

from documents.cost_load import CostLoad as StoredLoad
from documents.cost_load import CostLoadState
from documents.cost_period import CostPeriod as StoredPeriod
from domain.facts.money import Money
from schema.directives import Cost
from schema.node import Node, derived, global_id, said, view
from schema.relation import organization_id_of
from schema.scalars import BigInt
from schema.values import register_enum

MOST_TOLD = 100

register_enum(
    CostLoadState,
    "How a load of costs stands.",
    {
        CostLoadState.STAGING: "Rows are coming in; none of them counts yet.",
        CostLoadState.ACTIVE: "Rows of it count.",
        CostLoadState.RETIRED: "Everything it held was loaded again since.",
        CostLoadState.FAILED: "It left nothing.",
    },
)


@strawberry.type(description="One file of a load.")
class CostLoadFile:
    name: str = said("Its name.")
    size: BigInt = said("Its size in bytes, as it came.")
    sha256: str = said("Its SHA-256 in hex, as it came.")
    version: str | None = said("The version of FOCUS it is written in.")
    line_count: BigInt = said("How many rows it has.")


@strawberry.type(description="A billing period that a load held.")
class LoadedCostPeriod:
    source: str = said("The label of the source; empty where none was named.")
    provider: str = said("Who sends the bill.")
    billing_account_id: str = said("The account that is invoiced.")
    period_start: datetime = said("When the period begins.")


@view(StoredLoad, description="One load of billing files: they count together or not at all.")
class CostLoad(Node):
    state: CostLoadState = said("How it stands.")
    actor: str = said("Who loaded it, as kind:id.")
    started_at: datetime = said("When it began.")
    finished_at: datetime | None = said("When it ended.")
    problem: str | None = said("Why it failed.")
    files: strawberry.Private[list[Any]]
    line_count: strawberry.Private[int]
    periods: strawberry.Private[list[Any]]
    replaced: strawberry.Private[list[Any]]

    @derived("How many rows it has.", reads=("line_count",), name="lineCount")
    def told_count(self) -> BigInt:
        return BigInt(self.line_count)

    @derived("Its files, the first 100.", reads=("files",), name="files", directives=(Cost(list_size=2),))
    def told_files(self) -> list[CostLoadFile]:
        return [CostLoadFile(**_plain(file)) for file in (self.files or [])[:MOST_TOLD]]

    @derived(
        "The billing periods it held, the first 100.",
        reads=("periods",),
        name="periods",
        directives=(Cost(list_size=3),),
    )
    def told_periods(self) -> list[LoadedCostPeriod]:
        return [
            LoadedCostPeriod(**{name: value for name, value in _plain(period).items() if name != "fingerprint"})
            for period in (self.periods or [])[:MOST_TOLD]
        ]

    @derived("How many billing periods it held.", reads=("periods",))
    def period_count(self) -> int:
        return len(self.periods or [])

    @derived("The loads whose periods it took the place of.", reads=("replaced",))
    def replaced_ids(self) -> list[strawberry.ID]:
        return [global_id("CostLoad", id) for id in self.replaced or []]

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


def _plain(part: Any) -> dict[str, Any]:
    fields: dict[str, Any] = part if isinstance(part, dict) else part.model_dump()
    return fields


@view(StoredPeriod, description="A billing period whose rows count: one for each source, provider and account.")
class CostPeriod(Node):
    source: str = said("The label of the source; empty where none was named.")
    provider: str = said("Who sends the bill.")
    billing_account_id: str = said("The account that is invoiced.")
    period_start: datetime = said("When the period begins.")
    period_end: datetime = said("When it ends, exclusive.")
    first_on: datetime = said("Midnight (UTC) of the first day with a charge.")
    last_on: datetime = said("Midnight (UTC) of the last day with a charge.")
    loaded_at: datetime = said("Since when these rows count.")
    restatements: int | None = said(
        "How often other rows took the place of those before; null for what was loaded by an older version."
    )
    billed: strawberry.Private[Decimal]
    currency: strawberry.Private[str]
    line_count: strawberry.Private[int]
    load_id: strawberry.Private[Any]

    @derived("What was billed in it.", reads=("billed", "currency"), name="billed")
    def told_billed(self) -> Money:
        return Money(amount=self.billed, currency=self.currency)

    @derived("How many rows it has.", reads=("line_count",), name="lineCount")
    def told_count(self) -> BigInt:
        return BigInt(self.line_count)

    @derived("The load its rows came with; see costLoads.", reads=("load_id",), name="loadId")
    def told_load(self) -> strawberry.ID:
        return global_id("CostLoad", self.load_id)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)
