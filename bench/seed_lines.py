"""Made-up billed rows of one billing period, as the import would store them; runs in processes of its own."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson import ObjectId

from bench.bulk import Ids, Template, inserted, raw_collection
from documents.cost_line import LineEncoder
from documents.stored_decimal import decimal_bits
from domain.costs.batch import FocusBatch
from domain.costs.slice import CostSlice, SliceKey

_int32 = struct.Struct("<i").pack
_int64 = struct.Struct("<q").pack
_decimal128 = struct.Struct("<QQ").pack
_MICRO = (6176 - 6) << 49  # the upper half of a decimal128 with six places
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ROW, _NUMBER = 0x7A6B5C4D, "@NUMBER@"
_COST, _LISTED = Decimal("987654321.123457"), Decimal("987654321.765433")
_BEGIN, _END = datetime(2099, 1, 2, 3, 4, 5, 678000, UTC), datetime(2099, 8, 7, 6, 5, 4, 321000, UTC)


@dataclass(frozen=True, slots=True)
class Cell:
    """Rows that are alike but for resource, hour and cost: those of one service in one account on one day."""

    day: date
    provider: str
    sub_account_id: str
    service_name: str
    service_category: str
    region_id: str
    rows: int

    @property
    def tags(self) -> tuple[tuple[str, str], ...]:
        """One of eleven teams for each service."""
        return (("team", f"team-{sum(self.service_name.encode()) % 11:02d}"),)


@dataclass(frozen=True, slots=True)
class LinesJob:
    """The rows of one period. `first_row` counts the rows of the periods before."""

    url: str
    database: str
    org_id: ObjectId
    edition_id: ObjectId
    slice: CostSlice
    cells: Sequence[Cell]
    first_row: int


def store_lines(job: LinesJob) -> list[Decimal]:
    """Store the rows of every cell; returns what each cell was billed."""
    collection = raw_collection(job.url, job.database, "cost_lines")
    sums: list[int] = []
    count = inserted(collection, _lines(job, sums))
    assert count == sum(cell.rows for cell in job.cells)
    return [Decimal(total).scaleb(-6) for total in sums]


def _lines(job: LinesJob, sums: list[int]) -> Iterator[Any]:
    ids, row = Ids(), job.first_row
    encoder = LineEncoder(job.org_id)
    templates: dict[tuple[str, str], Template] = {}
    for number, cell in enumerate(job.cells):
        alike = cell.sub_account_id, cell.service_name
        template = templates.get(alike) or templates.setdefault(alike, _template(job, cell, encoder))
        base = 40_000 + (number * 7919 + cell.day.toordinal() * 104_729) % 900_000
        midnight = (datetime(cell.day.year, cell.day.month, cell.day.day, tzinfo=UTC) - _EPOCH) // timedelta(
            milliseconds=1
        )
        total = 0
        for index in range(cell.rows):
            row += 1
            cost = (base + 613 * index) * 4
            total += cost
            begin = midnight + index % 24 * 3_600_000
            yield template.filled(
                {
                    b"id": ids.of(row - job.first_row),
                    b"row": _int32(row),
                    b"cost": _decimal128(cost, _MICRO),
                    b"listed": _decimal128(cost // 4 * 5, _MICRO),
                    b"begin": _int64(begin),
                    b"end": _int64(begin + 3_600_000),
                    b"number": b"%08d" % (number * 16 + index % 16),
                }
            )
        sums.append(total)


def _template(job: LinesJob, cell: Cell, encoder: LineEncoder) -> Template:
    """One row of the cell out of the product's own encoder, with marks for what differs."""
    values = {
        "billed_cost": _COST,
        "billing_account_id": job.slice.key.billing_account_id,
        "billing_currency": job.slice.currency,
        "billing_period_end": job.slice.period_end,
        "billing_period_start": job.slice.key.period_start,
        "charge_category": "Usage",
        "charge_description": "Hours of use",
        "charge_period_end": _END,
        "charge_period_start": _BEGIN,
        "contracted_cost": _COST,
        "effective_cost": _COST,
        "list_cost": _LISTED,
        "provider_name": cell.provider,
        "region_id": cell.region_id,
        "resource_id": f"res-{_NUMBER}",
        "service_category": cell.service_category,
        "service_name": cell.service_name,
        "sub_account_id": cell.sub_account_id,
        "sub_account_name": f"account {cell.sub_account_id}",
        "tags": cell.tags,
    }
    columns = {name: [value] for name, value in values.items()}
    batch = FocusBatch(_ROW, columns, {}, [cell.provider], [job.slice], [cell.day])
    (line,) = encoder.lines(batch, [job.edition_id] * (job.slice.number + 1), 0)
    raw = bytes(line.raw)
    marks = {
        "id": raw[9:21],  # behind the length, the type and the name of the first element
        "row": _int32(_ROW),
        "cost": decimal_bits(_COST),
        "listed": decimal_bits(_LISTED),
        "begin": _int64((_BEGIN - _EPOCH) // timedelta(milliseconds=1)),
        "end": _int64((_END - _EPOCH) // timedelta(milliseconds=1)),
        "number": _NUMBER.encode(),
    }
    return Template(raw, marks)


def slice_of(provider: str, account: str, month: date, number: int, currency: str) -> CostSlice:
    """A billing period of one month."""
    begin = datetime(month.year, month.month, 1, tzinfo=UTC)
    following = (month + timedelta(days=31)).replace(day=1)
    end = datetime(following.year, following.month, 1, tzinfo=UTC)
    return CostSlice(SliceKey("", provider, account, begin), number, currency, end, "seed.csv")
