"""Spend is gathered by pool, family and region, held against plain sums; and savings and terms find their place."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.commitments.bill import KnownTerm, Spending, resource_place, savings_in, spending_of, untold
from domain.commitments.held import held_in
from domain.commitments.terms import entered_term, known_term
from domain.facts.provider import Provider
from domain.facts.resource_kind import ResourceKind
from domain.rules.commitment_advice import Spend
from tests.factories.commitment_bills import EC2, FIRST, bill, charge, midnight, part, saving

D = Decimal
DAYS = 3
CHARGES = st.lists(
    st.builds(
        lambda hour, cents, sku, region: charge(
            midnight(FIRST) + timedelta(hours=hour), str(Decimal(cents) / 100), sku, region
        ),
        st.integers(-3, 24 * DAYS + 3),
        st.integers(0, 100_000),
        st.sampled_from(["m5", "c5", "nat", "unknown"]),
        st.sampled_from(["us-east-1", "eu-west-1", None]),
    ),
    max_size=60,
)


@given(charges=CHARGES)
def test_spend_is_what_plain_sums_of_the_rows_are(charges):
    found = spending_of(bill(charges, days=DAYS))

    sums, rows = defaultdict(Fraction), 0
    for one in charges:
        hour = (one.at - midnight(FIRST)) // timedelta(hours=1)
        if one.sku in ("m5", "c5") and 0 <= hour < 24 * DAYS:
            sums[one.sku, one.region or "", hour] += Fraction(one.cost)
            rows += 1
    told = {
        (one.family, one.region, hour): Fraction(cost)
        for spending in found.values()
        for one in spending.series
        for hour, cost in enumerate(one.costs)
        if cost
    }
    assert told == {key: cost for key, cost in sums.items() if cost}
    assert sum(spending.rows for spending in found.values()) == rows
    assert sum((spending.total for spending in found.values()), D(0)) == sum(sums.values())


def test_hours_add_up_to_days():
    costs = tuple(D(hour < 24) for hour in range(48))
    series = tuple(Spend(family=name, region="", costs=costs) for name in ("a", "b"))

    assert Spending(series, 96).by_day() == [48, 0]
    assert Spending((), 0).by_day() == []


def test_cost_of_skus_without_words_is_told_apart():
    charges = [charge(midnight(FIRST), "2", "unknown"), charge(midnight(FIRST), "3", "nat")]

    assert untold(bill(charges)) == 2


PLACES = [
    (Provider.AWS, ResourceKind.AWS_EC2_INSTANCE, {"InstanceType": "m5.large"}, ("aws-compute", "m5")),
    (Provider.AWS, ResourceKind.AWS_RDS_INSTANCE, {"DBInstanceClass": "db.t3.micro"}, ("aws-database", "db.t3")),
    (Provider.AWS, ResourceKind.AWS_LAMBDA_FUNCTION, {"FunctionName": "resize"}, ("aws-compute", "Lambda")),
    (
        Provider.AZURE,
        ResourceKind.AZURE_VIRTUAL_MACHINE,
        {"properties": {"hardwareProfile": {"vmSize": "Standard_D4s_v5"}}},
        ("azure-compute", "Dsv5"),
    ),
    (Provider.AZURE, ResourceKind.AZURE_APP_SERVICE_PLAN, {"sku": {"name": "P1v3"}}, ("azure-compute", "Pv3")),
    (
        Provider.GCP,
        ResourceKind.GCP_INSTANCE,
        {"machineType": "https://x/zones/z/machineTypes/n2-standard-4"},
        ("gcp-compute", "N2"),
    ),
    (
        Provider.GCP,
        ResourceKind.GCP_SQL_INSTANCE,
        {"settings": {"tier": "db-custom-4-1"}},
        ("gcp-database", "Cloud SQL"),
    ),
    (Provider.AZURE, ResourceKind.AZURE_VIRTUAL_MACHINE, {"properties": "none"}, None),
    (Provider.AWS, ResourceKind.AWS_EBS_VOLUME, {}, None),
]


@pytest.mark.parametrize(
    ("provider", "kind", "config", "place"), PLACES, ids=[str(row[1]) + str(row[3]) for row in PLACES]
)
def test_resource_has_the_place_of_its_charges(provider, kind, config, place):
    assert resource_place(provider, saving("1", kind=kind, config=config)) == place


def test_savings_are_of_what_the_bill_shows():
    words = {("Compute Engine", "n2"): ("N2 Instance Core running in Belgium",)}
    own = bill(
        [charge(midnight(FIRST), "10", "n2", "europe-west1", "Compute Engine")], provider=Provider.GCP, words=words
    )
    machine = {"kind": ResourceKind.GCP_INSTANCE, "config": {"machineType": "n2-standard-4"}}
    savings = [
        saving("5", "in-a-zone", region="europe-west1-b", **machine),
        saving("5", "elsewhere", region="us-central1-a", **machine),
        saving("5", "in-euro", region="europe-west1-b", **{**machine, "currency": "EUR"}),
        saving("5", "nowhere", **{**machine, "region": None}),
        saving("5", "a-database", kind=ResourceKind.GCP_SQL_INSTANCE, config={"settings": {"tier": "t"}}),
        saving("5", "a-disk", kind=ResourceKind.GCP_DISK, config={}),
    ]

    found, left_out = savings_in(
        bill(own.charges, provider=Provider.GCP, words=words, savings=savings),
        "gcp-compute",
        spending_of(own)["gcp-compute"],
    )

    assert [(one.resource_id, one.family, one.region) for one in found] == [("in-a-zone", "N2", "europe-west1")]
    assert left_out == 3


def test_commitment_counted_in_use_is_for_the_one_thing_it_covers():
    (reserved,) = held_in(bill(commitments=[part("360", "720")]))
    (several,) = held_in(bill(commitments=[part("360", "720"), part("360", "720", sku="c5")]))
    (spend,) = held_in(bill(commitments=[part("360", "720", is_spend_based=True)]))
    (known,) = held_in(
        bill(commitments=[part("360", "720")], terms={"sp-1": KnownTerm(family="c5", pool="aws-compute")})
    )

    assert (reserved.held.family, reserved.held.region) == ("m5", "us-east-1")
    assert (several.held.family, spend.held.family) == (None, None)
    assert (known.held.family, known.held.region, known.pools) == ("c5", None, {"aws-compute"})
    # 360 in 720 hours at half price.
    assert (reserved.held.hourly, reserved.held.discount_ratio, reserved.held.unused_ratio) == (D("0.5"), D("0.5"), 0)
    assert reserved.rate is None


def test_commitment_that_nothing_used_is_of_no_pool_unless_it_is_known():
    nothing = [part("24", is_unused=True, service="AWS Savings Plans", sku=None)]

    (lost,) = held_in(bill(commitments=nothing))
    (known,) = held_in(bill(commitments=nothing, terms={"sp-1": KnownTerm(pool="aws-compute", months=12)}))

    assert (lost.pools, known.pools) == (frozenset(), {"aws-compute"})
    assert (known.held.unused_ratio, known.held.discount_ratio, known.rate) == (1, 0, None)
    assert held_in(bill(commitments=[part("0")])) == []


def test_rate_of_what_is_held_says_what_it_was():
    term = KnownTerm(months=36, payment="All Upfront")

    (unnamed,) = held_in(bill(commitments=[part("1", "2", kind=None)], terms={"sp-1": term}))
    (named,) = held_in(bill(commitments=[part("1", "2", kind=None, name="Ours")], terms={"sp-1": KnownTerm(months=12)}))

    assert (unnamed.rate.offer, unnamed.rate.upfront_ratio, unnamed.rate.family) == ("Commitment", 1, "m5")
    assert (named.rate.offer, named.rate.payment, named.rate.upfront_ratio) == ("Ours", "", 0)


TERMS = [
    (
        ResourceKind.AWS_SAVINGS_PLAN,
        {"termDurationInSeconds": 94_608_000, "paymentOption": "No Upfront", "savingsPlanType": "EC2Instance"}
        | {"ec2InstanceFamily": "m5", "region": "us-east-1"},
        KnownTerm(months=36, payment="No Upfront", pool="aws-compute", family="m5", region="us-east-1"),
    ),
    (ResourceKind.AWS_SAVINGS_PLAN, {}, KnownTerm()),
    (
        ResourceKind.AWS_RESERVED_INSTANCES,
        {"Duration": 31_536_000, "OfferingType": "All Upfront", "InstanceType": "m5.large"},
        KnownTerm(months=12, payment="All Upfront", pool="aws-compute", family="m5", region="eu-west-1"),
    ),
    (
        ResourceKind.AZURE_RESERVATION,
        {"location": "westeurope", "sku": {"name": "Standard_D2s_v5"}, "properties": {"term": "P1Y"}},
        KnownTerm(months=12, pool="azure-compute", family="Dsv5", region="westeurope"),
    ),
    (ResourceKind.AZURE_RESERVATION, {}, KnownTerm()),
    (
        ResourceKind.GCP_COMMITMENT,
        {"plan": "TWELVE_MONTH", "type": "GENERAL_PURPOSE_E2"},
        KnownTerm(months=12, payment="Monthly", pool="gcp-compute", family="E2", region="eu-west-1"),
    ),
]


@pytest.mark.parametrize(("kind", "config", "term"), TERMS, ids=[f"{row[0]}{len(row[1])}" for row in TERMS])
def test_term_is_what_its_provider_says(kind, config, term):
    assert known_term(kind, config, "eu-west-1") == term


def test_what_people_enter_goes_before_it():
    known = KnownTerm(months=36, payment="No Upfront", pool="aws-compute")

    entered = entered_term(known, date(2026, 1, 1), date(2027, 1, 1), "All Upfront")
    ended = entered_term(known, None, date(2027, 1, 1), None)

    assert (entered.months, entered.payment, entered.pool) == (12, "All Upfront", "aws-compute")
    assert (ended.months, ended.payment) == (36, "No Upfront")


def test_services_are_kept_apart_from_skus():
    assert bill().place(EC2, "m5") == ("aws-compute", "m5")
    assert bill().place("Other", "m5") is None
