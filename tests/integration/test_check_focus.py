"""`cloudwatcher check-focus` names each broken rule by row and column and ends with 1."""

from decimal import Decimal
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from app.cli.main import app
from tests.factories.focus import focus_row, lacking, write_csv
from tests.factories.native import aws_line

GOOD = focus_row(
    AvailabilityZone="",
    ContractedCost="1.00",
    ContractedUnitPrice="0.1",
    ListCost="1.50",
    ListUnitPrice="0.15",
    ConsumedQuantity="10",
    ConsumedUnit="Hours",
    PricingCategory="Standard",
    RegionName="Frankfurt",
    ResourceType="VM",
    SkuId="s",
    SkuPriceId="p",
    ChargeClass="",
    InvoiceId="inv-1",
    ServiceSubcategory="Virtual Machines",
    SubAccountType="Account",
    BillingAccountType="Account",
)


def check(path: Path, *args: str) -> Result:
    return CliRunner().invoke(app, ["check-focus", str(path), *args], env={"COLUMNS": "200"})


def test_a_good_file_ends_with_0_and_adds_up_its_invoices(tmp_path):
    result = check(write_csv(tmp_path / "good.csv", [GOOD, GOOD | {"BilledCost": "2"}]))

    assert result.exit_code == 0, result.output
    assert "good.csv: FOCUS 1.2, 2 rows" in result.output
    assert "Every rule that can be checked on the data is kept." in result.output
    assert "invoice inv-1: 2 rows, 3.25 USD billed" in result.output


def test_a_bad_file_ends_with_1_and_says_which_rule_where(tmp_path):
    rows = [GOOD, GOOD | {"ListCost": "9"}, lacking(GOOD) | {"ChargeCategory": "Gift", "ListCost": "9"}]

    result = check(write_csv(tmp_path / "bad.csv", rows))

    assert result.exit_code == 1
    assert "MUST ListCost-product, 2 times: It is ListUnitPrice times PricingQuantity" in result.output
    assert "row 2 (line 3), column ListCost: '9'" in result.output
    assert "MUST ChargeCategory-listed: Every value is one of Usage," in result.output
    assert "row 3 (line 4), column ChargeCategory: 'Gift'" in result.output


def test_the_version_can_be_given_and_decides_which_rules_hold(tmp_path):
    path = write_csv(tmp_path / "a.csv", [GOOD])

    newer, older, unknown = (check(path, "--version", version) for version in ("1.3", "1.0", "2.0"))

    assert "HostProviderName-present" in newer.output
    assert "header: 'InvoiceId'" in older.output
    assert (newer.exit_code, older.exit_code) == (1, 1)
    assert unknown.exit_code != 0
    assert "1.0, 1.1, 1.2, 1.3" in f"{unknown.output}{unknown.exception}"


def test_only_recommendations_end_with_0(tmp_path):
    result = check(write_csv(tmp_path / "a.csv", [lacking(GOOD, "AvailabilityZone")]))

    assert result.exit_code == 0
    assert "SHOULD AvailabilityZone-present" in result.output


def test_programs_get_one_object(tmp_path):
    result = check(write_csv(tmp_path / "a.csv", [GOOD, GOOD | {"ListCost": "9"}]), "--json")

    told = orjson.loads(result.output)
    assert result.exit_code == 1
    assert (told["file"], told["checked_as"], told["rows"]) == ("a.csv", "FOCUS 1.2", 2)
    (violation,) = told["violations"]
    assert (violation["rule"], violation["column"], violation["count"]) == ("ListCost-product", "ListCost", 1)
    assert violation["examples"] == [{"row": 2, "line": 3, "value": "9"}]
    assert Decimal(told["invoices"][0]["billed"]) == Decimal("2.50")


@pytest.mark.parametrize("args", [(), ("--json",)])
def test_a_file_that_cannot_be_read_ends_with_1_and_says_why(tmp_path, args):
    path = tmp_path / "empty.csv"
    path.write_bytes(b"")

    result = check(path, *args)

    assert result.exit_code == 1
    assert "the file is empty" in result.output


def test_a_native_bill_is_checked_as_what_it_is_told_as(tmp_path):
    result = check(write_csv(tmp_path / "cur.csv", [aws_line()]))

    assert "FOCUS 1.2, told from AWS Cost and Usage Report, 1 rows" in result.output


def test_many_invoices_are_shown_in_part(tmp_path):
    result = check(write_csv(tmp_path / "a.csv", [GOOD | {"InvoiceId": f"i-{number:02}"} for number in range(25)]))

    assert "invoice i-19:" in result.output
    assert "and 5 more invoices" in result.output
