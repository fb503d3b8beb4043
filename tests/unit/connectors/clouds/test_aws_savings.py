"""What is made of the commitments and recommendations of AWS."""

from typing import Any

import pytest

from connectors.clouds.aws import commitment, optimizer, purchase, saving, spend
from connectors.reading.listing import Place
from domain.errors import PlanMissing
from tests.fakes.collecting import NOW

HERE = Place(account_id="123456789012", region="eu-west-1", now=NOW)
MACHINES, DATABASES = optimizer.ADVICE[0], next(one for one in optimizer.ADVICE if "rds" in one.operation)
EC2 = {"InstanceType": "m5.large", "Region": "us-east-1", "Platform": "Linux/UNIX"}


def reservation(**changes: Any) -> dict[str, Any]:
    return {"AccountId": "1", "InstanceDetails": {"EC2InstanceDetails": EC2}, **changes}


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("181.44", "USD", {"Amount": "181.44", "Currency": "USD"}),
        (8.25, "EUR", {"Amount": "8.25", "Currency": "EUR"}),
        (0, None, {"Amount": "0", "Currency": "USD"}),
        (None, "USD", None),
    ],
)
def test_saving_is_exact_text_with_its_currency(amount, currency, expected):
    assert saving.saving(amount, currency) == expected


@pytest.mark.parametrize("amount", ["much", "", "NaN", "Infinity", float("inf"), [1], {"a": 1}])
def test_saving_of_no_amount_is_refused(amount):
    with pytest.raises(ValueError, match="an amount"):
        saving.saving(amount, "USD")


def test_period_is_the_last_thirty_whole_days():
    # NOW is 26 November 2026; the end is not part of it, so the last day is the 25th and the first 27 October
    assert commitment.last_days(HERE) == {"TimePeriod": {"Start": "2026-10-27", "End": "2026-11-26"}}


def test_plan_purchase_carries_terms_and_summary():
    whole = {
        "SavingsPlansType": "COMPUTE_SP",
        "TermInYears": "ONE_YEAR",
        "SavingsPlansPurchaseRecommendationSummary": {"EstimatedMonthlySavingsAmount": "90"},
        "SavingsPlansPurchaseRecommendationDetails": [
            {"SavingsPlansDetails": {"OfferingId": "o"}, "EstimatedMonthlySavingsAmount": "90"}
        ],
    }
    (item,) = purchase.plan_purchases({"SavingsPlansPurchaseRecommendation": whole})

    found = purchase.parse_plan_purchase(item, {}, HERE)

    assert found.native_id == "ce.savings-plan/COMPUTE_SP/123456789012/o"
    assert found.config["TermInYears"] == "ONE_YEAR"
    assert found.config["SavingsPlansPurchaseRecommendationSummary"] == {"EstimatedMonthlySavingsAmount": "90"}
    assert found.config["EstimatedMonthlySaving"] == {"Amount": "90", "Currency": "USD"}


@pytest.mark.parametrize("page", [{}, {"SavingsPlansPurchaseRecommendation": None}, {"Metadata": {}}])
def test_nothing_to_buy_is_no_recommendation(page):
    assert purchase.plan_purchases(page) == []
    assert purchase.reservation_purchases(page) == []


def test_reservation_keeps_its_id_while_its_amounts_change():
    today = purchase.parse_reservation_purchase(reservation(EstimatedMonthlySavingsAmount="60"), {}, HERE)
    tomorrow = purchase.parse_reservation_purchase(reservation(EstimatedMonthlySavingsAmount="61"), {}, HERE)
    other = purchase.parse_reservation_purchase(
        reservation(InstanceDetails={"EC2InstanceDetails": {**EC2, "InstanceType": "m5.xlarge"}}), {}, HERE
    )

    assert today.native_id == tomorrow.native_id != other.native_id
    assert other.config["EstimatedMonthlySaving"] is None


