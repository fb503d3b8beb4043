"""Recommendations of the three clouds, as syncs keep them."""

from decimal import Decimal

import pytest

from domain.commitments.offers import PRINTED, discount_of
from domain.commitments.recommended import recommended
from domain.commitments.targets import google_target

D = Decimal
PLAN = {
    "SavingsPlansType": "COMPUTE_SP",
    "TermInYears": "ONE_YEAR",
    "PaymentOption": "NO_UPFRONT",
    "CurrencyCode": "USD",
    "AccountId": "123456789012",
    "HourlyCommitmentToPurchase": "7.2",
    "EstimatedMonthlySavingsAmount": "2044",
    "EstimatedAverageUtilization": "100",
    "SavingsPlansDetails": {"Region": "", "InstanceFamily": "", "OfferingId": "o-1"},
}
MACHINE = {"InstanceType": "m5.large", "Region": "us-east-1"}
RESERVATION = {
    "TermInYears": "THREE_YEARS",
    "PaymentOption": "ALL_UPFRONT",
    "CurrencyCode": "USD",
    "InstanceDetails": {"EC2InstanceDetails": MACHINE},
    "RecurringStandardMonthlyCost": "0",
    "UpfrontCost": "2628",
    "EstimatedMonthlySavingsAmount": "73",
    "AverageUtilization": "100",
}
AZURE_PLAN = {
    "term": "P1Y",
    "lookBackPeriod": "Last30Days",
    "currencyCode": "EUR",
    "recommendationDetails": {
        "commitmentAmount": 7.2,
        "savingsAmount": 2016,
        "averageUtilizationPercentage": 100,
    },
}
AZURE_RESERVATION = {
    "sku": "Standard_D2s_v5",
    "location": "westeurope",
    "properties": {"term": "P1Y", "lookBackPeriod": "Last30Days", "netSavings": {"value": 72, "currency": "USD"}},
    "price": {"properties": {"billingCurrencyTotal": {"currencyCode": "USD", "amount": 876}}},
}
GOOGLE = {
    "name": "projects/shop-1/locations/us-central1/recommenders/r/recommendations/r-1",
    "stateInfo": {"state": "ACTIVE"},
    "content": {
        "operationGroups": [
            {
                "operations": [
                    {"action": "test"},
                    {"action": "add", "value": {"plan": "TWELVE_MONTH", "type": "GENERAL_PURPOSE_N2"}},
                ]
            }
        ]
    },
    "primaryImpact": {
        "costProjection": {
            "cost": {"currencyCode": "USD", "units": "-30", "nanos": -500_000_000},
            "duration": "2592000s",
        }
    },
}
USAGE = "//recommender.googleapis.com/x/recommenders/google.compute.commitment.UsageCommitmentRecommender/r-1"
SPEND = "//recommender.googleapis.com/x/recommenders/google.cloudbilling.commitment.SpendBasedCommitmentRecommender/r"
PLAN_ID, RESERVATION_ID = "ce.savings-plan/COMPUTE_SP/1/o-1", "ce.reservation/1/abc"
AZURE_PLAN_ID = "/subscriptions/s/providers/Microsoft.CostManagement/benefitRecommendations/b1"
AZURE_RESERVATION_ID = "subscriptions/s/providers/Microsoft.Consumption/reservationRecommendations/r1"


def test_plan_of_aws_is_had_at_the_discount_of_its_own_numbers():
    """7.20 an hour are 5256 a month; 2044 saved beside that are 7300 on demand: 28 percent less."""
    one = recommended(PLAN_ID, PLAN)

    assert (one.pool, one.offer, one.months, one.payment) == ("aws-compute", "Compute Savings Plan", 12, "No Upfront")
    assert (one.hourly, one.saving, one.discount_ratio, one.account) == (D("7.2"), 2044, D("0.28"), "123456789012")
    assert (one.rate.family, one.rate.region, one.rate.upfront_ratio) == (None, None, 0)


def test_costs_of_the_days_looked_back_on_go_before_those_of_a_month():
    """3600 paid and 90 % used are worth 3240 * x = 3600 + 900: a discount of 28 percent."""
    looked_back = {"EstimatedSPCost": "3600", "EstimatedSavingsAmount": "900", "EstimatedAverageUtilization": "90"}

    assert recommended(PLAN_ID, PLAN | looked_back).discount_ratio == D("0.28")


