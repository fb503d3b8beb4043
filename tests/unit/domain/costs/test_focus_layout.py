"""How rows are laid out in a FOCUS file that is written: columns, order, fillings, and each cell's text."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from domain.costs.focus_layout import FocusLayout, cell_text

ROW = {"billed_cost": Decimal("1.50"), "billing_currency": "USD"}


def written(version="1.3", extras=(), **row):
    """The cells of a row by the name of their column."""
    layout = FocusLayout(version, extras)
    return dict(zip(layout.header, layout.texts(ROW | row), strict=True))


def test_a_file_has_the_columns_of_its_version():
    older, newer = FocusLayout("1.2").header, FocusLayout("1.3").header

    assert len(older) == len(set(older)) == 57
    assert len(newer) == len(set(newer)) == 65
    assert set(newer) - set(older) == {
        "AllocatedMethodId",
        "AllocatedMethodDetails",
        "AllocatedResourceId",
        "AllocatedResourceName",
        "AllocatedTags",
        "ContractApplied",
        "HostProviderName",
        "ServiceProviderName",
    }


def test_a_version_that_is_not_written_is_refused():
    with pytest.raises(KeyError):
        FocusLayout("1.4")


@pytest.mark.parametrize(
    ("given", "service", "host", "provider"),
    [
        ({"provider_name": "AWS"}, "AWS", "AWS", "AWS"),
        ({"service_provider_name": "Shop"}, "Shop", "Shop", "Shop"),
        ({"host_provider_name": "AWS"}, "AWS", "AWS", "AWS"),
        ({"service_provider_name": "Shop", "host_provider_name": "AWS"}, "Shop", "AWS", "Shop"),
        ({"provider_name": "Old", "service_provider_name": "Shop", "host_provider_name": "AWS"}, "Shop", "AWS", "Old"),
    ],
)
def test_names_of_providers_fill_each_other(given, service, host, provider):
    row = written(**given)

    assert (row["ServiceProviderName"], row["HostProviderName"], row["ProviderName"]) == (service, host, provider)
    assert written("1.2", **given)["ProviderName"] == provider


def test_what_is_null_is_an_empty_cell():
    row = written()

    assert row.pop("BilledCost") == "1.50"
    assert row.pop("BillingCurrency") == "USD"
    assert set(row.values()) == {""}


def test_extra_columns_come_last_and_begin_with_x():
    layout = FocusLayout("1.2", {"x_Discount", "Id", "x_id", "X_OTHER"})

    # Id would be x_Id, which is x_id to those who do not tell small letters from big ones.
    assert layout.header[57:] == ("x_Discount", "x_id", "x_x_Id", "x_X_OTHER")
    assert layout.texts({"extras": {"Id": "7", "x_id": "8"}})[57:] == ["", "8", "7", ""]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("-0.00001605990"), "-0.00001605990"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0E-7"), "0.0000000"),
        (datetime(2026, 1, 31, 23, tzinfo=UTC), "2026-01-31T23:00:00Z"),
        (datetime(2026, 1, 31, 23, 0, 0, 120_000, tzinfo=UTC), "2026-01-31T23:00:00.120Z"),
        (datetime(2026, 2, 1, 1, tzinfo=timezone(timedelta(hours=2))), "2026-01-31T23:00:00Z"),
        ({"a.b": "ä", "$c": ""}, '{"a.b":"ä","$c":""}'),
        ({}, "{}"),
    ],
)
def test_a_value_is_printed_as_focus_wants_it(value, text):
    assert cell_text(value) == text
