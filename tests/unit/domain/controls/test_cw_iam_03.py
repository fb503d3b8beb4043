"""Single sign-on is the door; admins use phishing-proof factors."""

from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_iam_03 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, faults, judged
from tests.factories.entra import ACCESS, GLOBAL_ADMINISTRATOR, access_policy

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
AUTHENTICATORS, APPS = "GET /api/v1/authenticators", "GET /api/v1/apps"
RULES = "GET /api/v1/policies/{policyId}/rules"
SAML, ORGANIZATION = "GRAPHQL organization.samlIdentityProvider", "GET /orgs/{org}"
INSTANCES, USERS, LOGINS = "sso-admin.list_instances", "iam.list_users", "iam.get_login_profile"
ASSIGNMENTS = "cloudidentity.v1:inboundSsoAssignments.list"
REQUIRED, OPTIONAL = {"possession": {"phishingResistant": "REQUIRED"}}, {"possession": {"userPresence": "REQUIRED"}}
KEY = {"id": "aut1", "key": "webauthn", "status": "ACTIVE"}
CONSOLE = {"name": "saasure", "_links": {"accessPolicy": {"href": "https://example.okta.com/api/v1/policies/p1"}}}


def rule(*constraints: Any, access: str = "ALLOW", status: str = "ACTIVE", **method: Any) -> dict[str, Any]:
    verification = {"type": "ASSURANCE", "factorMode": "2FA", "constraints": list(constraints), **method}
    sign_on = {"access": access, "verificationMethod": verification}
    return {"id": "r1", "name": "admins", "status": status, "actions": {"appSignOn": sign_on}}


def okta(*rules: Any, key: Any = KEY, apps: Any = (CONSOLE, {"name": "salesforce"}), **made: Any) -> Answers:
    asked = ((AUTHENTICATORS, [key]), (APPS, list(apps)), call(RULES, list(rules), policyId="p1"))
    return answers(Integration.OKTA, *asked, account="org", **made)


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (okta(rule(REQUIRED)), PASS, []),
        (okta(rule(REQUIRED, OPTIONAL)), WARNING, ["r1"]),
        (okta(rule({"knowledge": {"types": ["password"]}})), WARNING, ["r1"]),
        (okta(rule()), WARNING, ["r1"]),
        (okta(rule(OPTIONAL, access="DENY"), rule(OPTIONAL, status="INACTIVE")), WARNING, ["org"]),
        (okta(rule(REQUIRED), apps=()), WARNING, ["org"]),
        (okta(rule(REQUIRED), key={"id": "aut1", "key": "okta_verify", "status": "INACTIVE"}), FAIL, ["org"]),
        (okta(rule(REQUIRED), key={"id": "aut1", "key": "phone_number", "status": "ACTIVE"}), FAIL, ["org"]),
        (okta(rule(REQUIRED), unread=[RULES]), ERROR, []),
        (okta(rule(REQUIRED), unread=[AUTHENTICATORS]), ERROR, []),
    ],
)
def test_administrators_of_okta_need_resistant_factors(
    looked_at: Answers, status: CheckStatus, faulty: list[str]
) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def github(provider: Any, plan: str = "enterprise", required: bool = True, **made: Any) -> Answers:
    organization = {"id": 9, "plan": {"name": plan}, "two_factor_requirement_enabled": required}
    answer = {"data": {"organization": {"samlIdentityProvider": provider}}}
    return answers(Integration.GITHUB, (ORGANIZATION, organization), (SAML, answer), **made)


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (github({"id": "S"}), PASS, []),
        (github(None, "team"), WARNING, ["9"]),
        (github(None, "team", required=False), FAIL, ["9"]),
        (github(None), FAIL, ["9"]),
        (github({"id": "S"}, unread=[SAML]), ERROR, []),
    ],
)
def test_github_is_behind_single_sign_on(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def aws(passwords: int, instance: str = "ACTIVE", **made: Any) -> Answers:
    names = [f"user{number}" for number in range(6)]
    return answers(
        Integration.AWS,
        call(INSTANCES, {"Instances": [{"InstanceArn": "arn:sso", "Status": instance}]}, at="eu-west-1"),
        call(INSTANCES, {"Instances": []}, at="us-east-1"),
        (USERS, {"Users": [{"UserName": name} for name in names]}),
        *(call(LOGINS, {"LoginProfile": {"UserName": name}}, UserName=name) for name in names[:passwords]),
        call(LOGINS, UserName="user5"),
        account="123",
        **made,
    )


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (aws(0), PASS, []),
        (aws(2), PASS, []),
        (aws(3), WARNING, ["123"]),
        (aws(4), WARNING, ["123"]),
        (aws(5), FAIL, ["123"]),
        (aws(0, "CREATE_FAILED"), FAIL, ["123"]),
        (aws(0, unread=[LOGINS]), ERROR, []),
        (aws(0, unread=[INSTANCES]), ERROR, []),
    ],
)
def test_few_users_of_aws_have_a_password_of_their_own(
    looked_at: Answers, status: CheckStatus, faulty: list[str]
) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def strength(*allowed: str) -> dict[str, Any]:
    return {"operator": "OR", "builtInControls": [], "authenticationStrength": {"allowedCombinations": list(allowed)}}


