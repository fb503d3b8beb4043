"""What is said of where sensitive data lies, of requests of people, and of disclosures."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.compliance.judging import judge
from domain.controls import cw_prv_03, cw_prv_04, cw_prv_05
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, call, case
from tests.factories.judged_module import failing, said

PASS, WARNING, FAIL, ERROR, NONE = (
    CheckStatus.PASS,
    CheckStatus.WARNING,
    CheckStatus.FAIL,
    CheckStatus.ERROR,
    CheckStatus.NOT_APPLICABLE,
)
AWS, GCP, AZURE, JIRA, OURS = (
    Integration.AWS,
    Integration.GCP,
    Integration.AZURE,
    Integration.JIRA,
    Integration.PLATFORM,
)
SESSION, DISCOVERY = "macie2.get_macie_session", "macie2.get_automated_discovery_configuration"
ISSUES, COURSES = "POST /rest/api/3/search/jql", "GET /rest/api/3/issue/{issueIdOrKey}/changelog"


def ago(**span: float) -> str:
    return (NOW - timedelta(**span)).isoformat()


def macie(days: float, label: str | None, kind: str = "SensitiveData:S3Object/Personal", **on: str) -> Any:
    place = {"s3Bucket": {"name": "letters"}}
    finding = {"type": kind, "createdAt": ago(days=days), "resourcesAffected": place}
    tags = [{"Key": "data-class", "Value": label}] if label else []
    tagged = {"ResourceARN": "arn:aws:s3:::letters", "Tags": tags}
    return answers(
        AWS,
        call(SESSION, {"status": on.get("session", "ENABLED")}, at="eu-west-1"),
        call(DISCOVERY, {"status": on.get("discovery", "ENABLED")}, at="eu-west-1"),
        ("macie2.list_findings", {"findingIds": ["f"]}),
        ("macie2.get_findings", {"findings": [finding]}),
        ("resourcegroupstaggingapi.get_resources", {"ResourceTagMappingList": [tagged]}),
    )


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (macie(99, "PII"), PASS),
        (macie(99, "cardholder"), PASS),
        (macie(6, None), WARNING),
        (macie(7, None), FAIL),
        (macie(7, "internal"), FAIL),
        (macie(99, None, kind="Policy:IAMUser/S3BucketPublic"), PASS),
        (macie(99, "phi", session="PAUSED"), FAIL),
        (macie(99, "phi", discovery="DISABLED"), FAIL),
        (answers(AWS, unread=[SESSION], off=[SESSION]), FAIL),
        (answers(AWS, (SESSION, {"status": "ENABLED"}), off=[DISCOVERY]), FAIL),
    ],
)
def test_macie_finds_personal_data_in_labelled_buckets_only(asked: Any, status: CheckStatus) -> None:
    assert said(cw_prv_03, asked) is status


def test_macie_that_answers_nowhere_is_off() -> None:
    nowhere = replace(macie(1, None), by_operation={})

    assert failing(cw_prv_03, nowhere) == {"the-account"}


def google(
    status: str, days: float, label: str | None, score: str | None = "SENSITIVITY_HIGH", store: str = "letters"
) -> Any:
    rated = {"sensitivityScore": {"score": score}} if score else {}
    profile = {**rated, "fullResource": f"//storage.googleapis.com/{store}"}
    asset = {"name": "//storage.googleapis.com/letters", **({"labels": {"data-class": label}} if label else {})}
    return answers(
        GCP,
        ("dlp.v2:projects.locations.discoveryConfigs.list", {"discoveryConfigs": [{"status": status}]}),
        (
            "dlp.v2:organizations.locations.fileStoreDataProfiles.list",
            {"fileStoreDataProfiles": [{**profile, "createTime": ago(days=days)}]},
        ),
        ("cloudasset.v1:v1.searchAllResources", {"results": [asset]}),
    )


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (google("RUNNING", 99, "phi"), PASS),
        (google("RUNNING", 6, None), WARNING),
        (google("RUNNING", 7, "public"), FAIL),
        (google("RUNNING", 7, None, score="SENSITIVITY_LOW"), PASS),
        (google("RUNNING", 7, None, score=None), PASS),
        (google("RUNNING", 7, None, store="of-another-project"), PASS),
        (google("PAUSED", 99, "phi"), FAIL),
    ],
)
def test_stores_of_high_sensitivity_are_labelled(asked: Any, status: CheckStatus) -> None:
    assert said(cw_prv_03, asked) is status


def posture(tier: str, *extensions: tuple[str, str], name: str = "CloudPosture") -> Any:
    parts = [{"name": part, "isEnabled": on} for part, on in extensions]
    plan = {"name": name, "properties": {"pricingTier": tier, "extensions": parts or None}}
    return answers(AZURE, ("GET Microsoft.Security/pricings", {"value": [plan]}))


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (posture("Standard", ("Agentless", "False"), ("SensitiveDataDiscovery", "True")), PASS),
        (posture("Standard", ("SensitiveDataDiscovery", "False")), WARNING),
        (posture("Standard"), WARNING),
        (posture("Free"), FAIL),
        (posture("Standard", name="KeyVaults"), FAIL),
        (answers(AZURE, off=["GET Microsoft.Security/pricings"]), FAIL),
    ],
)
def test_the_posture_plan_looks_for_sensitive_data(asked: Any, status: CheckStatus) -> None:
    assert said(cw_prv_03, asked) is status


def issue(days: float, *labels: str, after: float | None = None, **other: Any) -> dict[str, Any]:
    resolved = None if after is None else ago(days=days - after)
    fields = {"created": ago(days=days), "resolutiondate": resolved, "duedate": None, "labels": list(labels)}
    return {"key": "OPS-1", "fields": {**fields, "issuetype": {"name": "Task"}, **other}}


def jira(one: dict[str, Any], *changes: dict[str, Any], since: str = "2026-03-03 12:00") -> Any:
    """As a first look reads it, ninety days back."""
    course = call(COURSES, {"values": list(changes)}, issueIdOrKey="OPS-1")
    return answers(JIRA, call(ISSUES, {"issues": [one]}, jql=f'updated >= "{since}" ORDER BY updated ASC'), course)


@pytest.mark.parametrize(
    ("one", "status"),
    [
        (issue(90, "privacy-request", "identity-checked", after=30), PASS),
        (issue(90, "privacy-request", "identity-checked", after=31), FAIL),
        (issue(90, "privacy-request", after=30), FAIL),
        (issue(24, "privacy-request"), PASS),
        (issue(25, "privacy-request"), WARNING),
        (issue(31, "privacy-request"), FAIL),
        (issue(90, "other"), NONE),
    ],
)
def test_a_request_of_a_person_is_answered_in_time(one: dict[str, Any], status: CheckStatus) -> None:
    assert said(cw_prv_04, jira(one)) is status


def test_issues_that_were_not_looked_for_far_enough_back_say_nothing() -> None:
    answered = issue(9, "privacy-request", "identity-checked", after=1)

    assert said(cw_prv_04, jira(answered, since="2026-05-02 12:00")) is PASS
    assert said(cw_prv_04, jira(answered, since="2026-05-02 12:01")) is ERROR
    assert said(cw_prv_05, jira(BREACH, since="2026-03-13 12:00"), clocks()) is PASS
    assert said(cw_prv_05, jira(BREACH, since="2026-03-13 12:01"), clocks()) is ERROR


def clock(sent: datetime | None, due: float, incident: str = "OPS-1") -> dict[str, Any]:
    """A clock that began 80 hours ago and runs out in `due` hours."""
    bounds = {"started_at": NOW - timedelta(hours=80), "due_at": NOW + timedelta(hours=due)}
    return {"incident": incident, "regime": "gdpr", **bounds, "sent_at": sent}


def clocks(*rows: dict[str, Any]) -> Any:
    return answers(OURS, ("platform:incident_clocks", list(rows)))


def decided(hours: float, text: str | None = "breach notice-decided", field: str = "labels") -> dict[str, Any]:
    return {"created": ago(hours=hours), "items": [{"field": field, "toString": text}]}


BREACH = issue(4, "breach", "notice-decided")


@pytest.mark.parametrize(
    ("one", "changes", "status"),
    [
        (issue(9, "disclosure", "recipient:court", "basis:order", duedate="2026-05-20"), [], PASS),
        (issue(9, "disclosure", "recipient:court", "basis:order"), [], FAIL),
        (issue(9, "recipient:court", duedate="2026-05-20", issuetype={"name": "Disclosure"}), [], FAIL),
        (BREACH, [decided(96 - 24), decided(1)], PASS),
        (BREACH, [decided(96 - 48), decided(90, None), decided(90, field="status")], WARNING),
        (BREACH, [decided(96 - 49)], FAIL),
        (BREACH, [], PASS),
        (issue(1, issuetype={"name": "Breach"}), [], PASS),
        (issue(2, "breach"), [], WARNING),
        (issue(2.1, "breach"), [], FAIL),
        (issue(9, "other"), [], NONE),
    ],
)
def test_disclosures_are_complete_and_breaches_decided(one: Any, changes: list[Any], status: CheckStatus) -> None:
    assert said(cw_prv_05, jira(one, *changes), clocks()) is status


def test_a_breach_with_a_late_notice_fails() -> None:
    assert said(cw_prv_05, jira(BREACH), clocks(clock(None, -1))) is FAIL
    assert said(cw_prv_05, jira(BREACH), clocks(clock(None, -1, "OPS-2"), clock(None, 1))) is PASS
    assert said(cw_prv_05, jira(BREACH)) is ERROR


@pytest.mark.parametrize(
    ("row", "status"),
    [
        (clock(NOW, 1), PASS),
        (clock(None, 21), PASS),
        (clock(None, 20), WARNING),
        (clock(None, -1), FAIL),
        (clock(NOW, -1), FAIL),
        (clock(NOW - timedelta(hours=2), -1), PASS),
    ],
)
def test_every_legal_clock_is_met(row: dict[str, Any], status: CheckStatus) -> None:
    assert said(cw_prv_05, clocks(row)) is status


@pytest.mark.parametrize("module", [cw_prv_03, cw_prv_04, cw_prv_05])
def test_nothing_is_said_of_what_was_not_read(module: Any) -> None:
    for one in module.CONTROL.procedures:
        unread = answers(one.integration, unread=one.operations)

        assert judge(one, case(unread, module.CONTROL)).status is ERROR
