"""Commitments that are used, or cover, much less than before are found and told like anomalies of costs."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.factories.tenant import make_tenant
from tests.integration.test_cost_anomalies import EC2, ODD, House, days, row, usual

PLAN = {
    "CommitmentDiscountId": "arn:aws:savingsplans::1:savingsplan/sp-1",
    "CommitmentDiscountName": "Compute plan",
    "CommitmentDiscountType": "Savings Plan",
    "CommitmentDiscountCategory": "Spend",
    "PricingCategory": "Committed",
}
ON_DEMAND = {**dict.fromkeys(PLAN, ""), "CommitmentDiscountStatus": "", "PricingCategory": "Standard"}


@pytest.fixture
async def house(backend, tmp_path, graph):
    return House(backend, await make_tenant(backend), tmp_path, graph)


def committed(day, used, unused, listed):
    """A plan of which so much is used, and covers so much at list price."""
    return [
        row(day, used, CommitmentDiscountStatus="Used", **PLAN | {"ListCost": str(listed)}),
        row(day, unused, CommitmentDiscountStatus="Unused", **PLAN),
    ]


def bill(odd):
    """95 of 100 are used, which covers 300 at list price; on one day it is as given."""
    return [
        *usual(**ON_DEMAND),
        *(made for day in days() for made in committed(day, *(odd if day == ODD else (95, 5, 300)))),
    ]


async def test_a_plan_that_is_used_much_less_is_found_told_once_and_kept(house):
    await house.loaded(bill((60, 40, 300)))

    first, again = await house.looked(), await house.looked()

    assert (first, again) == (1, 0)
    (found,) = await house.found()
    assert (found["kind"], found["direction"], found["firstOn"], found["serviceName"]) == (
        "COMMITMENT",
        "UP",
        f"{ODD}",
        EC2,
    )
    # 40 of the 100 were paid for nothing, where it had been 5.
    assert [Decimal(found[name]["amount"]) for name in ("actual", "expected", "impact")] == [40, 5, 35]
    assert Decimal(found["runRate"]["amount"]) == 30 * 35
    assert found["summary"].startswith(f"60% on {ODD}, where 95% was the median of the days before: 35.00 USD")
    assert [gate["observed"] for gate in found["gates"]] == [0.35, 35]
    (alert,) = await house.alerts()
    assert alert["title"] == f"Compute plan is used to 60% instead of 95% since {ODD}"
    assert (alert["occurrences"], alert["message"]) == (1, found["summary"])


async def test_a_service_that_is_covered_much_less_is_found(house):
    await house.loaded(bill((95, 5, 50)))

    await house.looked()

    (found,) = await house.found()
    # 18 November is 200 on demand: of 500 at list price 300 were covered, of 250 it is 50.
    assert found["kind"] == "COMMITMENT"
    assert found["summary"].startswith(f"20% on {ODD}, where 60% was the median of the days before")
    assert Decimal(found["actual"]["amount"]) == 200


async def test_commitments_as_usual_are_no_anomaly_and_what_was_corrected_is_retracted(house):
    await house.loaded(bill((60, 40, 300)))
    await house.looked()

    await house.loaded(bill((94, 6, 300)))
    await house.looked()

    assert [one["state"] for one in await house.found()] == ["RETRACTED"]


async def test_what_is_not_relevant_of_a_plan_stays_silent_unless_it_is_more(house):
    earlier = ODD - timedelta(days=16)
    rows = [made for made in bill((60, 40, 300)) if made["ChargePeriodStart"] != f"{earlier}"]
    own = [made for made in usual(**ON_DEMAND) if made["ChargePeriodStart"] == f"{earlier}"]
    await house.loaded([*rows, *own, *committed(earlier, 55, 45, 300)])
    await house.looked()
    found = {one["firstOn"]: one for one in await house.found()}
    await house.say(found[f"{earlier}"]["id"], "NOT_RELEVANT")

    await house.looked()

    states = {one["firstOn"]: one["state"] for one in await house.found()}
    assert states == {f"{earlier}": "NOT_RELEVANT", f"{ODD}": "RETRACTED"}
