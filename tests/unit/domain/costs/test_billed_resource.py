"""Bills and inventories name one resource each in their way: matched where that is exact, and nowhere else."""

import re
from decimal import Decimal

import pytest

from domain.costs.billed_resource import billed_name, bills_of, by_name, monthly, names_of, spellings
from domain.facts.money import Money
from domain.facts.resource import Resource
from tests.factories.aws import bucket, volume

SNAPSHOT = "arn:aws:ec2:eu-central-1:123456789012:snapshot/snap-0123456789abcdef0"
FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:report"


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("vol-0123456789abcdef0", "vol-0123456789abcdef0"),
        (SNAPSHOT, "snap-0123456789abcdef0"),
        # The end of other ARNs is a name, which another kind of thing may have as well.
        (FUNCTION, FUNCTION),
        ("/Subscriptions/1/resourceGroups/RG/providers/X", "/subscriptions/1/resourcegroups/rg/providers/x"),
        ("//compute.googleapis.com/projects/P", "//compute.googleapis.com/projects/P"),
    ],
)
def test_a_bill_is_read_in_one_spelling(printed: str, name: str) -> None:
    assert billed_name(printed) == name


def test_a_resource_is_known_by_its_id_and_by_an_arn_of_its_own() -> None:
    role = "arn:aws:iam::123456789012:role/report"
    config = {"FunctionArn": FUNCTION, "Role": role, "RoleArn": role + "-runner", "Size": 1, "Note": FUNCTION}
    made = volume("report").model_copy(update={"config": config})

    assert list(names_of(made)) == ["report", FUNCTION]


def test_a_month_is_the_mean_day_of_two_weeks_times_the_days_of_a_month() -> None:
    # 28 dollars in 14 days are 2 a day, and 2 * 30.4167.
    assert monthly(Decimal(28), "USD") == usd("60.8334")


def test_what_is_billed_by_id_and_by_arn_adds_up_and_two_currencies_are_no_cost() -> None:
    euros = Money(amount=Decimal(1), currency="EUR")
    rows = [(SNAPSHOT, usd("2")), ("snap-0123456789abcdef0", usd("3")), ("vol-1", usd("4")), ("vol-1", euros)]

    assert by_name(rows) == {"snap-0123456789abcdef0": usd("5")}


def test_costs_are_told_by_native_id() -> None:
    azure = Resource.model_construct(native_id="/subscriptions/1/resourceGroups/RG", config={})
    costs = {"vol-1": usd("1"), "/subscriptions/1/resourcegroups/rg": usd("2"), "other": usd("3")}

    assert bills_of([volume("vol-1"), bucket(), azure], costs) == {"vol-1": usd("1"), azure.native_id: usd("2")}
    assert bills_of([volume("vol-1")], {}) == {}


@pytest.mark.parametrize(
    ("printed", "is_meant"),
    [
        ("vol-0123456789abcdef0", True),
        ("arn:aws:ec2:eu-central-1:200000000002:volume/vol-0123456789abcdef0", True),
        ("arn:aws:ec2:eu-central-1:200000000002:volume/vol-0123456789abcdef01", False),
        ("VOL-0123456789abcdef0", False),
        ("/subscriptions/a/resourceGroups/B", True),
        ("/subscriptions/a/resourcegroups/b", True),
        ("/subscriptions/a/resourcegroups/b/c", False),
        ("a.bucket", True),
        ("a-bucket", False),
    ],
)
def test_every_spelling_of_a_name_is_found_again(printed: str, is_meant: bool) -> None:
    names = ["vol-0123456789abcdef0", "/subscriptions/a/resourcegroups/b", "a.bucket"]
    among = [one for name in names for one in spellings(name)]

    found = any(one.search(printed) if isinstance(one, re.Pattern) else one == printed for one in among)

    assert found is is_meant is (billed_name(printed) in names)
