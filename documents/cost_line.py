"""Billed rows as they came, for looking at single charges; sums are read from cost days."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import repeat
from typing import Any, ClassVar, Self

from beanie import PydanticObjectId
from bson import ObjectId
from bson.raw_bson import RawBSONDocument
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.cost_origin import LineOrigin, add_origins
from documents.cost_period import current_editions
from documents.encoded_rows import RowEncoder, int_elements, object_id_elements, rows_of
from documents.page import Keyset, Page
from documents.reading import Reading
from domain.costs.batch import FocusBatch
from domain.errors import NotFound
from domain.facts.scope import Scope

NEWEST_FIRST = Keyset((("charge_period_start", DESCENDING),))


class CostLine(TenantDocument):
    """One FOCUS row; the fields are the columns of FOCUS 1.3 in snake case, left out where they are null.

    `provider` is the name the row is filed under. `extras` holds the columns FOCUS does not know. `row` counts the rows
    of file number `file` of the load from 1. `origin` is never stored: rows have it when they are read with it. Reads
    see current editions only, never rows that are staged or replaced.
    """

    noun: ClassVar[str] = "cost line"
    always_read: ClassVar[tuple[str, ...]] = ("org_id", "edition_id", "file")

    edition_id: PydanticObjectId
    file: int
    row: int
    provider: str
    extras: dict[str, str] = Field(default_factory=dict)
    availability_zone: str | None = None
    billed_cost: Decimal
    billing_account_id: str
    billing_account_name: str | None = None
    billing_account_type: str | None = None
    billing_currency: str
    billing_period_end: datetime
    billing_period_start: datetime
    capacity_reservation_id: str | None = None
    capacity_reservation_status: str | None = None
    charge_category: str
    charge_class: str | None = None
    charge_description: str | None = None
    charge_frequency: str | None = None
    charge_period_end: datetime
    charge_period_start: datetime
    commitment_discount_category: str | None = None
    commitment_discount_id: str | None = None
    commitment_discount_name: str | None = None
    commitment_discount_quantity: Decimal | None = None
    commitment_discount_status: str | None = None
    commitment_discount_type: str | None = None
    commitment_discount_unit: str | None = None
    consumed_quantity: Decimal | None = None
    consumed_unit: str | None = None
    contracted_cost: Decimal | None = None
    contracted_unit_price: Decimal | None = None
    effective_cost: Decimal
    invoice_id: str | None = None
    invoice_issuer_name: str | None = None
    list_cost: Decimal | None = None
    list_unit_price: Decimal | None = None
    pricing_category: str | None = None
    pricing_currency: str | None = None
    pricing_currency_contracted_unit_price: Decimal | None = None
    pricing_currency_effective_cost: Decimal | None = None
    pricing_currency_list_unit_price: Decimal | None = None
    pricing_quantity: Decimal | None = None
    pricing_unit: str | None = None
    provider_name: str | None = None
    publisher_name: str | None = None
    region_id: str | None = None
    region_name: str | None = None
    resource_id: str | None = None
    resource_name: str | None = None
    resource_type: str | None = None
    service_category: str | None = None
    service_name: str
    service_subcategory: str | None = None
    sku_id: str | None = None
    sku_meter: str | None = None
    sku_price_details: str | None = None
    sku_price_id: str | None = None
    sub_account_id: str | None = None
    sub_account_name: str | None = None
    sub_account_type: str | None = None
    tags: dict[str, str] | None = None
    allocated_method_id: str | None = None
    allocated_method_details: str | None = None
    allocated_resource_id: str | None = None
    allocated_resource_name: str | None = None
    allocated_tags: dict[str, str] | None = None
    contract_applied: str | None = None
    host_provider_name: str | None = None
    service_provider_name: str | None = None
    origin: LineOrigin | None = None

    class Settings:
        name = "cost_lines"
        indexes = [
            IndexModel(
                [
                    ("org_id", ASCENDING),
                    ("charge_period_start", DESCENDING),
                    ("_id", DESCENDING),
                    ("edition_id", ASCENDING),
                ],
                name="org_newest",
            ),
            IndexModel([("edition_id", ASCENDING)], name="edition"),
        ]

    @classmethod
    async def get_in(cls, scope: Scope, id: str, *, session: AsyncClientSession | None = None) -> Self:
        """The line with this id. Raises NotFound also when its period was loaded again since."""
        found = await super().get_in(scope, id, session=session)
        if found.edition_id not in await _visible(scope):
            raise NotFound.of(cls.noun)
        return found

    @classmethod
    async def page_in(
        cls,
        scope: Scope,
        filter: Mapping[str, Any],
        keyset: Keyset,
        *,
        first: int,
        after: Sequence[Any] | None = None,
        reading: Reading | None = None,
    ) -> Page[Any]:
        """At most `first` current lines in scope in the keyset's order, after the given sort values."""
        filter = {**filter, "edition_id": {"$in": await _visible(scope)}}
        return await super().page_in(scope, filter, keyset, first=first, after=after, reading=reading)

    @classmethod
    async def count_in(cls, scope: Scope, filter: Mapping[str, Any], *, cap: int) -> int:
        """How many current lines are in scope, counted no further than `cap`."""
        return await super().count_in(scope, {**filter, "edition_id": {"$in": await _visible(scope)}}, cap=cap)

    @classmethod
    async def rows_by_id(
        cls, scope: Scope, ids: Collection[ObjectId], reading: Reading | None = None
    ) -> dict[ObjectId, Any]:
        """Current lines by their id; what is absent, replaced or out of scope is left out."""
        visible = set(await _visible(scope))
        rows = await super().rows_by_id(scope, ids, reading)
        return {id: row for id, row in rows.items() if row.edition_id in visible}

    @classmethod
    async def complete(cls, rows: Sequence[Any]) -> None:
        """Rows that were read with their origin have it."""
        wanted = [row for row in rows if hasattr(row, "origin")]
        if wanted:
            await add_origins(wanted)


