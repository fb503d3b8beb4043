"""FOCUS rows and files made to order: a test names only what it cares about."""

import csv
import gzip
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from domain.costs.batch import FocusBatch, TextBatch
from domain.costs.focus import FocusParser
from domain.costs.header import ReadOptions, read_header
from domain.costs.slice import SliceBook

TODAY = date(2026, 11, 22)

_ROW = {
    "BilledCost": "1.25",
    "BillingAccountId": "100000000001",
    "BillingAccountName": "Payer",
    "BillingCurrency": "USD",
    "BillingPeriodEnd": "2026-10-01T00:00:00Z",
    "BillingPeriodStart": "2026-09-01T00:00:00Z",
    "ChargeCategory": "Usage",
    "ChargeClass": "",
    "ChargeDescription": "Hours of an instance",
    "ChargeFrequency": "Usage-Based",
    "ChargePeriodEnd": "2026-09-03T00:00:00Z",
    "ChargePeriodStart": "2026-09-02T00:00:00Z",
    "ContractedCost": "1.25",
    "EffectiveCost": "1.20",
    "InvoiceIssuerName": "Amazon Web Services, Inc.",
    "ListCost": "1.50",
    "PricingQuantity": "10",
    "PricingUnit": "Hours",
    "ProviderName": "AWS",
    "PublisherName": "Amazon Web Services, Inc.",
    "RegionId": "eu-central-1",
    "ResourceId": "i-1",
    "ServiceCategory": "Compute",
    "ServiceName": "Amazon Elastic Compute Cloud",
    "SubAccountId": "200000000002",
    "SubAccountName": "production",
    "Tags": '{"team": "web"}',
}


def focus_row(**columns: str) -> dict[str, str]:
    """A row that loads without a notice; columns by FOCUS id."""
    return _ROW | columns


def lacking(row: Mapping[str, str], *ids: str) -> dict[str, str]:
    """The row without some columns."""
    return {id: text for id, text in row.items() if id not in ids}


def write_csv(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """A CSV file, gzip when its name ends so. The columns are those of the first row."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def text_batch(rows: Sequence[Mapping[str, str]], *, first_row: int = 1) -> TextBatch:
    """Rows as a reader of files hands them over."""
    columns = [[row[id] for row in rows] for id in rows[0]]
    return TextBatch(first_row, range(first_row + 1, first_row + 1 + len(rows)), columns, 0)


def parser_for(
    names: Iterable[str], *, options: ReadOptions | None = None, book: SliceBook | None = None, file: str = "costs.csv"
) -> FocusParser:
    """A parser for a file with these columns."""
    options = options or ReadOptions()
    header = read_header(file, list(names), options)
    book = SliceBook(options.source) if book is None else book
    return FocusParser(file, header, options, today=TODAY, book=book)


def parsed(*rows: Mapping[str, str], options: ReadOptions | None = None) -> FocusBatch:
    """The rows, read. Fails when there is a problem with them."""
    parser = parser_for(rows[0], options=options)
    batch = parser.parse(text_batch(rows))
    assert batch is not None, [str(problem) for problem in parser.problems]
    return batch


def problems_of(*rows: Mapping[str, str], options: ReadOptions | None = None) -> list[str]:
    """What is wrong with the rows, as the customer reads it."""
    parser = parser_for(rows[0], options=options)
    parser.parse(text_batch(rows))
    return [str(problem) for problem in parser.problems]
