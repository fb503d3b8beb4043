"""Dormant accounts are closed."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_iam_06 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, faults, judged
from tests.factories.okta import USERS, directory, person

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING, UNASSESSED = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
REPORT, ENTRA, GOOGLE = "iam.get_credential_report", "GRAPH GET /v1.0/users", "admin.directory_v1:users.list"
COLUMNS = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
    "access_key_1_active,access_key_1_last_used_date,access_key_1_last_rotated,"
    "access_key_2_active,access_key_2_last_used_date,access_key_2_last_rotated"
)
OLD = "2020-01-01T00:00:00+00:00"
OFF = "false,N/A,N/A"


def ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat()


def at(days: float) -> datetime:
    return NOW - timedelta(days=days)


def aws(*credentials: str) -> Answers:
    ann = ",".join(("ann", "arn:ann", OLD, *(*credentials, OFF, OFF, OFF)[:3]))
    root = ",".join(("<root_account>", "arn:root", OLD, f"true,{OLD},{OLD}", OFF, OFF))
    return answers(Integration.AWS, (REPORT, {"Content": "\n".join((COLUMNS, root, ann))}))


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (aws(f"true,{ago(60)},{OLD}"), PASS, []),
        (aws(OFF), PASS, []),
        (aws(f"true,no_information,{ago(60)}"), PASS, []),
        (aws(f"true,{ago(1)},{OLD}", f"true,{ago(61)},{OLD}"), WARNING, ["arn:ann"]),
        (aws(f"true,{ago(90)},{OLD}"), WARNING, ["arn:ann"]),
        (aws(f"true,{ago(91)},{OLD}"), FAIL, ["arn:ann"]),
        (aws(OFF, OFF, f"true,N/A,{ago(91)}"), FAIL, ["arn:ann"]),
        (aws("true,no_information,N/A"), FAIL, ["arn:ann"]),
        (answers(Integration.AWS, (REPORT, {"Content": COLUMNS})), NOTHING, []),
        (answers(Integration.AWS, unread=[REPORT]), ERROR, []),
    ],
)
def test_credentials_of_aws_are_used(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (directory(person("ann", login=at(60))), PASS, []),
        (directory(person("ann", login=None, created=ago(60))), PASS, []),
        (directory(person("ann", login=at(61))), WARNING, ["ann"]),
        (directory(person("ann", login=at(91))), FAIL, ["ann"]),
        (directory(person("ann", login=None)), FAIL, ["ann"]),
        (directory(person("ann", login=at(91), status="SUSPENDED")), NOTHING, []),
        (answers(Integration.OKTA, unread=[USERS]), ERROR, []),
    ],
)
def test_users_of_okta_sign_in(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def entra(activity: Any, enabled: bool = True, created: str = OLD) -> Answers:
    user = {"id": "u1", "userPrincipalName": "ann", "accountEnabled": enabled, "createdDateTime": created}
    shown = {} if activity is None else {"signInActivity": activity}
    return answers(Integration.AZURE, (ENTRA, {"value": [{**user, **shown}]}))


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (entra({"lastSignInDateTime": ago(60)}), PASS, []),
        (entra(None, created=ago(60)), PASS, []),
        (entra({"lastSignInDateTime": ago(61)}), WARNING, ["u1"]),
        (entra({"lastSignInDateTime": ago(91)}), FAIL, ["u1"]),
        (entra({"lastSignInDateTime": ago(91), "lastNonInteractiveSignInDateTime": ago(2)}), PASS, []),
        (entra({"lastSignInDateTime": ago(2), "lastNonInteractiveSignInDateTime": ago(91)}), PASS, []),
        (entra({"lastSignInDateTime": None}), FAIL, ["u1"]),
        (entra(None), FAIL, ["u1"]),
        (entra(None, enabled=False), NOTHING, []),
        (answers(Integration.AZURE, unread=[ENTRA]), ERROR, []),
        (answers(Integration.AZURE, off=[ENTRA]), UNASSESSED, []),
    ],
)
def test_accounts_of_entra_sign_in(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def google(last: str, suspended: bool = False, created: str = OLD) -> Answers:
    user = {"id": "u1", "primaryEmail": "ann", "suspended": suspended, "lastLoginTime": last, "creationTime": created}
    return answers(Integration.GCP, (GOOGLE, {"users": [user]}))


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (google(ago(60)), PASS, []),
        (google("1970-01-01T00:00:00.000Z", created=ago(60)), PASS, []),
        (google(ago(61)), WARNING, ["u1"]),
        (google(ago(91)), FAIL, ["u1"]),
        (google("1970-01-01T00:00:00.000Z"), FAIL, ["u1"]),
        (google(ago(91), suspended=True), NOTHING, []),
        (answers(Integration.GCP, unread=[GOOGLE]), ERROR, []),
    ],
)
def test_users_of_workspace_sign_in(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def slack(days: float = 0, **own: Any) -> Answers:
    member = {"id": "U1", "name": "ann", "deleted": False, "is_bot": False, "updated": int(at(days).timestamp())}
    profile = {"profile": {"email": "Ann@acme.com"}}
    return answers(Integration.SLACK, ("users.list", {"members": [{**member, **profile, **own}]}))


@pytest.mark.parametrize(
    ("looked_at", "okta", "status", "faulty"),
    [
        (slack(400), directory(person("ann")), PASS, []),
        (slack(400), directory(), PASS, []),
        (slack(60, is_restricted=True, profile={}), directory(), PASS, []),
        (slack(61, is_restricted=True), directory(), WARNING, ["U1"]),
        (slack(61, is_ultra_restricted=True), directory(), WARNING, ["U1"]),
        (slack(), directory(person("ann", login=at(61))), WARNING, ["U1"]),
        (slack(), directory(person("ann", status="SUSPENDED", login=at(61))), PASS, []),
        (slack(), directory(person("ann", status="DEPROVISIONED")), FAIL, ["U1"]),
        (slack(deleted=True), directory(person("ann", status="DEPROVISIONED")), NOTHING, []),
        (slack(), answers(Integration.OKTA, unread=[USERS]), ERROR, []),
        (answers(Integration.SLACK, unread=["users.list"]), directory(), ERROR, []),
    ],
)
def test_members_of_slack_are_in_the_directory(
    looked_at: Answers, okta: Answers, status: CheckStatus, faulty: list[str]
) -> None:
    found = judged(CONTROL, looked_at, okta)

    assert (found.status, faults(found)) == (status, faulty)


def test_slack_is_not_judged_without_a_directory() -> None:
    assert judged(CONTROL, slack()).status is UNASSESSED