def test_offer_of_a_machine_is_looked_for_by_what_would_be_reserved():
    assert purchase.ec2_offer(reservation(), HERE) == {
        "InstanceType": "m5.large",
        "ProductDescription": "Linux/UNIX",
        "OfferingClass": "standard",
        "OfferingType": "No Upfront",
        "MinDuration": 31536000,
        "MaxDuration": 31536000,
        "IncludeMarketplace": False,
    }


@pytest.mark.parametrize(
    ("engine", "deployment", "expected"),
    [("PostgreSQL", "Multi-AZ", ("postgresql", True)), ("Oracle", "Single-AZ", (None, False))],
)
def test_offer_of_a_database_is_looked_for_by_engine_where_that_has_one_name(engine, deployment, expected):
    details = {"InstanceType": "db.r5.large", "DatabaseEngine": engine, "DeploymentOption": deployment}
    asked = purchase.rds_offer({"InstanceDetails": {"RDSInstanceDetails": details}}, HERE)

    assert (asked.get("ProductDescription"), asked["MultiAZ"]) == expected


@pytest.mark.parametrize(
    "details",
    [
        {},
        {"EC2InstanceDetails": {**EC2, "Region": "EU (Ireland)"}},
        {"EC2InstanceDetails": {**EC2, "Region": "us-east-1.attacker.example"}},
        {"EC2InstanceDetails": {"Region": "us-east-1"}},
        {"RedshiftInstanceDetails": {"Region": "us-east-1"}},
    ],
)
def test_no_offer_is_looked_for_without_a_region_and_a_type(details):
    assert not any(one.applies({"InstanceDetails": details}) for one in purchase.RESERVATIONS.details)


def test_use_of_reservations_is_told_one_by_one():
    page = {"UtilizationsByTime": [{"Groups": [{"Value": "1"}, {"Value": "2"}]}, {"Groups": None}]}

    assert [one["Value"] for one in commitment.used_reservations(page)] == ["1", "2"]


@pytest.mark.parametrize(("finding", "expected"), [("Overprovisioned", True), ("Optimized", False), (None, False)])
def test_machine_is_advised_on_unless_it_is_well(finding, expected):
    assert optimizer.is_advice(MACHINES, {"finding": finding}, HERE) is expected


def test_database_is_advised_on_for_its_storage_alone():
    assert (
        optimizer.is_advice(DATABASES, {"instanceFinding": "Optimized", "storageFinding": "NotOptimized"}, HERE) is True
    )


def test_first_option_is_what_would_be_saved():
    options = [
        {"savingsOpportunity": {"estimatedMonthlySavings": {"currency": "EUR", "value": value}}} for value in (7.5, 9)
    ]

    found = optimizer.parse_advice(MACHINES, {"instanceArn": "arn:a", "recommendationOptions": options}, {}, HERE)

    assert found.config["EstimatedMonthlySaving"] == {"Amount": "7.5", "Currency": "EUR"}
    assert (found.native_id, found.region) == ("compute-optimizer.get_ec2_instance_recommendations/arn:a", "eu-west-1")


@pytest.mark.parametrize("answer", [{"status": "Active"}, {"items": [{"status": "Inactive"}, {"status": "Active"}]}])
def test_account_that_takes_part_is_read(answer):
    assert len(optimizer.enrolled("the plan", "the service")(answer)) == 1


@pytest.mark.parametrize("answer", [{"status": "Inactive"}, {"status": "Pending"}, {"items": []}, {}])
def test_account_that_does_not_take_part_lacks_the_plan(answer):
    with pytest.raises(PlanMissing) as refusal:
        optimizer.enrolled("the plan", "the service")(answer)

    assert (refusal.value.plan, refusal.value.service) == ("the plan", "the service")


def test_each_monitor_gets_those_who_hear_of_it():
    pages = [{"AnomalySubscriptions": [{"SubscriptionName": "ops", "MonitorArnList": ["a", "b"]}]}, {}]

    found = spend.subscriptions([{"MonitorArn": "a"}, {"MonitorArn": "c"}], pages)

    assert [[one["SubscriptionName"] for one in some] for some in found] == [["ops"], []]