def entra(*policies: Any, **made: Any) -> Answers:
    return answers(Integration.AZURE, (ACCESS, {"value": list(policies)}), account="sub", **made)


ADMINS = {"includeUsers": [], "includeRoles": [GLOBAL_ADMINISTRATOR]}
RESISTANT = strength("fido2", "windowsHelloForBusiness")


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (entra(access_policy("p1", users=ADMINS, grant=RESISTANT)), PASS, []),
        (entra(access_policy("p1", grant=RESISTANT), access_policy("p2")), PASS, []),
        (entra(access_policy("p1", users=ADMINS)), WARNING, ["p1"]),
        (entra(access_policy("p1", grant=strength("fido2", "password,sms"))), WARNING, ["p1"]),
        (entra(access_policy("p1", users=ADMINS, grant=RESISTANT, state="disabled")), FAIL, ["sub"]),
        (entra(access_policy("p1", users={"includeUsers": ["ann"]}, grant=RESISTANT)), FAIL, ["sub"]),
        (entra(off=[ACCESS]), FAIL, ["sub"]),
        (entra(unread=[ACCESS]), ERROR, []),
    ],
)
def test_administrators_of_entra_need_resistant_factors(
    looked_at: Answers, status: CheckStatus, faulty: list[str]
) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def google(*assignments: tuple[str, str, str]) -> Answers:
    rows = [{"name": name, target: name, "ssoMode": mode} for name, target, mode in assignments]
    return answers(Integration.GCP, (ASSIGNMENTS, {"inboundSsoAssignments": rows}), account="project")


@pytest.mark.parametrize(
    ("looked_at", "roots", "status", "faulty"),
    [
        (google(("orgUnits/root", "targetOrgUnit", "SAML_SSO")), ["root"], PASS, []),
        (google(("orgUnits/root", "targetOrgUnit", "OIDC_SSO")), ["orgUnits/root"], PASS, []),
        (google(("orgUnits/root", "targetOrgUnit", "SAML_SSO")), [], WARNING, ["orgUnits/root"]),
        (google(("groups/g", "targetGroup", "SAML_SSO")), ["root"], WARNING, ["groups/g"]),
        (google(("orgUnits/root", "targetOrgUnit", "SSO_OFF")), ["root"], FAIL, ["project"]),
        (google(), ["root"], FAIL, ["project"]),
        (answers(Integration.GCP, unread=[ASSIGNMENTS]), [], ERROR, []),
    ],
)
def test_the_root_unit_signs_in_by_single_sign_on(
    looked_at: Answers, roots: list[str], status: CheckStatus, faulty: list[str]
) -> None:
    found = judged(CONTROL, looked_at, root_org_units=roots)

    assert (found.status, faults(found)) == (status, faulty)


def test_nobody_is_judged_by_assignments_that_were_not_asked_for() -> None:
    assert judged(CONTROL, answers(Integration.GCP, needless=[ASSIGNMENTS])).status is ERROR