def test_plan_for_one_family_is_bound_to_its_region():
    details = {"SavingsPlansType": "EC2_INSTANCE_SP"}
    details["SavingsPlansDetails"] = {"Region": "eu-west-1", "InstanceFamily": "c5"}

    one = recommended(PLAN_ID, PLAN | details)

    assert (one.offer, one.family, one.region) == ("EC2 Instance Savings Plan", "c5", "eu-west-1")
    assert recommended(PLAN_ID, PLAN | {"SavingsPlansDetails": None}).family is None


@pytest.mark.parametrize(
    "change", [{"SavingsPlansType": "OTHER"}, {"TermInYears": "TEN"}, {"HourlyCommitmentToPurchase": "Infinity"}]
)
def test_plan_that_cannot_be_read_is_none(change):
    assert recommended(PLAN_ID, PLAN | change) is None


@pytest.mark.parametrize(
    "change",
    [
        {"EstimatedAverageUtilization": None},
        {"EstimatedMonthlySavingsAmount": "none"},
        {"EstimatedMonthlySavingsAmount": "0"},
        {"EstimatedAverageUtilization": "0"},
    ],
)
def test_plan_without_its_numbers_has_no_rate(change):
    one = recommended(PLAN_ID, PLAN | change)

    assert (one.discount_ratio, one.rate, one.hourly) == (None, None, D("7.2"))


def test_reservation_of_aws_counts_what_is_paid_ahead():
    """2628 ahead for 36 months are 73 a month, 0.10 an hour; 73 saved beside that: half price."""
    one = recommended(RESERVATION_ID, RESERVATION)

    assert (one.pool, one.family, one.region, one.months) == ("aws-compute", "m5", "us-east-1", 36)
    assert (one.hourly, one.discount_ratio, one.rate.upfront_ratio) == (D("0.1"), D("0.5"), 1)


def test_reservation_of_a_database_is_for_its_class():
    what = {"RDSInstanceDetails": {"InstanceType": "db.r5.large", "Region": "us-east-1"}}

    one = recommended(RESERVATION_ID, RESERVATION | {"InstanceDetails": what})

    assert (one.pool, one.offer, one.family) == ("aws-database", "RDS reserved DB instances", "db.r5")


def test_reservation_without_a_price_or_a_machine():
    no_price = recommended(RESERVATION_ID, RESERVATION | {"RecurringStandardMonthlyCost": None})

    assert (no_price.hourly, no_price.rate) == (None, None)
    assert "no price" in no_price.note
    assert recommended(RESERVATION_ID, RESERVATION | {"InstanceDetails": None}) is None
    assert recommended(RESERVATION_ID, RESERVATION | {"TermInYears": None}) is None


def test_plan_of_azure_is_told_for_a_month():
    """7.20 in 720 hours are 5184; 2016 saved beside that: 28 percent of 7200. A month has 30.4167 of these 30 days."""
    one = recommended(AZURE_PLAN_ID, {"properties": AZURE_PLAN})

    assert (one.pool, one.currency, one.hourly, one.discount_ratio) == ("azure-compute", "EUR", D("7.2"), D("0.28"))
    assert one.saving == 2016 * D("30.4167") / 30
    assert one.is_shared


@pytest.mark.parametrize("change", [{"term": "P9Y"}, {"lookBackPeriod": "Last1Day"}, {"recommendationDetails": None}])
def test_plan_of_azure_that_cannot_be_read_is_none(change):
    assert recommended(AZURE_PLAN_ID, {"properties": AZURE_PLAN | change}) is None


def test_plan_of_azure_without_a_saving_is_none():
    assert (
        recommended(AZURE_PLAN_ID, {"properties": {**AZURE_PLAN, "recommendationDetails": {"commitmentAmount": 1}}})
        is None
    )
    assert recommended(AZURE_PLAN_ID, {}) is None


