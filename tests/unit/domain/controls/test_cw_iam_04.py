"""Passwords, lockout and session rules."""

from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_iam_04 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, faults, judged
from tests.factories.entra import ACCESS, access_policy

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING = CheckStatus.NOT_APPLICABLE
PASSWORDS = "iam.get_account_password_policy"
POLICIES, RULES = "GET /api/v1/policies", "GET /api/v1/policies/{policyId}/rules"


def aws(length: int, **history: int) -> Answers:
    policy = {"MinimumPasswordLength": length, **history}
    return answers(Integration.AWS, (PASSWORDS, {"PasswordPolicy": policy}), account="123")


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (aws(14, PasswordReusePrevention=24), PASS, []),
        (aws(13, PasswordReusePrevention=24), WARNING, ["123"]),
        (aws(12, PasswordReusePrevention=24), WARNING, ["123"]),
        (aws(14, PasswordReusePrevention=23), WARNING, ["123"]),
        (aws(14), WARNING, ["123"]),
        (aws(11, PasswordReusePrevention=24), FAIL, ["123"]),
        (answers(Integration.AWS, (PASSWORDS,), account="123"), FAIL, ["123"]),
        (answers(Integration.AWS, unread=[PASSWORDS]), ERROR, []),
    ],
)
def test_passwords_of_aws_are_long_and_new(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def okta(length: int = 14, attempts: int = 10, idle: int = 60, access: str = "ALLOW", **made: Any) -> Answers:
    asked = {"complexity": {"minLength": length}, "lockout": {"maxAttempts": attempts}}
    password = {"id": "pw", "name": "passwords", "status": "ACTIVE", "settings": {"password": asked}}
    signon = {"access": access, "session": {"maxSessionIdleMinutes": idle}}
    rule = {"id": "r1", "name": "all", "status": "ACTIVE", "actions": {"signon": signon}}
    return answers(
        Integration.OKTA,
        call(POLICIES, [password, {"id": "old", "status": "INACTIVE"}], type="PASSWORD"),
        call(POLICIES, [{"id": "s1", "status": "ACTIVE"}], type="OKTA_SIGN_ON"),
        call(RULES, [rule], policyId="s1"),
        **made,
    )


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (okta(), PASS, []),
        (okta(attempts=1, idle=1), PASS, []),
        (okta(idle=61), WARNING, ["r1"]),
        (okta(idle=0), WARNING, ["r1"]),
        (okta(idle=0, access="DENY"), PASS, []),
        (okta(length=13), WARNING, ["pw"]),
        (okta(attempts=11), WARNING, ["pw"]),
        (okta(length=11), FAIL, ["pw"]),
        (okta(attempts=0, idle=61), FAIL, ["pw", "r1"]),
        (okta(unread=[RULES]), ERROR, []),
        (answers(Integration.OKTA, call(POLICIES, [], type="PASSWORD"), (RULES,)), ERROR, []),
        (answers(Integration.OKTA, off=[POLICIES]), CheckStatus.NOT_ASSESSED, []),
        # The classic engine, which has no policies for apps.
        (okta(off=[POLICIES, RULES]), PASS, []),
        (okta(idle=61, length=11, off=[POLICIES, RULES]), FAIL, ["pw", "r1"]),
    ],
)
def test_guessing_is_slow_in_okta_and_sessions_end(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def test_okta_without_active_policies_has_nothing_to_judge() -> None:
    none = (call(POLICIES, [], type=kind) for kind in ("PASSWORD", "OKTA_SIGN_ON"))

    assert judged(CONTROL, answers(Integration.OKTA, *none)).status is NOTHING


AGAIN = {"signInFrequency": {"isEnabled": True, "value": 4, "type": "hours"}, "persistentBrowser": None}
FORGETS = {"signInFrequency": None, "persistentBrowser": {"isEnabled": True, "mode": "never"}}


def entra(*sessions: Any, **own: Any) -> Answers:
    policies = [access_policy(f"p{number}", session=session, **own) for number, session in enumerate(sessions)]
    return answers(Integration.AZURE, (ACCESS, {"value": policies}), account="sub")


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (entra({**AGAIN, "persistentBrowser": FORGETS["persistentBrowser"]}), PASS, []),
        (entra(AGAIN, FORGETS), PASS, []),
        (entra(AGAIN), WARNING, ["sub"]),
        (entra(FORGETS), WARNING, ["sub"]),
        (entra(AGAIN, {"persistentBrowser": {"isEnabled": True, "mode": "always"}}), WARNING, ["sub"]),
        (entra(None), FAIL, ["sub"]),
        (entra(AGAIN, FORGETS, state="disabled"), FAIL, ["sub"]),
        (entra(AGAIN, FORGETS, users={"includeUsers": ["ann"]}), FAIL, ["sub"]),
        (answers(Integration.AZURE, account="sub", off=[ACCESS]), FAIL, ["sub"]),
        (answers(Integration.AZURE, unread=[ACCESS]), ERROR, []),
    ],
)
def test_sessions_of_entra_administrators_end(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)
