"""Owner accounts locked down."""

from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_iam_01 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, faults, judged

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING = CheckStatus.NOT_APPLICABLE
REGISTRATIONS = "GRAPH GET /v1.0/reports/authenticationMethods/userRegistrationDetails"
USERS = "admin.directory_v1:users.list"
ORGANIZATION, MEMBERS = "GET /orgs/{org}", "GET /orgs/{org}/members"
ADMINS, FACTORS = "GET /api/v1/iam/assignees/users", "GET /api/v1/users/{userId}/factors"


def aws(factor: int = 1, keys: int = 0, used: str = "no_information", **made: Any) -> Answers:
    summary = {"SummaryMap": {"AccountMFAEnabled": factor, "AccountAccessKeysPresent": keys}}
    report = {"Content": f"user,password_last_used\n<root_account>,{used}\n", "ReportFormat": "text/csv"}
    asked = (("iam.get_account_summary", summary), ("iam.get_credential_report", report))
    return answers(Integration.AWS, *asked, account="123", **made)


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (aws(), PASS, []),
        (aws(used="N/A"), PASS, []),
        # NOW is 2026-06-01 12:00; 30 days before is 2026-05-02 12:00.
        (aws(used="2026-05-02T12:00:00+00:00"), PASS, []),
        (aws(used="2026-05-02T12:00:01+00:00"), WARNING, ["123"]),
        (aws(factor=0), FAIL, ["123"]),
        (aws(keys=1), FAIL, ["123"]),
        (aws(unread=["iam.get_account_summary"]), ERROR, []),
        (aws(unread=["iam.get_credential_report"]), ERROR, []),
        (answers(Integration.AWS, ("iam.get_account_summary",), ("iam.get_credential_report",)), ERROR, []),
    ],
)
def test_root_user_has_a_second_factor_and_no_keys(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def entra(*people: tuple[str, bool, bool, list[str]]) -> Answers:
    rows = [
        {"id": name, "userPrincipalName": name, "isAdmin": admin, "isMfaRegistered": has, "methodsRegistered": methods}
        for name, admin, has, methods in people
    ]
    return answers(Integration.AZURE, (REGISTRATIONS, {"value": rows}))


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (entra(("ann", True, True, ["mobilePhone", "fido2"]), ("bob", False, False, [])), PASS, []),
        (entra(("ann", True, True, ["mobilePhone", "email"])), WARNING, ["ann"]),
        (entra(("ann", True, True, [])), WARNING, ["ann"]),
        (entra(("ann", True, True, ["officePhone"]), ("cid", True, False, [])), FAIL, ["cid", "ann"]),
        (entra(), NOTHING, []),
        (answers(Integration.AZURE, unread=[REGISTRATIONS]), ERROR, []),
        (answers(Integration.AZURE, off=[REGISTRATIONS]), CheckStatus.NOT_ASSESSED, []),
    ],
)
def test_administrators_of_entra_have_registered(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def google(*people: tuple[str, bool, bool, bool]) -> Answers:
    rows = [
        {"id": name, "primaryEmail": name, "isAdmin": admin, "isEnrolledIn2Sv": enrolled, "isEnforcedIn2Sv": enforced}
        for name, admin, enrolled, enforced in people
    ]
    return answers(Integration.GCP, (USERS, {"users": rows}))


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (google(("ann", True, True, True), ("bob", False, False, False)), PASS, []),
        (google(("ann", True, True, False)), WARNING, ["ann"]),
        (google(("ann", True, False, True)), FAIL, ["ann"]),
        (answers(Integration.GCP, (USERS, {})), NOTHING, []),
        (answers(Integration.GCP, unread=[USERS]), ERROR, []),
    ],
)
def test_super_administrators_are_enrolled(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def github(required: bool | None, *without: str, **made: Any) -> Answers:
    owners = [{"id": 1, "login": "ann"}, {"id": 2, "login": "bob"}]
    return answers(
        Integration.GITHUB,
        (ORGANIZATION, {"id": 9, "two_factor_requirement_enabled": required}),
        call(MEMBERS, owners, role="admin", per_page=100),
        call(MEMBERS, [{"id": 3, "login": "cid"}], role="member", per_page=100),
        call(MEMBERS, [{"login": name} for name in without], filter="2fa_disabled", per_page=100),
        **made,
    )


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (github(True), PASS, []),
        # A member without a second factor is the next control's.
        (github(True, "cid"), PASS, []),
        (github(True, "bob"), FAIL, ["user/2"]),
        (github(False), FAIL, ["9"]),
        (github(True, unread=[MEMBERS]), ERROR, []),
        (answers(Integration.GITHUB, (ORGANIZATION,), (MEMBERS, [])), ERROR, []),
    ],
)
def test_owners_of_the_organization_have_one(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def okta(*factors: tuple[str, str], **made: Any) -> Answers:
    rows = [{"factorType": kind, "status": status} for kind, status in factors]
    return answers(Integration.OKTA, (ADMINS, {"value": [{"id": "00u1"}]}), call(FACTORS, rows, userId="00u1"), **made)


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (okta(("sms", "ACTIVE"), ("push", "ACTIVE")), PASS, []),
        (okta(("sms", "ACTIVE"), ("push", "NOT_SETUP")), WARNING, ["00u1"]),
        (okta(("push", "EXPIRED")), FAIL, ["00u1"]),
        (okta(unread={FACTORS: "throttled"}), ERROR, []),
        (answers(Integration.OKTA, (ADMINS, {"value": [{"id": "00u1"}]}), call(FACTORS, [], userId="00u2")), ERROR, []),
        (answers(Integration.OKTA, (ADMINS, {"value": []}), (FACTORS, [])), ERROR, []),
    ],
)
def test_administrators_of_okta_have_an_active_factor(
    looked_at: Answers, status: CheckStatus, faulty: list[str]
) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)
