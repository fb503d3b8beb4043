"""Anomalies of costs: found after a load, explained, told once per cause, and changed by what people say."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.wiring import Backend
from app.worker import options
from jobs.tasks.detect_anomalies import detect_anomalies, look_daily
from tests.factories.backlog import forget_job, is_asked
from tests.factories.costs import load
from tests.factories.focus import focus_row, write_csv
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, make_tenant

FIRST, ODD, LAST = date(2026, 8, 20), date(2026, 11, 18), date(2026, 11, 20)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
EC2, S3 = "Amazon Elastic Compute Cloud", "Amazon Simple Storage Service"
LIST = """query($filter: CostAnomalyFilter) { costAnomalies(filter: $filter, first: 50) { nodes {
  id kind direction severity state serviceName subAccountId firstOn lastOn ratio confidence version summary
  actual { amount currency } expected { amount } impact { amount } runRate { amount } explainedRatio isProvisional
  days { day actual { amount } } gates { name observed required } baselines { name amount { amount } }
  contributors { by value actual { amount } usual { amount } change { amount } isNew } similarIds
  feedback { state note by fromOn untilOn } organizationId } } }"""
SAY = """mutation($input: GiveAnomalyFeedbackInput!) { giveAnomalyFeedback(input: $input) { __typename
  ... on GiveAnomalyFeedbackSuccess { anomaly { state version feedback { state } } } ... on UserError { message } } }"""
ANNOUNCE = "mutation($input: CreateForecastEventInput!) { createForecastEvent(input: $input) { __typename } }"
ALERTS = "{ alerts(first: 50) { nodes { source state severity title message occurrences } } }"


def days(first: date = FIRST, last: date = LAST) -> list[date]:
    return [first + DAY * number for number in range((last - first).days + 1)]


def row(day: date, cost: object, **columns: str) -> dict[str, str]:
    month = day.replace(day=1)
    costs = dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), str(cost))
    return focus_row(
        BillingPeriodStart=f"{month}",
        BillingPeriodEnd=f"{(month + timedelta(days=31)).replace(day=1)}",
        ChargePeriodStart=f"{day}",
        ChargePeriodEnd=f"{day + DAY}",
        **(costs | columns),
    )


def usual(last: date = LAST, **columns: str) -> list[dict[str, str]]:
    """Two hundred a day, and fifty for storage."""
    return [
        made
        for day in days(last=last)
        for made in (
            row(day, 200 + day.day % 3, ResourceId="i-1", **columns),
            row(day, 50 + day.day % 2, ServiceName=S3, ResourceId="bucket", **columns),
        )
    ]


def odd(**columns: str) -> dict[str, str]:
    """Six hundred more of a resource that was not there before."""
    return row(ODD, 600, ResourceId="i-new", RegionId="ap-south-1", **columns)


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


class House:
    """A tenant whose bills are loaded, and the looking for anomalies in them."""

    def __init__(self, backend: Backend, tenant: Tenant, folder: Path, graph: Graph) -> None:
        self.backend, self.tenant, self.folder, self.graph = backend, tenant, folder, graph
        self.loads = 0
        self.now = NOW

    async def loaded(self, rows: Sequence[dict[str, str]]) -> None:
        self.loads += 1
        await load(self.backend, self.tenant, write_csv(self.folder / f"{self.loads}.csv", rows))

    async def looked(self) -> int:
        context = replace(options(self.backend)["ctx"]["context"], now=lambda: self.now)
        return await detect_anomalies({"context": context}, org_id=self.tenant.org_id)

    async def found(self, **filter: Any) -> list[dict[str, Any]]:
        answer = await self.graph.ask(LIST, self.tenant.token, filter=filter or None)
        return list(answer["costAnomalies"]["nodes"])

    async def alerts(self) -> list[dict[str, Any]]:
        answer = await self.graph.ask(ALERTS, self.tenant.token)
        return [alert for alert in answer["alerts"]["nodes"] if alert["source"] == "ANOMALY"]

    async def say(self, id: str, feedback: str | None, **more: Any) -> dict[str, Any]:
        answer = await self.graph.ask(SAY, self.tenant.token, input={"anomalyId": id, "feedback": feedback, **more})
        return answer["giveAnomalyFeedback"]


@pytest.fixture
def house(backend: Backend, tenant: Tenant, tmp_path: Path, graph: Graph) -> House:
    return House(backend, tenant, tmp_path, graph)


async def test_a_day_far_above_the_usual_is_found_explained_and_told_once(house):
    await house.loaded([*usual(), odd()])

    first, again = await house.looked(), await house.looked()

    assert (first, again) == (1, 0)
    query = {"org_id": house.tenant.organization.id, "type": "JobProgressed", "payload.kind": "ANOMALY_SCAN"}
    told = await house.backend.database["events"].find(query).to_list()
    # Two services, looked at twice.
    assert [(event["payload"]["state"], event["payload"]["done"]) for event in told] == [("SUCCEEDED", 2)] * 2
    (found,) = await house.found()
    assert (found["kind"], found["direction"], found["state"]) == ("SPIKE", "UP", "OPEN")
    assert (found["serviceName"], found["firstOn"], found["lastOn"]) == (EC2, f"{ODD}", f"{ODD}")
    # 200 + 18 % 3 of what is usual, and 600.
    assert Decimal(found["actual"]["amount"]) == 800
    assert 199 <= Decimal(found["expected"]["amount"]) <= 203
    assert Decimal(found["impact"]["amount"]) == 800 - Decimal(found["expected"]["amount"])
    assert found["confidence"] >= 0.9
    assert all(gate["observed"] >= gate["required"] for gate in found["gates"])
    new = {(part["by"], part["value"]): part for part in found["contributors"] if part["isNew"]}
    assert {("RESOURCE", "i-new"), ("REGION", "ap-south-1")} <= set(new)
    assert Decimal(new["RESOURCE", "i-new"]["change"]["amount"]) == 600
    assert found["explainedRatio"] >= 0.8
    assert "i-new" in found["summary"] or "ap-south-1" in found["summary"]
    (alert,) = await house.alerts()
    assert (alert["state"], alert["occurrences"]) == ("OPEN", 1)
    assert alert["title"].startswith(f"{EC2} in production cost ")


async def test_costs_as_usual_are_no_anomaly(house):
    await house.loaded(usual())

    assert await house.looked() == 0
    assert await house.found() == []
    assert await house.alerts() == []


async def test_without_costs_there_is_nothing_to_look_at(house):
    assert await house.looked() == 0


async def test_two_services_of_an_account_on_one_day_are_one_alert(house):
    await house.loaded([*usual(), odd(), row(ODD, 300, ServiceName=S3, ResourceId="copies")])

    await house.looked()

    assert len(await house.found()) == 2
    assert len(await house.alerts()) == 1


async def test_what_a_corrected_bill_no_longer_shows_is_retracted_and_its_alert_resolved(house):
    await house.loaded([*usual(), odd()])
    await house.looked()
    await house.loaded(usual())

    await house.looked()

    assert [one["state"] for one in await house.found()] == ["RETRACTED"]
    assert [alert["state"] for alert in await house.alerts()] == ["RESOLVED"]
    assert (await house.say((await house.found())[0]["id"], "EXPECTED"))["message"].endswith("look at it again.")


async def test_a_retracted_one_that_comes_back_is_open_again(house):
    await house.loaded([*usual(), odd()])
    await house.looked()
    await house.loaded(usual())
    await house.looked()
    await house.loaded([*usual(), odd(ChargeDescription="billed after all")])

    await house.looked()

    assert [one["state"] for one in await house.found()] == ["OPEN"]


async def test_what_an_old_bill_shows_is_listed_and_not_told(house):
    await house.loaded([*usual(), row(date(2026, 10, 20), 900)])

    await house.looked()

    assert [one["firstOn"] for one in await house.found()] == ["2026-10-20"]
    assert await house.alerts() == []


async def test_taxes_purchases_and_the_marketplace_are_no_anomaly(house):
    await house.loaded(
        [
            *usual(),
            row(ODD, 5_000, ChargeCategory="Tax"),
            row(ODD, 9_000, ChargeCategory="Purchase"),
            row(ODD, 7_000, PublisherName="A vendor"),
        ]
    )

    assert await house.looked() == 0


async def test_a_day_that_was_not_delivered_is_no_drop_and_its_catching_up_no_excess(house):
    rows = [made for made in usual() if made["ChargePeriodStart"] != f"{ODD}"]
    await house.loaded([*rows, row(ODD + DAY, 200)])

    assert await house.looked() == 0


async def test_a_low_last_day_is_still_growing_and_no_drop(house):
    rows = [made for made in usual() if made["ChargePeriodStart"] != f"{LAST}"]
    await house.loaded([*rows, row(LAST, 20)])
    house.now = datetime(2026, 11, 21, 1, tzinfo=UTC)

    assert await house.looked() == 0


async def test_a_last_day_above_a_whole_one_is_told_before_it_has_ended(house):
    await house.loaded([*usual(), row(LAST, 700)])
    house.now = datetime(2026, 11, 20, 18, tzinfo=UTC)

    await house.looked()

    (found,) = await house.found()
    assert (found["firstOn"], found["isProvisional"]) == (f"{LAST}", True)
    assert len(await house.alerts()) == 1


async def test_a_day_far_below_the_usual_is_a_drop_unless_drops_are_switched_off(house):
    rows = [made for made in usual() if made["ChargePeriodStart"] != f"{ODD}" or made["ServiceName"] != EC2]
    await house.loaded([*rows, row(ODD, 10)])
    await house.looked()
    assert [(one["kind"], one["direction"]) for one in await house.found()] == [("DROP", "DOWN")]

    await changed(house, findsDrops=False)
    await house.looked()

    assert [one["state"] for one in await house.found()] == ["RETRACTED"]


async def changed(house: House, **settings: Any) -> dict[str, Any]:
    answer = await house.graph.ask(
        """mutation($input: ChangeAnomalySettingsInput!) { changeAnomalySettings(input: $input) { __typename
        ... on ChangeAnomalySettingsSuccess { settings { minimumImpact sensitivity findsDrops tellFrom version } }
        ... on UserError { message } } }""",
        house.tenant.token,
        input=settings,
    )
    return answer["changeAnomalySettings"]


async def test_a_larger_minimum_finds_less_and_settings_change_by_version(house):
    await house.loaded([*usual(), odd()])

    first = await changed(house, minimumImpact="10000", expectedVersion=0)
    stale = await changed(house, minimumImpact="1", expectedVersion=0)

    assert first["settings"] == {
        "minimumImpact": "10000",
        "sensitivity": "MEDIUM",
        "findsDrops": True,
        "tellFrom": 0.9,
        "version": 1,
    }
    assert "changed in the meantime" in stale["message"]
    assert await house.looked() == 0


async def test_an_alert_below_the_chosen_confidence_is_low(house):
    await changed(house, tellFrom=1.0)
    await house.loaded([*usual(), odd()])

    await house.looked()

    assert [alert["severity"] for alert in await house.alerts()] == ["LOW"]


async def test_feedback_ends_the_alert_and_is_kept_and_taken_back(house):
    await house.loaded([*usual(), odd()])
    await house.looked()
    (found,) = await house.found()

    said = await house.say(found["id"], "EXPECTED", note="Load test", expectedVersion=found["version"])
    await house.looked()

    assert said["anomaly"]["state"] == "EXPECTED"
    (now,) = await house.found()
    assert (now["state"], now["feedback"]["note"], now["feedback"]["state"]) == ("EXPECTED", "Load test", "EXPECTED")
    assert [alert["state"] for alert in await house.alerts()] == ["RESOLVED"]
    back = await house.say(found["id"], None)
    assert back["anomaly"] == {"state": "OPEN", "version": said["anomaly"]["version"] + 1, "feedback": None}


async def test_what_was_expected_a_week_ago_is_expected_again(house):
    week = ODD - timedelta(days=7)
    await house.loaded([*usual(last=ODD - DAY), row(week, 600)])
    house.now = datetime(2026, 11, 19, 12, tzinfo=UTC)
    await house.looked()
    (found,) = await house.found()
    await house.say(found["id"], "EXPECTED")
    house.now = NOW

    await house.loaded([*usual(), row(week, 600), odd()])
    await house.looked()

    assert [(one["firstOn"], one["state"]) for one in await house.found()] == [(f"{week}", "EXPECTED")]


async def test_what_is_not_relevant_silences_the_like_but_not_what_is_larger(house):
    earlier = ODD - timedelta(days=9)
    await house.loaded([*usual(last=ODD - DAY), row(earlier, 600)])
    house.now = datetime(2026, 11, 19, 12, tzinfo=UTC)
    await house.looked()
    (found,) = await house.found()
    await house.say(found["id"], "NOT_RELEVANT")
    house.now = NOW

    await house.loaded([*usual(), row(earlier, 600), row(ODD, 590)])
    await house.looked()
    assert len(await house.found()) == 1
    await house.loaded([*usual(), row(earlier, 600), row(ODD, 2_500)])
    await house.looked()

    assert {one["firstOn"] for one in await house.found()} == {f"{earlier}", f"{ODD}"}


async def test_a_planned_level_is_no_anomaly_from_its_first_day_to_its_last(house):
    start = ODD - timedelta(days=4)
    await house.loaded([*usual(), *(row(day, 600) for day in days(start, ODD - DAY))])
    await house.looked()
    (found,) = await house.found()

    await house.say(found["id"], "PLANNED", fromOn=f"{start}", untilOn=f"{ODD - DAY}", note="Campaign")
    await house.looked()

    assert [(one["firstOn"], one["state"]) for one in await house.found()] == [(f"{start}", "PLANNED")]


async def test_the_like_of_before_is_named(house):
    earlier = ODD - timedelta(days=9)
    await house.loaded([*usual(last=ODD - DAY), row(earlier, 600)])
    house.now = datetime(2026, 11, 19, 12, tzinfo=UTC)
    await house.looked()
    house.now = NOW
    await house.loaded([*usual(), row(earlier, 600), odd()])

    await house.looked()

    newer, older = await house.found()
    assert (newer["similarIds"], older["similarIds"]) == ([older["id"]], [])


@pytest.mark.parametrize(("service", "found"), [(EC2, 0), (None, 0), (S3, 1)])
async def test_a_change_that_was_announced_as_a_forecast_event_is_no_anomaly(house, service, found):
    await house.loaded([*usual(), *(row(day, 600) for day in days(ODD, LAST))])
    event = {"name": "Campaign", "first": f"{ODD}", "serviceName": service, "factor": "4"}
    answer = await house.graph.ask(ANNOUNCE, house.tenant.token, input=event)

    await house.looked()

    assert answer["createForecastEvent"]["__typename"] == "CreateForecastEventSuccess"
    assert len(await house.found()) == found


async def test_what_was_fixed_and_goes_on_is_open_again(house, backend):
    await house.loaded([*usual(last=ODD), odd()])
    house.now = datetime(2026, 11, 19, 12, tzinfo=UTC)
    await house.looked()
    (found,) = await house.found()
    await house.say(found["id"], "FIXED")
    said_at = {"feedback.at": datetime(2026, 11, 19, 12, tzinfo=UTC)}
    await backend.database["cost_anomalies"].update_one({"org_id": house.tenant.organization.id}, {"$set": said_at})

    house.now = NOW
    await house.loaded([*usual(), odd(), row(ODD + DAY, 650, ResourceId="i-new"), row(LAST, 650, ResourceId="i-new")])
    await house.looked()

    assert [(one["lastOn"], one["state"]) for one in await house.found()] == [(f"{LAST}", "OPEN")]


@pytest.mark.parametrize(
    ("input", "message"),
    [
        ({"feedback": "OPEN"}, "Say EXPECTED, PLANNED, NOT_RELEVANT or FIXED."),
        ({"feedback": "EXPECTED", "fromOn": "2026-11-01"}, "Days are named with PLANNED only."),
        ({"feedback": "PLANNED"}, "Name the first day that was planned."),
        (
            {"feedback": "PLANNED", "fromOn": "2026-11-02", "untilOn": "2026-11-01"},
            "The last planned day is before the first.",
        ),
    ],
)
async def test_feedback_that_makes_no_sense_is_refused(house, input, message):
    await house.loaded([*usual(), odd()])
    await house.looked()
    (found,) = await house.found()

    assert (await house.say(found["id"], **input))["message"] == message


async def test_anomalies_are_filtered_and_seen_by_their_tenant_only(house, backend):
    await house.loaded([*usual(), odd()])
    await house.looked()
    other = await make_tenant(backend)

    assert len(await house.found(serviceNames=[EC2], subAccountIds=["200000000002"], states=["OPEN"])) == 1
    assert await house.found(serviceNames=[S3]) == []
    assert await house.found(severities=["INFORMATIONAL"]) == []
    theirs = await house.graph.ask(LIST, other.token)
    assert theirs["costAnomalies"]["nodes"] == []


async def test_people_hear_again_when_the_money_has_doubled(house):
    await house.loaded([*usual(last=ODD), odd()])
    house.now = datetime(2026, 11, 19, 12, tzinfo=UTC)
    await house.looked()
    await house.loaded([*usual(last=ODD), odd(), row(ODD, 100)])
    await house.looked()
    assert [alert["occurrences"] for alert in await house.alerts()] == [1]

    await house.loaded([*usual(last=ODD), odd(), row(ODD, 900)])
    await house.looked()

    assert [alert["occurrences"] for alert in await house.alerts()] == [2]


async def test_every_organization_that_is_still_billed_is_looked_at_daily(house, backend):
    await house.loaded(usual())
    job = f"detect_anomalies:{house.tenant.org_id}"
    await forget_job(backend, job)
    context = replace(options(backend)["ctx"]["context"], now=lambda: NOW)

    asked = await look_daily({"context": context})

    assert asked >= 1
    assert await is_asked(backend, job)


def autumn(year: int, first: date, last: date) -> list[dict[str, str]]:
    """Two hundred a day, and four hundred more in some days of November."""
    return [
        row(day, 200 + day.day % 3 + (400 if date(year, 11, 9) <= day <= date(year, 11, 20) else 0))
        for day in days(first, last)
    ]


YEAR_AGO, THIS_YEAR = autumn(2025, date(2025, 8, 1), date(2026, 1, 31)), autumn(2026, FIRST, LAST)


async def test_a_season_that_came_last_year_is_no_anomaly_and_what_goes_beyond_it_is(house):
    await house.loaded([*YEAR_AGO, *THIS_YEAR])
    await house.looked()
    assert await house.found() == []

    await house.loaded([*YEAR_AGO, *THIS_YEAR, row(ODD, 900)])
    await house.looked()

    (found,) = await house.found()
    assert found["firstOn"] == f"{ODD}"
    # Two hundred are usual, and four hundred more came a year ago.
    assert 580 <= Decimal(found["expected"]["amount"]) <= 620
    assert "A season of the year of 4" in found["summary"] or "A season of the year of 3" in found["summary"]


async def test_the_season_of_another_organization_is_none_of_ours(house, backend, tmp_path):
    other = await make_tenant(backend)
    await load(backend, other, write_csv(tmp_path / "theirs.csv", YEAR_AGO))
    await house.loaded(THIS_YEAR)

    await house.looked()

    assert [one["firstOn"] for one in await house.found()] == ["2026-11-09"]


async def test_what_was_fixed_a_year_ago_was_no_season(house):
    await house.loaded(autumn(2025, date(2025, 8, 1), date(2025, 11, 20)))
    house.now = datetime(2025, 11, 22, 12, tzinfo=UTC)
    await house.looked()
    (then,) = await house.found()
    await house.say(then["id"], "FIXED")
    house.now = NOW

    await house.loaded([*YEAR_AGO, *THIS_YEAR])
    await house.looked()

    assert {one["firstOn"] for one in await house.found()} == {"2025-11-09", "2026-11-09"}
