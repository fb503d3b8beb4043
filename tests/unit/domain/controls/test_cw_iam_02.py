"""Every person signs in with a second factor."""

from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_iam_02 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, faults, judged
from tests.factories.entra import ACCESS, access_policy

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING = CheckStatus.NOT_APPLICABLE
POLICIES, RULES = "GET /api/v1/policies", "GET /api/v1/policies/{policyId}/rules"
MADE, REPORT = "iam.generate_credential_report", "iam.get_credential_report"
DEFAULTS = "GRAPH GET /v1.0/policies/identitySecurityDefaultsEnforcementPolicy"
USERS = "admin.directory_v1:users.list"
ORGANIZATION, MEMBERS = "GET /orgs/{org}", "GET /orgs/{org}/members"
ONE, TWO = {"type": "ASSURANCE", "factorMode": "1FA"}, {"type": "ASSURANCE", "factorMode": "2FA"}
PASSWORD = [{"key": "okta_password"}]
ZONE = {"network": {"connection": "ZONE", "include": ["nzo1"]}}


def rule(
    method: dict[str, Any], conditions: Any = None, access: str = "ALLOW", status: str = "ACTIVE"
) -> dict[str, Any]:
    sign_on = {"access": access, "verificationMethod": method}
    return {"id": "r1", "name": "all", "status": status, "conditions": conditions, "actions": {"appSignOn": sign_on}}


def okta(*rules: dict[str, Any], status: str = "ACTIVE", asked: str = "p1") -> Answers:
    policy = {"id": "p1", "name": "apps", "status": status, "type": "ACCESS_POLICY"}
    found = call(POLICIES, [policy], type="ACCESS_POLICY")
    return answers(Integration.OKTA, found, call(RULES, list(rules), policyId=asked))


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (okta(rule(TWO)), PASS),
        (okta(rule(ONE, access="DENY")), PASS),
        (okta(rule(ONE, ZONE)), WARNING),
        (okta(rule(ONE)), FAIL),
        (okta(rule(ONE, {"network": {"connection": "ANYWHERE"}})), FAIL),
        (okta(rule(ONE, {"network": {"connection": "ZONE", "exclude": ["nzo1"]}})), FAIL),
        (okta(rule({"type": "AUTH_METHOD_CHAIN", "chains": [{"authenticationMethods": PASSWORD}]})), FAIL),
        (okta(rule({"type": "AUTH_METHOD_CHAIN", "chains": [{"next": [{"authenticationMethods": PASSWORD}]}]})), PASS),
        (okta(rule(ONE, status="INACTIVE")), NOTHING),
        (okta(rule(ONE), status="INACTIVE"), NOTHING),
        (okta(rule(TWO), asked="p2"), ERROR),
        (answers(Integration.OKTA, off=[POLICIES]), CheckStatus.NOT_ASSESSED),
        (answers(Integration.OKTA, call(POLICIES, [], type="PASSWORD"), (RULES,)), ERROR),
        (answers(Integration.OKTA, call(POLICIES, [], type="ACCESS_POLICY"), unread=[RULES]), ERROR),
    ],
)
def test_rules_of_okta_ask_for_two_factors(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(CONTROL, looked_at).status is status


def aws(*rows: str, **made: Any) -> Answers:
    report = "\n".join(["user,arn,password_enabled,mfa_active", "<root_account>,root,not_supported,false", *rows])
    asked = ((MADE, {"State": "COMPLETE"}), (REPORT, {"Content": report, "ReportFormat": "text/csv"}))
    return answers(Integration.AWS, *asked, **made)


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (aws("ann,arn:ann,true,true", "bob,arn:bob,false,false"), PASS, []),
        (aws("ann,arn:ann,true,true", "cid,arn:cid,true,false"), FAIL, ["arn:cid"]),
        (aws(), NOTHING, []),
        (aws("ann,arn:ann,true,true", unread=[MADE]), ERROR, []),
        (aws("ann,arn:ann,true,true", unread=[REPORT]), ERROR, []),
    ],
)
def test_console_users_have_a_second_factor(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def entra(*policies: dict[str, Any], defaults: bool = False, **made: Any) -> Answers:
    asked = ((DEFAULTS, {"isEnabled": defaults}), (ACCESS, {"value": list(policies)}))
    return answers(Integration.AZURE, *asked, account="sub", **made)


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (entra(defaults=True, unread=[ACCESS]), PASS, []),
        (entra(access_policy("p1")), PASS, []),
        (entra(access_policy("p1", state="enabledForReportingButNotEnforced")), WARNING, ["p1"]),
        (entra(access_policy("p1"), access_policy("p2", state="enabledForReportingButNotEnforced")), PASS, []),
        (entra(access_policy("p1", state="disabled")), FAIL, ["sub"]),
        (entra(access_policy("p1", users={"includeUsers": ["ann"]})), FAIL, ["sub"]),
        (entra(access_policy("p1", grant={"operator": "OR", "builtInControls": ["block"]})), FAIL, ["sub"]),
        (entra(), FAIL, ["sub"]),
        # Without the plan nothing can ask for a second factor but security defaults.
        (entra(off=[ACCESS]), FAIL, ["sub"]),
        (entra(unread=[ACCESS]), ERROR, []),
        (entra(access_policy("p1"), unread=[DEFAULTS]), ERROR, []),
    ],
)
def test_entra_asks_everybody_for_a_second_factor(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def google(*people: tuple[str, bool, bool, bool]) -> Answers:
    rows = [
        {"id": name, "primaryEmail": name, "suspended": gone, "isEnrolledIn2Sv": enrolled, "isEnforcedIn2Sv": enforced}
        for name, gone, enrolled, enforced in people
    ]
    return answers(Integration.GCP, (USERS, {"users": rows}))


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (google(("ann", False, True, True), ("bob", True, False, False)), PASS, []),
        (google(("ann", False, True, False)), WARNING, ["ann"]),
        (google(("ann", False, False, False)), FAIL, ["ann"]),
        (google(), NOTHING, []),
        (answers(Integration.GCP, unread=[USERS]), ERROR, []),
    ],
)
def test_users_of_workspace_are_enrolled(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def github(required: bool, *without: str, **made: Any) -> Answers:
    return answers(
        Integration.GITHUB,
        (ORGANIZATION, {"id": 9, "two_factor_requirement_enabled": required}),
        call(MEMBERS, [{"id": 1, "login": "ann"}], role="admin"),
        call(MEMBERS, [{"id": 2, "login": "bob"}], role="member"),
        call(MEMBERS, [{"id": 2, "login": name} for name in without], filter="2fa_disabled"),
        **made,
    )


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (github(True), PASS, []),
        (github(False), WARNING, ["9"]),
        (github(False, "bob"), FAIL, ["user/2", "9"]),
        (github(True, "bob"), FAIL, ["user/2"]),
        (github(True, unread=[MEMBERS]), ERROR, []),
    ],
)
def test_members_of_the_organization_have_one(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def slack(**own: Any) -> Answers:
    member = {"id": "U1", "name": "ann", "deleted": False, "is_bot": False, **own}
    return answers(Integration.SLACK, ("users.list", {"members": [member]}))


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (slack(has_2fa=True), PASS, []),
        (slack(), WARNING, ["U1"]),
        (slack(has_2fa=False), FAIL, ["U1"]),
        (slack(deleted=True), NOTHING, []),
        (slack(is_bot=True), NOTHING, []),
        (slack(id="USLACKBOT"), NOTHING, []),
        (answers(Integration.SLACK, unread=["users.list"]), ERROR, []),
    ],
)
def test_people_in_slack_have_one(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)