# They would show lines that are staged or replaced.
for _name in ("find_in", "list_in"):
    setattr(CostLine, _name, CostLine._closed)


async def _visible(scope: Scope) -> list[ObjectId]:
    return [edition.id for edition in await current_editions(scope)]


class LineEncoder:
    """Turns the batches of one load into lines as they are stored."""

    def __init__(self, org_id: ObjectId) -> None:
        self._org_id = org_id
        self._columns = RowEncoder()
        self._extras = RowEncoder()

    def lines(self, batch: FocusBatch, editions: Sequence[ObjectId], file: int) -> list[RawBSONDocument]:
        """The rows of a batch. `editions` has the edition of every slice, by its number; `file` counts from 0."""
        count = len(batch)
        parts = [
            object_id_elements("_id", (ObjectId() for _ in range(count))),
            object_id_elements("org_id", repeat(self._org_id, count)),
            object_id_elements("edition_id", (editions[slice.number] for slice in batch.slices)),
            int_elements("file", repeat(file, count)),
            int_elements("row", range(batch.first_row, batch.first_row + count)),
            self._columns.elements("provider", [slice.key.provider for slice in batch.slices]),
            *(self._columns.elements(name, values) for name, values in batch.columns.items()),
            self._extras.documents("extras", batch.extras, count),
        ]
        return rows_of(parts)


async def stage_lines(lines: Sequence[RawBSONDocument]) -> None:
    """Store lines that do not count yet."""
    await CostLine.rows().insert_many(lines, ordered=False)


async def delete_lines(edition_ids: Sequence[ObjectId]) -> int:
    """Delete the lines of editions that do not count; returns how many."""
    result = await CostLine.rows().delete_many({"edition_id": {"$in": list(edition_ids)}})
    return result.deleted_count
