"""The table of columns against the published counts and the fact sheet."""

import json
from pathlib import Path

import pytest

from domain.costs.column import COLUMNS, Kind, snake_case
from domain.costs.service_category import PAIRS, SUBCATEGORIES


@pytest.mark.parametrize(("version", "count"), [("1.0", 43), ("1.1", 50), ("1.2", 57), ("1.3", 65)])
def test_each_version_has_as_many_columns_as_the_specification(version, count):
    assert sum(column.since <= version for column in COLUMNS) == count


def test_every_column_matches_the_fact_sheet(shared: Path):
    facts = json.loads((shared / "facts" / "focus_cost_model.json").read_text())
    kinds = {
        "string": {Kind.STRING},
        "decimal": {Kind.DECIMAL},
        "datetime": {Kind.TIME},
        "json": {Kind.JSON, Kind.TAGS},
    }

    sheet = {fact["id"]: fact for fact in facts["columns"] + facts["columns_1_3"]}

    assert {column.id for column in COLUMNS} == set(sheet)
    for column in COLUMNS:
        fact = sheet[column.id]
        assert column.kind in kinds[fact["type"]]
        assert column.is_nullable == fact["nullable"]
        assert list(column.allowed) == fact.get("allowed", [])
        assert column.level == fact.get("level", column.level).upper()
    assert {name: list(subs) for name, subs in SUBCATEGORIES.items()} == sheet["ServiceSubcategory"][
        "allowed_by_category"
    ]


def test_a_column_is_stored_under_its_name_in_snake_case():
    assert snake_case("PricingCurrencyContractedUnitPrice") == "pricing_currency_contracted_unit_price"
    assert snake_case("Tags") == "tags"
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)


def test_a_subcategory_belongs_to_its_category():
    assert ("Compute", "Containers") in PAIRS
    assert ("Storage", "Containers") not in PAIRS