def test_reservation_of_azure_is_priced_by_its_term():
    """876 for a year are 0.10 an hour, 72 in 30 days; 72 saved beside that: half price at least."""
    one = recommended(AZURE_RESERVATION_ID, AZURE_RESERVATION)

    assert (one.family, one.region, one.hourly, one.discount_ratio) == ("Dsv5", "westeurope", D("0.1"), D("0.5"))
    assert "used whole" in one.note


def test_reservation_of_azure_without_a_price_has_no_rate():
    named = {"sku": {"name": "Standard_D2s_v5"}, "price": None}

    one = recommended(AZURE_RESERVATION_ID, AZURE_RESERVATION | named)

    assert (one.family, one.hourly, one.rate) == ("Dsv5", None, None)


@pytest.mark.parametrize(
    "change", [{"resourceType": "SqlDatabases"}, {"term": None}, {"lookBackPeriod": None}, {"netSavings": None}]
)
def test_reservation_of_azure_that_is_of_other_things_is_none(change):
    own = {**AZURE_RESERVATION["properties"], **change}

    assert recommended(AZURE_RESERVATION_ID, AZURE_RESERVATION | {"properties": own}) is None


def test_google_names_what_it_saves_and_no_price():
    one = recommended(USAGE, GOOGLE)

    assert (one.offer, one.family, one.region, one.months) == ("Resource-based commitment", "N2", "us-central1", 12)
    assert (one.saving, one.hourly, one.rate) == (D("30.5") * D("30.4167") / 30, None, None)


def test_bare_type_of_google_is_its_first_series():
    operations = [{"action": "add", "value": {"plan": "THIRTY_SIX_MONTH", "type": "COMPUTE_OPTIMIZED"}}]
    unnamed = [{"action": "add", "value": {"plan": "THIRTY_SIX_MONTH"}}]

    one, other = (
        recommended(USAGE, GOOGLE | {"name": "", "content": {"operationGroups": [{"operations": own}]}})
        for own in (operations, unnamed)
    )

    assert (one.family, one.region, one.months) == ("C2", None, 36)
    assert other.family is None


def test_spend_based_commitment_is_filed_by_what_it_says():
    compute, sql = (
        recommended(SPEND, GOOGLE | {"description": f"Buy for {word}"}) for word in ("Compute", "Cloud SQL")
    )

    assert (compute.pool, sql.pool, sql.is_shared) == ("gcp-compute", "gcp-database", True)
    assert recommended(SPEND, GOOGLE | {"description": "Buy for Spanner"}) is None


@pytest.mark.parametrize("id", [USAGE, SPEND])
def test_closed_recommendation_is_none(id):
    assert recommended(id, GOOGLE | {"description": "Compute", "stateInfo": {"state": "DISMISSED"}}) is None


def test_google_without_a_projection_says_nothing_of_money():
    assert recommended(USAGE, GOOGLE | {"primaryImpact": None}).saving is None
    assert recommended(USAGE, GOOGLE | {"content": None}) is None
    tested = {"operationGroups": [{"operations": [{"action": "test"}]}]}
    assert recommended(USAGE, GOOGLE | {"content": tested}) is None


def test_other_recommendations_are_none():
    assert recommended("ce.rightsizing/1", PLAN) is None


def test_printed_rates_are_for_all_regions_or_for_each():
    flexible, _, sql, _ = PRINTED

    assert [one.region for one in flexible.rates(["b", "a", "b"])] == [None]
    assert [one.region for one in sql.rates(["b", "a", "b"])] == ["a", "b"]


def test_discount_of_next_to_nothing_is_none():
    assert discount_of(D(1), D("0.00001")) is None


def test_target_of_google_is_named_by_the_project_as_it_is_listed():
    machine = "//compute.googleapis.com/projects/42/zones/us-central1-a/instances/web"
    database = "//cloudsql.googleapis.com/projects/42/instances/orders"
    groups = [
        {"operations": [{"resource": "//compute.googleapis.com/projects/42/zones/z/disks/d"}, {"resource": machine}]}
    ]

    assert google_target({"content": {"operationGroups": groups}}, "shop") == machine.replace("42", "shop")
    assert google_target({"content": {"overview": {"resourceName": database}}}, "shop") == database.replace(
        "42", "shop"
    )
    assert google_target({}, "shop") is None
