"""The worked examples of the FOCUS specification: every cell as printed, and the rules they keep.

The specification has 26 of them; the 13 with commitments and contracts are at hand.
"""

import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.billing.focus_files import open_cost_file
from domain.costs.checker import Checker
from domain.costs.column import BY_FOLDED_ID, Column, Kind
from domain.costs.focus import FocusParser
from domain.costs.header import ReadOptions, read_header
from domain.costs.slice import SliceBook
from tests.factories.focus import TODAY

# What the examples leave out because they are about something else.
FILL = {
    "BillingAccountId": "example",
    "BillingCurrency": "USD",
    "ServiceName": "Example service",
    "ProviderName": "Example provider",
}
NAMES = (
    "commitment_discount_purchase_scenario_1",
    "commitment_discount_purchase_scenario_3",
    "commitment_discount_usage_scenario_2",
    "commitment_discount_usage_scenario_4",
    "one_hundred_percent_utilization_with_commitment_discount_flexibility_with_1_resource",
    "one_hundred_percent_utilization_without_commitment_discount_flexibility",
    "saas_spend_agreements_a1",
    "saas_spend_agreements_b1",
    "simple_saas_agreements_a2",
    "simple_saas_agreements_b",
    "virtual_currency_pricing_model_a1",
    "virtual_currency_pricing_model_b1",
    "virtual_currency_pricing_model_b3",
)
# Where the examples themselves break the specification, read by hand: 0.333 hours at 3.00 are printed as 3.00, the
# category is called Database, and the fee at the end of a contract consumes nothing.
SLIPS = {
    "one_hundred_percent_utilization_with_commitment_discount_flexibility_with_1_resource": {"ListCost-product"},
    "saas_spend_agreements_a1": {
        "ServiceCategory-listed",
        "ServiceSubcategory-pair",
        "ConsumedQuantity-required",
    },
    "saas_spend_agreements_b1": {
        "ServiceCategory-listed",
        "ServiceSubcategory-pair",
        "ConsumedQuantity-required",
        "ServiceCategory-filled",
        "ServiceSubcategory-filled",
        "ServiceName-filled",
    },
    "simple_saas_agreements_a2": {"ServiceSubcategory-filled"},
    "simple_saas_agreements_b": {"ServiceSubcategory-filled"},
}


@pytest.fixture
def examples(shared: Path) -> Path:
    return shared / "data" / "focus" / "spec_examples"


def test_all_examples_at_hand_are_known(examples):
    assert sorted(path.stem for path in examples.glob("*.csv")) == sorted(NAMES)


def expected(column: Column, text: str) -> Any:
    """The value of a cell, worked out without the reader."""
    text = text.strip()
    if text.casefold() in {"", "null"}:
        return None
    if column.kind is Kind.DECIMAL:
        return Decimal(text.replace("$", "").replace(",", ""))
    if column.kind is not Kind.TIME:
        return text
    if "/" in text:
        return datetime.strptime(text, "%m/%d/%y").replace(tzinfo=UTC)
    day, hour = text[:10], int(text[11:13])
    return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(hours=hour)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_reads_cell_for_cell(examples, name):
    path = examples / f"{name}.csv"
    options = ReadOptions(fill=FILL, is_lenient=True)
    with open_cost_file(path) as opened:
        header = read_header(path.name, opened.names, options)
        parser = FocusParser(path.name, header, options, today=TODAY, book=SliceBook(""))
        (text,) = opened.batches()
    batch = parser.parse(text)

    assert batch is not None, parser.problems
    with path.open(encoding="utf-8-sig", newline="") as file:
        printed = [row for row in csv.DictReader(file) if any(row.values())]
    assert len(batch) == len(printed)
    for index, row in enumerate(printed):
        for id, cell in row.items():
            column = BY_FOLDED_ID.get(id.casefold())
            if column is not None:
                value = expected(column, cell)
                want = FILL.get(column.id) if value is None else value
                assert (id, batch.column(column.name)[index]) == (id, want)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_keeps_every_rule_but_for_its_own_slips(examples, name):
    with open_cost_file(examples / f"{name}.csv") as opened:
        checker = Checker(opened.names, "1.2", today=TODAY)
        for batch in opened.batches():
            checker.look_at(batch)

    found = {one.check.id for one in checker.violations()}
    # Examples print only the columns they are about, and some their dates with the month first.
    about_rows = {id for id in found if not id.endswith(("-present", "-type"))}
    assert about_rows == SLIPS.get(name, set())
    assert {id for id in found if id.endswith("-type")} <= {
        f"{id}-type"
        for id in (
            "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd",
            "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ListUnitPrice", "ContractedUnitPrice",
        )
    }  # fmt: skip
