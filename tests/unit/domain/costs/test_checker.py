"""Every rule of check-focus: a row that breaks it and one that keeps it."""

from collections.abc import Mapping

import pytest

from domain.costs.check import Strength
from domain.costs.checker import VERSIONS, Checker, all_checks
from domain.costs.checks import total
from domain.costs.column import COLUMNS, Kind
from tests.factories.focus import TODAY, text_batch

# A row of 1.3 that keeps every rule; all columns, most of them empty.
GOOD = {column.id: "" for column in COLUMNS} | {
    "BilledCost": "12",
    "BillingAccountId": "1",
    "BillingAccountName": "Payer",
    "BillingAccountType": "Payer",
    "BillingCurrency": "USD",
    "BillingPeriodStart": "2026-09-01T00:00:00Z",
    "BillingPeriodEnd": "2026-10-01T00:00:00Z",
    "ChargeCategory": "Usage",
    "ChargeDescription": "Hours",
    "ChargeFrequency": "Usage-Based",
    "ChargePeriodStart": "2026-09-02T00:00:00Z",
    "ChargePeriodEnd": "2026-09-03T00:00:00Z",
    "ConsumedQuantity": "4",
    "ConsumedUnit": "Hours",
    "ContractedCost": "12",
    "ContractedUnitPrice": "3",
    "EffectiveCost": "12",
    "InvoiceId": "inv-1",
    "InvoiceIssuerName": "Acme",
    "ListCost": "20",
    "ListUnitPrice": "5",
    "PricingCategory": "Standard",
    "PricingCurrencyContractedUnitPrice": "3",
    "PricingCurrencyListUnitPrice": "5",
    "PricingQuantity": "4",
    "PricingUnit": "Hours",
    "ProviderName": "Acme",
    "PublisherName": "Acme",
    "HostProviderName": "Acme",
    "ServiceProviderName": "Acme",
    "ServiceCategory": "Compute",
    "ServiceName": "Machines",
    "ServiceSubcategory": "Virtual Machines",
    "SkuId": "s",
    "SkuPriceId": "p",
}
CAPACITY = {"CapacityReservationId": "c", "CapacityReservationStatus": "Used"}
COMMITTED = {
    "CommitmentDiscountId": "d",
    "CommitmentDiscountCategory": "Usage",
    "CommitmentDiscountType": "Reservation",
    "CommitmentDiscountStatus": "Used",
    "CommitmentDiscountQuantity": "1",
    "CommitmentDiscountUnit": "Hours",
}
TAXED = {
    "ChargeCategory": "Tax",
    "ConsumedQuantity": "",
    "ConsumedUnit": "",
    "ContractedUnitPrice": "",
    "ListUnitPrice": "",
    "PricingCategory": "",
    "PricingCurrencyContractedUnitPrice": "",
    "PricingCurrencyListUnitPrice": "",
    "PricingQuantity": "",
    "PricingUnit": "",
    "SkuId": "",
    "SkuPriceId": "",
}
BOUGHT = COMMITTED | {
    "ChargeCategory": "Purchase",
    "CommitmentDiscountStatus": "",
    "ConsumedQuantity": "",
    "ConsumedUnit": "",
    "EffectiveCost": "0",
}
CORRECTED = {"ChargeClass": "Correction"}

SUB_ACCOUNT = {"SubAccountName": "a", "SubAccountId": "1", "SubAccountType": "t"}

