"""Configuration change is recorded and drift is settled."""

from datetime import timedelta
from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.compliance.used_regions import SIGNS
from domain.controls.cw_log_06 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, call
from tests.factories.judged import judged, verdicts

HERE, THERE = "eu-west-1", "us-east-1"


def account(*statuses: Any, everything: bool = True, used: tuple[str, ...] = (), signs: Any = SIGNS) -> Answers:
    """One recorder in the first of two regions for each status; None is one without. `used` have a function."""
    recorders = [
        {"name": str(number), "recordingGroup": {"allSupported": everything}} for number in range(len(statuses))
    ]
    states = [{"name": str(number), **one} for number, one in enumerate(statuses) if one]
    return answers(
        Integration.AWS,
        *(call("ec2.describe_regions", {"Regions": [{"RegionName": one}]}, at=one) for one in (HERE, THERE)),
        call("config.describe_configuration_recorders", {"ConfigurationRecorders": recorders}, at=HERE),
        call("config.describe_configuration_recorder_status", {"ConfigurationRecordersStatus": states}, at=HERE),
        *(call("lambda.list_functions", {"Functions": [{}]}, at=one) for one in used),
        *((operation,) for operation in signs),
    )


RECORDS = {"recording": True, "lastStatus": "SUCCESS"}


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (account(RECORDS, used=(HERE,)), {HERE: "PASS"}),
        (account(RECORDS, used=(HERE, THERE)), {HERE: "PASS", THERE: "FAIL"}),
        (account({"recording": False, "lastStatus": "SUCCESS"}, RECORDS), {HERE: "PASS"}),
        (account(RECORDS, everything=False), {HERE: "WARNING"}),
        (account({"recording": True, "lastStatus": "Pending"}), {HERE: "WARNING"}),
        (account({"recording": True, "lastStatus": "Failure"}), {HERE: "FAIL"}),
        (account({"recording": False, "lastStatus": "Success"}), {HERE: "FAIL"}),
        (account(None), {HERE: "FAIL"}),
        (account(), {}),
    ],
)
def test_used_regions_of_aws_record_everything(read: Answers, expected: dict[str, str]) -> None:
    said = judged(CONTROL, read)
    assert verdicts(said) == expected
    assert (said.status is CheckStatus.NOT_APPLICABLE) is (not expected)


def test_region_without_recorder_is_not_judged_before_it_is_known_what_runs_there() -> None:
    assert judged(CONTROL, account(RECORDS, signs=())).status is CheckStatus.ERROR


FEED = "resourcechanges | project id"


@pytest.mark.parametrize(
    ("query", "minutes", "status"),
    [
        (FEED, 30, CheckStatus.PASS),
        (FEED, 31, CheckStatus.WARNING),
        (FEED, 121, CheckStatus.FAIL),
        ("resources", 1, CheckStatus.FAIL),
    ],
)
def test_changes_in_azure_are_read_every_half_hour(query: str, minutes: int, status: CheckStatus) -> None:
    read = answers(Integration.AZURE, call("POST Microsoft.ResourceGraph/resources", {"data": []}, query=query))
    assert judged(CONTROL, read, now=NOW + timedelta(minutes=minutes)).status is status


TOPIC = {"feedOutputConfig": {"pubsubDestination": {"topic": "projects/p/topics/t"}}}


@pytest.mark.parametrize(
    ("feeds", "minutes", "status"),
    [
        ([TOPIC], 500, CheckStatus.PASS),
        ([{}], 120, CheckStatus.WARNING),
        ([], 120, CheckStatus.WARNING),
        ([], 121, CheckStatus.FAIL),
    ],
)
def test_google_feeds_changes_or_is_polled(feeds: list[Any], minutes: int, status: CheckStatus) -> None:
    read = answers(
        Integration.GCP, ("cloudasset.v1:feeds.list", {"feeds": feeds}), ("cloudasset.v1:v1.searchAllResources",)
    )
    assert judged(CONTROL, read, now=NOW + timedelta(minutes=minutes)).status is status


def test_google_without_a_feed_is_not_polled_when_the_inventory_was_not_read() -> None:
    assert judged(CONTROL, answers(Integration.GCP, ("cloudasset.v1:feeds.list", {}))).status is CheckStatus.ERROR


def own(days: float | None, hours: int | None) -> Answers:
    """A drift open for so many days, and an account that is read every hour."""
    drift = [] if days is None else [{"resource": "r", "account_id": "a", "open_over_days": days}]
    last = None if hours is None else NOW - timedelta(hours=hours)
    sync = {"account_id": "a", "last_success_at": last, "cadence_minutes": 60}
    return answers(Integration.PLATFORM, ("platform:drift_events", drift), ("platform:sync_runs", [sync]))


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (own(None, 2), {"a": "PASS"}),
        (own(7, 2), {"r": "PASS", "a": "PASS"}),
        (own(7.5, 2), {"r": "FAIL", "a": "PASS"}),
        (own(None, 4), {"a": "WARNING"}),
        (own(None, 5), {"a": "FAIL"}),
        (own(None, None), {"a": "FAIL"}),
    ],
)
def test_drift_is_settled_and_accounts_are_read(read: Answers, expected: dict[str, str]) -> None:
    assert verdicts(judged(CONTROL, read)) == expected


@pytest.mark.parametrize("one", CONTROL.procedures, ids=lambda one: one.integration)
def test_nothing_is_said_of_what_was_not_read(one: Any) -> None:
    assert judged(CONTROL, answers(one.integration)).status is CheckStatus.ERROR
