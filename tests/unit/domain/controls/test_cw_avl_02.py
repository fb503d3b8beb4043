"""Restores are proven. NOW is 2026-06-01 12:00: 92 days before is 2026-03-01 12:00, 120 days is 2026-02-01 12:00."""

from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.compliance.environments import AWS_TAGS
from domain.compliance.tickets import SEARCH
from domain.controls.cw_avl_02 import CONTROL, ITEMS, JOBS, OPERATIONS, PLANS, PROTECTED, RESTORES
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, faults, judged

SINCE = 'updated >= "2026-02-01 12:00" ORDER BY updated ASC'
FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING = CheckStatus.NOT_APPLICABLE
LATELY, BEFORE = "2026-03-01T12:00:00+00:00", "2026-03-01T11:59:59+00:00"
AT_LAST, TOO_LATE = "2026-02-01T12:00:00+00:00", "2026-02-01T11:59:59+00:00"


def job(at: str = LATELY, validation: str | None = "SUCCESSFUL", **more: Any) -> dict[str, Any]:
    said = {"ValidationStatus": validation} if validation else {}
    return {"Status": "COMPLETED", "CompletionDate": at, "SourceResourceArn": "db", **said, **more}


def aws(*jobs: Any, stores: Any = ("db",), environment: str = "prod", plans: Any = (), unread: Any = ()) -> Answers:
    tagged = [{"ResourceARN": "db", "Tags": [{"Key": "env", "Value": environment}]}]
    return answers(
        Integration.AWS,
        (RESTORES, {"RestoreJobs": list(jobs)}),
        (PLANS, {"RestoreTestingPlans": [{"RestoreTestingPlanName": one} for one in plans]}),
        (PROTECTED, {"Results": [{"ResourceArn": one} for one in stores]}),
        (AWS_TAGS, {"ResourceTagMappingList": tagged}),
        unread=unread,
    )


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (aws(job()), PASS, []),
        (aws(job("2026-05-30T00:00:00+00:00", None), job()), PASS, []),
        (aws(job(validation=None)), WARNING, ["db"]),
        (aws(job(validation="FAILED")), WARNING, ["db"]),
        (aws(job(BEFORE)), FAIL, ["db"]),
        (aws(job(Status="FAILED")), FAIL, ["db"]),
        (aws(job(SourceResourceArn="other")), FAIL, ["db"]),
        (aws(plans=["weekly"]), FAIL, ["db"]),
        (aws(environment="dev"), NOTHING, []),
        (aws(stores=[]), NOTHING, []),
        *((aws(job(), unread=[missing]), ERROR, []) for missing in (RESTORES, PLANS, PROTECTED, AWS_TAGS)),
    ],
)
def test_each_store_of_aws_was_restored_and_validated(
    looked_at: Answers, status: CheckStatus, faulty: list[str]
) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def azure(end: str = LATELY, operation: str = "Restore", status: str = "Completed", unread: Any = ()) -> Answers:
    done = {"properties": {"operation": operation, "status": status, "endTime": end}}
    return answers(
        Integration.AZURE,
        call(ITEMS, {"value": [{}]}, id="vault"),
        call(ITEMS, {"value": []}, id="empty"),
        call(JOBS, {"value": [done]}, id="vault"),
        unread=unread,
    )


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (azure(), PASS),
        (azure(BEFORE), WARNING),
        (azure(AT_LAST), WARNING),
        (azure(TOO_LATE), FAIL),
        (azure(operation="Backup"), FAIL),
        (azure(status="Failed"), FAIL),
        (answers(Integration.AZURE, (JOBS, {"value": []}), needless=[ITEMS]), NOTHING),
        *((azure(unread=[missing]), ERROR) for missing in (ITEMS, JOBS)),
    ],
)
def test_vault_was_restored_from(looked_at: Answers, status: CheckStatus) -> None:
    found = judged(CONTROL, looked_at)

    assert found.status is status
    assert faults(found) == (["vault"] if status in (FAIL, WARNING) else [])


def gcp(end: str = LATELY, kind: str = "CLONE", status: str = "DONE") -> Answers:
    done = {"items": [{"operationType": kind, "status": status, "endTime": end}]}
    return answers(Integration.GCP, call(OPERATIONS, done, instance="shop"))


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (gcp(), PASS),
        (gcp(kind="RESTORE_VOLUME"), PASS),
        (gcp(BEFORE), WARNING),
        (gcp(TOO_LATE), FAIL),
        (gcp(kind="BACKUP_VOLUME"), FAIL),
        (gcp(status="RUNNING"), FAIL),
        (answers(Integration.GCP, call(OPERATIONS, {}, instance="shop")), FAIL),
        (answers(Integration.GCP, needless=[OPERATIONS]), NOTHING),
        (answers(Integration.GCP, unread=[OPERATIONS]), ERROR),
    ],
)
def test_database_of_google_was_restored(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(CONTROL, looked_at).status is status


def jira(
    end: str | None = LATELY,
    label: str = "restore-test",
    status: str = "done",
    attached: Any = ("log",),
    since: str = SINCE,
) -> Answers:
    fields = {
        "labels": [label],
        "resolutiondate": end,
        "status": {"statusCategory": {"key": status}},
        "attachment": list(attached),
    }
    return answers(Integration.JIRA, call(SEARCH, {"issues": [{"key": "OPS-1", "fields": fields}]}, jql=since))


DROPLETS_ONLY = answers(Integration.DIGITALOCEAN)


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (jira(), PASS),
        (jira(BEFORE), WARNING),
        (jira(TOO_LATE), FAIL),
        (jira(label="other"), FAIL),
        (jira(None), FAIL),
        (jira(status="indeterminate"), FAIL),
        (jira(attached=[]), FAIL),
        # What was found is proof enough; that there is nothing is known only of what was read.
        (jira(since='updated >= "2026-02-01 12:01"'), PASS),
        (jira(BEFORE, since='updated >= "2026-02-01 12:01"'), ERROR),
        (answers(Integration.JIRA, unread=[SEARCH]), ERROR),
    ],
)
def test_ticket_proves_what_digitalocean_does_not_tell(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(CONTROL, looked_at, DROPLETS_ONLY).status is status


def test_clouds_with_a_history_need_no_ticket() -> None:
    assert judged(CONTROL, jira(None), answers(Integration.AWS)).status is NOTHING