# Rule to (what breaks it, what keeps it), as changes of the good row. The shapes of columns are tested below.
CASES: dict[str, tuple[Mapping[str, str], Mapping[str, str]]] = {
    "CommitmentDiscountCategory-null": ({"CommitmentDiscountCategory": "Usage"}, COMMITTED),
    "CommitmentDiscountType-null": ({"CommitmentDiscountType": "Reservation"}, COMMITTED),
    "CommitmentDiscountUnit-null": ({"CommitmentDiscountUnit": "Hours"}, COMMITTED),
    "ConsumedUnit-null": ({"ConsumedQuantity": "", "ChargeClass": "Correction"}, {}),
    "PricingUnit-null": ({"PricingQuantity": "", "ChargeClass": "Correction"}, {}),
    "RegionName-null": ({"RegionName": "West"}, {"RegionName": "West", "RegionId": "w"}),
    "ResourceType-null": ({"ResourceType": "VM"}, {"ResourceType": "VM", "ResourceId": "i"}),
    "SubAccountName-null": (
        {"SubAccountName": "a"},
        {"SubAccountName": "a", "SubAccountId": "1", "SubAccountType": "t"},
    ),
    "SubAccountType-null": (
        {"SubAccountType": "t"},
        {"SubAccountName": "a", "SubAccountId": "1", "SubAccountType": "t"},
    ),
    "CapacityReservationStatus-null": ({"CapacityReservationStatus": "Used"}, CAPACITY),
    "CommitmentDiscountName-null": ({"CommitmentDiscountName": "n"}, COMMITTED | {"CommitmentDiscountName": "n"}),
    "CommitmentDiscountStatus-null": ({"CommitmentDiscountStatus": "Used"}, COMMITTED),
    "ResourceName-null": ({"ResourceName": "n"}, {"ResourceName": "n", "ResourceId": "i", "ResourceType": "VM"}),
    "SkuMeter-null": (CORRECTED | {"SkuMeter": "m", "SkuId": ""}, {"SkuMeter": "m"}),
    "SkuPriceDetails-null": (CORRECTED | {"SkuPriceDetails": "{}", "SkuPriceId": ""}, {"SkuPriceDetails": "{}"}),
    "CommitmentDiscountCategory-required": (COMMITTED | {"CommitmentDiscountCategory": ""}, {}),
    "CommitmentDiscountType-required": (COMMITTED | {"CommitmentDiscountType": ""}, {}),
    "CommitmentDiscountUnit-required": (COMMITTED | {"CommitmentDiscountUnit": ""}, {}),
    "ConsumedUnit-required": ({"ConsumedUnit": ""}, TAXED),
    "PricingUnit-required": ({"PricingUnit": ""}, TAXED),
    "RegionName-required": ({"RegionId": "w"}, {"RegionName": "West", "RegionId": "w"}),
    "ResourceType-required": ({"ResourceId": "i"}, {}),
    "SubAccountName-required": ({"SubAccountId": "1", "SubAccountType": "t"}, {}),
    "SubAccountType-required": ({"SubAccountId": "1", "SubAccountName": "a"}, {}),
    **{
        f"{column}-null": (TAXED | {column: GOOD[column]}, TAXED)
        for column in TAXED
        if column not in {"ChargeCategory", "ConsumedQuantity", "ConsumedUnit", "PricingUnit"}
    },
    **{
        f"{column}-required": ({column: ""}, CORRECTED | {column: ""})
        for column in TAXED
        if column not in {"ChargeCategory", "ConsumedQuantity", "ConsumedUnit", "PricingUnit"}
    },
    "CapacityReservationStatus-required": ({"CapacityReservationId": "c"}, TAXED | {"CapacityReservationId": "c"}),
    "CommitmentDiscountStatus-required": (COMMITTED | {"CommitmentDiscountStatus": ""}, BOUGHT),
    "CommitmentDiscountQuantity-null": (
        {"CommitmentDiscountQuantity": "1", "CommitmentDiscountUnit": "Hours"},
        COMMITTED,
    ),
    "CommitmentDiscountQuantity-required": (
        COMMITTED | {"CommitmentDiscountQuantity": "", "CommitmentDiscountUnit": ""},
        COMMITTED | CORRECTED | {"CommitmentDiscountQuantity": "", "CommitmentDiscountUnit": ""},
    ),
    "ConsumedQuantity-null": (COMMITTED | {"CommitmentDiscountStatus": "Unused"}, TAXED),
    "ConsumedQuantity-required": ({"ConsumedQuantity": ""}, CORRECTED | {"ConsumedQuantity": ""}),
    "ListCost-product": ({"ListCost": "20.01"}, {"ListCost": "20.005"}),
    "ContractedCost-product": ({"ContractedCost": "11.99"}, CORRECTED | {"ContractedCost": "5"}),
    "ListUnitPrice-sign": ({"ListUnitPrice": "-5", "ListCost": "-20"}, {"ListUnitPrice": "0", "ListCost": "0"}),
    "ContractedUnitPrice-sign": (
        {"ContractedUnitPrice": "-3", "ContractedCost": "-12"},
        {"ContractedUnitPrice": "0", "ContractedCost": "0"},
    ),
    "ChargePeriodEnd-order": ({"ChargePeriodEnd": "2026-09-02T00:00:00Z"}, {"ChargePeriodEnd": "2026-09-02T00:00:01Z"}),
    "BillingPeriodEnd-order": ({"BillingPeriodEnd": "2026-09-01T00:00:00Z"}, {}),
    "ChargePeriodStart-inside": (
        {"ChargePeriodStart": "2026-08-31T23:59:59Z"},
        TAXED | {"ChargePeriodStart": "2026-08-31T23:59:59Z"},
    ),
    "ChargePeriodEnd-inside": (
        {"ChargePeriodEnd": "2026-10-01T00:00:01Z"},
        {"ChargePeriodEnd": "2026-10-01T00:00:00Z"},
    ),
    "EffectiveCost-purchase": (BOUGHT | {"EffectiveCost": "1"}, BOUGHT),
    "ServiceSubcategory-pair": ({"ServiceSubcategory": "Object Storage"}, {"ServiceSubcategory": "Containers"}),
}
BY_SHAPE = ("-present", "-type", "-format", "-filled", "-listed")
BY_ALL_ROWS = {total.INVOICE_CURRENCY.id, total.COMMITMENT_TERM.id, "Custom-name"}
_BAD = {Kind.DECIMAL: "x", Kind.TIME: "x", Kind.JSON: "x", Kind.TAGS: "x"}


