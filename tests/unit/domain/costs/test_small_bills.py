"""Cost Explorer, OCI and DigitalOcean as FOCUS, with worked-out numbers."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.costs.problem import BadValue
from domain.costs.sources import cost_explorer, digitalocean
from tests.factories.native import told


def page(groups: list[dict[str, Any]], *kinds: tuple[str, str], total: dict[str, Any] | None = None) -> dict[str, Any]:
    result = {
        "TimePeriod": {"Start": "2026-12-30", "End": "2026-12-31"},
        "Total": total or {},
        "Groups": groups,
        "Estimated": True,
    }
    return {"GroupDefinitions": [{"Type": kind, "Key": key} for kind, key in kinds], "ResultsByTime": [result]}


def metrics(billed: str, effective: str, unit: str = "Hrs") -> dict[str, dict[str, str]]:
    return {
        "UnblendedCost": {"Amount": billed, "Unit": "USD"},
        "AmortizedCost": {"Amount": effective, "Unit": "USD"},
        "UsageQuantity": {"Amount": "24", "Unit": unit},
    }


def explored(*args: Any, **options: Any) -> list[dict[str, str]]:
    return list(cost_explorer.focus_rows([page(*args, **options)], "100000000001"))


def test_an_answer_by_service_and_account_is_a_row_each():
    group = {"Keys": ["Amazon Simple Storage Service", "200000000002"], "Metrics": metrics("1.10", "0.90")}

    (row,) = explored([group], ("DIMENSION", "SERVICE"), ("DIMENSION", "LINKED_ACCOUNT"))

    assert (row["BilledCost"], row["EffectiveCost"], row["ListCost"]) == ("1.10", "0.90", "1.10")
    assert (row["ServiceName"], row["ServiceCategory"]) == ("Amazon Simple Storage Service", "Storage")
    assert (row["BillingAccountId"], row["SubAccountId"]) == ("100000000001", "200000000002")
    assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")
    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == ("2026-12-30", "2026-12-31")
    assert (row["ConsumedQuantity"], row["ConsumedUnit"], row["x_IsEstimated"]) == ("24", "Hrs", "true")


def test_quantities_of_unlike_things_are_left_out():
    (row,) = explored([{"Keys": ["Tax"], "Metrics": metrics("1", "1", "N/A")}], ("DIMENSION", "SERVICE"))

    assert (row["ChargeCategory"], row.get("ConsumedQuantity")) == ("Tax", None)


def test_a_tag_is_told_as_a_tag_and_no_tag_as_none():
    groups = [{"Keys": [key], "Metrics": metrics("1", "1")} for key in ("team$web", "team$")]

    tagged, untagged = explored(groups, ("TAG", "team"))

    assert (tagged["Tags"], untagged.get("Tags")) == ('{"team": "web"}', None)


def test_a_cost_category_is_not_taken_for_anything_else():
    (row,) = explored([{"Keys": ["Unit$core"], "Metrics": metrics("1", "1")}], ("COST_CATEGORY", "Unit"))

    assert (row["ServiceName"], "Tags" in row) == ("All services", False)


@pytest.mark.parametrize(
    ("record", "category"),
    [
        ("Usage", "Usage"),
        ("Savings Plan Upfront Fee", "Purchase"),
        ("Recurring reservation fee", "Purchase"),
        ("Tax", "Tax"),
        ("Credit", "Credit"),
        ("Refund", "Credit"),
        ("Enterprise Discount Program Discount", "Adjustment"),
    ],
)
def test_the_kind_of_record_gives_the_charge_category(record, category):
    (row,) = explored([{"Keys": [record], "Metrics": metrics("-1", "-1")}], ("DIMENSION", "RECORD_TYPE"))

    assert (row["ChargeCategory"], row.get("ChargeClass")) == (category, "Correction" if record == "Refund" else None)


def test_an_answer_without_groups_is_its_total():
    (row,) = explored([], total=metrics("5", "4"))

    assert (row["BilledCost"], row["EffectiveCost"]) == ("5", "4")
    assert explored([], ("DIMENSION", "SERVICE")) == []
    assert explored([]) == []


def test_one_metric_stands_for_both():
    only = {"AmortizedCost": {"Amount": "4", "Unit": "USD"}}

    (row,) = explored([], total=only)

    assert (row["BilledCost"], row["EffectiveCost"], row["BillingCurrency"]) == ("4", "4", "USD")


OCI = {
    "lineItem/referenceNo": "r-1",
    "lineItem/tenantId": "ocid1.tenancy.1",
    "lineItem/intervalUsageStart": "2026-11-13T06:00Z",
    "lineItem/intervalUsageEnd": "2026-11-13T07:00:00Z",
    "lineItem/isCorrection": "false",
    "product/service": "COMPUTE",
    "product/compartmentId": "ocid1.compartment.1",
    "usage/billedQuantity": "2",
    "cost/unitPrice": "0.02",
    "cost/myCost": "0.04",
    "cost/currencyCode": "USD",
    "cost/skuUnitDescription": "Hours",
    "tags/team": "web",
}


def test_an_oci_report_is_told_row_for_row():
    row, corrected = told(OCI, OCI | {"lineItem/isCorrection": "true", "cost/myCost": "-0.04", "tags/team": ""})

    assert {row[id] for id in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")} == {"0.04"}
    assert (row["ContractedUnitPrice"], row["PricingQuantity"], row["PricingUnit"]) == ("0.02", "2", "Hours")
    assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z")
    assert (row["ServiceCategory"], row["Tags"]) == ("Compute", '{"team": "web"}')
    assert (row.get("ChargeClass"), corrected["ChargeClass"], corrected["BilledCost"]) == (None, "Correction", "-0.04")
    assert "Tags" not in corrected


ITEM = {
    "product": "Droplets",
    "resource_uuid": "u-1",
    "resource_id": "7",
    "group_description": "",
    "description": "web-1 (s-1vcpu-1gb)",
    "amount": "5.00",
    "duration": "744",
    "duration_unit": "Hours",
    "start_time": "2026-08-01T00:00:00Z",
    "end_time": "2026-09-01T00:00:00Z",
    "project_name": "web",
}
INVOICE = {"invoice_uuid": "inv-1", "invoice_period": "2026-08", "amount": "5.41", "account": "acc-1"}


def test_items_of_a_digitalocean_invoice_add_up_to_its_amount():
    tax = ITEM | {
        "product": "Taxes",
        "description": "VAT",
        "amount": "0.41",
        "resource_uuid": None,
        "resource_id": None,
    }

    row, taxed = digitalocean.focus_rows(INVOICE, [ITEM, tax])

    assert Decimal(row["BilledCost"]) + Decimal(taxed["BilledCost"]) == Decimal(INVOICE["amount"])
    assert (row["ResourceId"], row["ResourceName"], row["InvoiceId"]) == ("u-1", "web-1", "inv-1")
    assert (row["ConsumedQuantity"], row["ConsumedUnit"], row["PricingQuantity"]) == ("744", "Hours", "744")
    assert (row["ChargeCategory"], taxed["ChargeCategory"]) == ("Usage", "Tax")
    assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == ("2026-08-01T00:00:00Z", "2026-09-01T00:00:00Z")
    assert (row["BillingAccountId"], row["SubAccountName"]) == ("acc-1", "web")
    assert {"ConsumedQuantity", "ConsumedUnit", "ResourceName", "PricingCategory"}.isdisjoint(taxed)


@pytest.mark.parametrize(("product", "change"), [("Credits", None), ("Refunds", "Correction")])
def test_credits_and_refunds_of_digitalocean_are_credits(product, change):
    (row,) = digitalocean.focus_rows(INVOICE, [ITEM | {"product": product, "amount": "-2"}])

    assert (row["ChargeCategory"], row.get("ChargeClass"), row["BilledCost"]) == ("Credit", change, "-2")


def test_the_csv_of_an_invoice_says_the_same_as_its_items():
    header = ["product", "group_description", "description", "hours", "start", "end", "USD", "project_name", "category"]
    line = "Droplets,,web-1,744,2026-08-01 00:00:00 +0000,2026-09-01 00:00:00 +0000,$5.00,web,iaas"

    (row,) = told(dict(zip(header, line.split(","), strict=True)))

    assert (row["BilledCost"], row["ConsumedQuantity"], row["ConsumedUnit"]) == ("5.00", "744", "Hours")
    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == ("2026-08-01 00:00:00Z", "2026-09-01 00:00:00Z")
    assert (row["BillingPeriodStart"], row["ServiceCategory"]) == ("2026-08-01T00:00:00Z", "Compute")
    assert "BillingAccountId" not in row


@pytest.mark.parametrize(("column", "message"), [("amount", "is not a decimal number"), ("start_time", "a month")])
def test_an_item_that_cannot_be_read_is_refused(column, message):
    with pytest.raises(BadValue, match=message):
        list(digitalocean.focus_rows({}, [ITEM | {column: "soon"}]))


def test_an_item_without_an_amount_has_no_cost():
    (row,) = digitalocean.focus_rows(INVOICE, [ITEM | {"amount": None}])

    assert "BilledCost" not in row


def test_a_data_point_of_the_insights_is_a_day():
    point = {
        "usage_team_urn": "do:team:1",
        "start_date": date(2026, 12, 31),
        "total_amount": "12.45",
        "region": "nyc3",
        "sku": "1-DO-DROP-0109",
        "description": "web-1",
    }

    row, plain = digitalocean.insight_rows(
        [point, point | {"sku": "X", "start_date": datetime(2026, 12, 1, tzinfo=UTC)}]
    )

    assert (row["BilledCost"], row["ServiceName"], row["RegionId"]) == ("12.45", "DROP", "nyc3")
    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == ("2026-12-31", "2027-01-01T00:00:00Z")
    assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")
    assert plain["ServiceName"] == "X"