def checked(*changes: Mapping[str, str], version: str = "1.3", without: tuple[str, ...] = ()) -> Checker:
    rows = [{id: text for id, text in (GOOD | change).items() if id not in without} for change in changes]
    checker = Checker(list(rows[0]), version, today=TODAY)
    checker.look_at(text_batch(rows))
    return checker


def broken(*changes: Mapping[str, str], version: str = "1.3", without: tuple[str, ...] = ()) -> set[str]:
    found = checked(*changes, version=version, without=without).violations()
    return {one.check.id for one in found}


def test_a_good_row_breaks_nothing_in_the_newest_version():
    assert broken({}) == set()


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_is_broken_by_what_breaks_it_and_kept_by_what_keeps_it(rule):
    breaks, keeps = CASES[rule]

    assert rule in broken(breaks)
    assert rule not in broken(keeps)


def test_every_rule_of_rows_has_its_case():
    of_rows = {one.id for one in all_checks() if not one.id.endswith(BY_SHAPE)} - BY_ALL_ROWS

    assert of_rows == set(CASES)
    assert len({one.id for one in all_checks()}) == len(all_checks())


@pytest.mark.parametrize("check", [one for one in all_checks() if one.id.endswith("-present")], ids=lambda one: one.id)
def test_a_column_that_files_must_have_is_missed(check):
    assert check.id in broken({}, without=(check.column,))
    assert check.id not in broken({}, version="1.0") or check.since == "1.0"


@pytest.mark.parametrize("column", [one for one in COLUMNS if one.kind in _BAD], ids=lambda one: one.id)
def test_a_value_that_does_not_read_as_its_type_breaks_that_rule_and_no_other_of_its_column(column):
    found = {id for id in broken({column.id: _BAD[column.kind]}) if id.startswith(f"{column.id}-")}

    assert found == {f"{column.id}-type"}


def test_a_currency_that_is_no_code_is_found():
    assert broken({"BillingCurrency": "Dollar"}) == {"BillingCurrency-type"}


@pytest.mark.parametrize("column", [one.id for one in COLUMNS if one.kind is Kind.TIME])
def test_a_time_without_zone_is_read_and_found(column):
    assert broken({column: GOOD[column].removesuffix("Z")}) == {f"{column}-format"}


@pytest.mark.parametrize("column", [one.id for one in COLUMNS if not one.is_nullable])
def test_an_empty_cell_where_none_may_be_is_found(column):
    assert f"{column}-filled" in broken({column: "NULL"})


@pytest.mark.parametrize("column", [one.id for one in COLUMNS if one.allowed])
def test_a_value_that_is_not_listed_is_found(column):
    assert f"{column}-listed" in broken({column: "Something else"})


def test_the_other_spelling_of_usage_based_is_found_although_it_loads():
    assert broken({"ChargeFrequency": "Usage-based"}) == {"ChargeFrequency-listed"}


def test_columns_of_other_versions_and_foreign_ones_want_a_prefix():
    checker = checked({"Id": "1", "x_Id": "1", "InvoiceId": "i"}, version="1.1")

    (found,) = [one for one in checker.violations() if one.check.id == "Custom-name"]
    assert "Id" not in {example.value for example in found.examples}
    assert found.count == 1 + sum(column.since > "1.1" for column in COLUMNS)


def test_a_column_newer_than_the_version_is_not_checked():
    assert "SubAccountType-null" in broken({"SubAccountType": "t"}, version="1.2")
    assert "SubAccountType-null" not in broken({"SubAccountType": "t"}, version="1.1")


def test_rules_of_a_conditional_column_wait_for_the_column():
    assert "ListUnitPrice-required" not in broken({}, without=("ListUnitPrice",))


def test_recommended_columns_are_no_must():
    checker = checked({}, without=("AvailabilityZone",))

    assert [one.check.strength for one in checker.violations()] == [Strength.SHOULD]


def test_an_invoice_in_two_currencies_is_found_and_each_is_added_up():
    checker = checked({}, {"BillingCurrency": "EUR"}, {"BilledCost": "0.5"}, {"InvoiceId": ""})

    (found,) = checker.violations()
    assert (found.check.id, found.count) == ("InvoiceId-currency", 1)
    assert [(example.row, example.line, example.value) for example in found.examples] == [(2, 3, "EUR")]
    sums = [(one.id, one.currency, one.rows, str(one.billed)) for one in checker.invoices()]
    assert sums == [("inv-1", "EUR", 1, "12"), ("inv-1", "USD", 2, "12.5")]


TERM = {"ChargePeriodStart": "2026-09-01T00:00:00Z", "ChargePeriodEnd": "2026-10-01T00:00:00Z"}
USED_UP = COMMITTED | TERM | {"BilledCost": "0", "EffectiveCost": "12"}


def test_over_a_whole_term_a_commitment_costs_what_was_billed_for_it():
    bought = BOUGHT | TERM

    assert broken(bought, USED_UP) == set()
    assert broken(bought, USED_UP | {"EffectiveCost": "11"}) == {"CommitmentDiscountId-term"}
    # A cent of rounding is none, and half a term says nothing; nor do taxes and rows without their period.
    assert broken(bought, USED_UP | {"EffectiveCost": "11.99"}) == set()
    assert broken(bought, USED_UP | {"EffectiveCost": "5", "ChargePeriodEnd": "2026-09-15T00:00:00Z"}) == set()
    assert broken(bought) == set()
    assert "CommitmentDiscountId-term" not in broken(bought, USED_UP | {"EffectiveCost": "5", "ChargePeriodEnd": "x"})
    assert "CommitmentDiscountId-term" not in broken(COMMITTED | TAXED, {"CommitmentDiscountId": "d"})


def test_the_first_examples_are_shown_and_all_are_counted():
    (found,) = checked(*[{"ListCost": f"{number}"} for number in range(5)]).violations()

    assert (found.check.id, found.count) == ("ListCost-product", 5)
    assert [(one.row, one.line, one.value) for one in found.examples] == [(1, 2, "0"), (2, 3, "1"), (3, 4, "2")]


def test_invoices_without_end_are_not_all_kept(monkeypatch):
    monkeypatch.setattr(total, "MOST_KEPT", 2)

    checker = checked(*[{"InvoiceId": f"{number}"} for number in range(5)])

    assert (len(checker.invoices()), checker.is_cut, checker.rows) == (2, True, 5)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_good_row_of_each_version_breaks_nothing(version):
    newer = tuple(column.id for column in COLUMNS if column.since > version)

    assert broken({}, version=version, without=newer) == set()
