"""Every person signs in with a second factor."""

from collections.abc import Iterator
from typing import Any

from domain.compliance.answers import Unread
from domain.compliance.conditional_access import (
    REPORT_ONLY,
    covers_everyone,
    demands_second_factor,
    is_enforced,
    policies,
)
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.credential_report import ROOT, credentials
from domain.compliance.google_people import second_factor_of
from domain.compliance.slack_people import live_people
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

POLICIES, RULES = "GET /api/v1/policies", "GET /api/v1/policies/{policyId}/rules"
DEFAULTS = "GRAPH GET /v1.0/policies/identitySecurityDefaultsEnforcementPolicy"
ORGANIZATION, MEMBERS = "GET /orgs/{org}", "GET /orgs/{org}/members"


def _okta(case: Case) -> Iterator[Item]:
    asked = case.answers.asked(POLICIES, type="ACCESS_POLICY")
    rules = case.answers.by(RULES, "policyId")
    for policy in (one for call in asked for page in call.pages for one in page if one["status"] == "ACTIVE"):
        if policy["id"] not in rules:
            raise Unread(RULES, f"was not asked of {policy['id']}")
        for rule in (one for page in rules[policy["id"]] for one in page if one["status"] == "ACTIVE"):
            yield _rule(rule, f"rule {rule['name']} of {policy['name']}")


def _rule(rule: Any, name: str) -> Item:
    sign_on = rule["actions"]["appSignOn"]
    if sign_on["access"] != "ALLOW":
        return passed(rule["id"], f"{name} lets nobody in")
    if _asks_two(sign_on["verificationMethod"]):
        return passed(rule["id"], f"{name} asks for two factors")
    if _is_in_zone(rule):
        return warned(rule["id"], f"{name} asks for one factor within a network zone", "two factors")
    return failed(rule["id"], f"{name} asks for one factor", "two factors")


def _asks_two(method: Any) -> bool:
    """A chain of methods has no factorMode: each of its alternatives must have a second step."""
    if method["type"] == "AUTH_METHOD_CHAIN":
        return all(chain.get("next") for chain in method["chains"])
    return bool(method["factorMode"] == "2FA")


def _is_in_zone(rule: Any) -> bool:
    """A rule without conditions holds anywhere, and zones that are only excluded are no limit."""
    network = (rule.get("conditions") or {}).get("network") or {}
    return network.get("connection") == "ZONE" and bool(network.get("include"))


def _aws(case: Case) -> Iterator[Item]:
    """The users of IAM; the root user has a control of its own (CW-IAM-01)."""
    case.answers.calls("iam.generate_credential_report")
    for name, row in credentials(case.answers).items():
        if name == ROOT:
            continue
        if row["password_enabled"] != "true":  # noqa: S105 - a column
            yield passed(row["arn"], "no console password")
        elif row["mfa_active"] != "true":
            yield failed(row["arn"], "a console password and no second factor", "a second factor")
        else:
            yield passed(row["arn"], "a console password and a second factor")


def _azure(case: Case) -> Iterator[Item]:
    """Security defaults alone are enough. Without a plan that has conditional access nothing else can ask for it."""
    if case.answers.asked(DEFAULTS)[0].pages[0]["isEnabled"]:
        yield passed(case.answers.account, "security defaults are on")
        return
    asking = [one for one in policies(case.answers) if covers_everyone(one) and demands_second_factor(one)]
    enforced = [one for one in asking if is_enforced(one)]
    reported = [one for one in asking if one["state"] == REPORT_ONLY]
    expected = "security defaults, or an enforced policy for all users and apps"
    for policy in enforced:
        yield passed(policy["id"], f"policy {policy['displayName']} asks everybody for a second factor")
    for policy in reported if not enforced else ():
        yield warned(policy["id"], f"policy {policy['displayName']} only reports", expected)
    if not enforced and not reported:
        yield failed(case.answers.account, "no policy asks everybody for a second factor", expected)


def _gcp(case: Case) -> Iterator[Item]:
    for user in case.answers.items("admin.directory_v1:users.list", "users"):
        if not user["suspended"]:
            yield second_factor_of(user)


def _github(case: Case) -> Iterator[Item]:
    organization = case.answers.asked(ORGANIZATION)[0].pages[0]
    resource, expected = str(organization["id"]), "a second factor is required"
    if organization["two_factor_requirement_enabled"]:
        yield passed(resource, "a second factor is required")
    else:
        yield warned(resource, "a second factor is not required", expected)
    asked = case.answers.asked(MEMBERS, filter="2fa_disabled")
    without = {person["login"] for call in asked for page in call.pages for person in page}
    for person in {one["login"]: one for one in case.answers.items(MEMBERS)}.values():
        if person["login"] in without:
            yield failed(f"user/{person['id']}", f"{person['login']} has no second factor", "a second factor")
        else:
            yield passed(f"user/{person['id']}", f"{person['login']} has a second factor")


def _slack(case: Case) -> Iterator[Item]:
    for person in live_people(case.answers):
        name = person["name"]
        if "has_2fa" not in person:
            yield warned(person["id"], f"{name}: Slack leaves signing in to an identity provider", "known to have two")
        elif person["has_2fa"]:
            yield passed(person["id"], f"{name} has a second factor")
        else:
            yield failed(person["id"], f"{name} has no second factor", "a second factor")


CONTROL = Control(
    id="CW-IAM-02",
    name="Every person signs in with a second factor",
    category="identity",
    severity=Severity.CRITICAL,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC6.1", "CC6.6"),
    objective="No workforce account reaches production or company data on a password alone.",
    owner_role="security",
    evidence=("full user list with factor state and row count per source",),
    procedures=(
        Procedure(
            integration=Integration.OKTA,
            scope="organization",
            operations=(
                "GET /api/v1/policies",
                "GET /api/v1/policies/{policyId}/rules",
            ),
            passes="Every active rule that lets people into an app asks for two factors.",
            warns="A rule asks for one factor, within a network zone only.",
            fails="A rule lets people in with one factor, from anywhere.",
            judge=_okta,
        ),
        Procedure(
            integration=Integration.AWS,
            scope="account",
            operations=(
                "iam.generate_credential_report",
                "iam.get_credential_report",
            ),
            passes="Every user with a console password has a second factor.",
            fails="A user has a console password and no second factor.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="organization",
            operations=(
                "GRAPH GET /v1.0/identity/conditionalAccess/policies",
                "GRAPH GET /v1.0/policies/identitySecurityDefaultsEnforcementPolicy",
            ),
            passes=(
                "Security defaults are on, or an enforced policy for all users and apps lets in only with a second "
                "factor."
            ),
            warns="The policy that asks everybody for a second factor only reports.",
            fails="Neither security defaults nor a policy ask everybody for a second factor.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="organization",
            operations=("admin.directory_v1:users.list",),
            passes="2-step verification is enforced for every user who is not suspended.",
            warns="A user is enrolled, but 2-step verification is not enforced.",
            fails="A user who is not suspended is not enrolled in 2-step verification.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.GITHUB,
            scope="organization",
            operations=(
                "GET /orgs/{org}",
                "GET /orgs/{org}/members",
            ),
            passes="The organization requires a second factor.",
            warns="The organization does not require a second factor, but everybody has one.",
            fails="A member has no second factor.",
            judge=_github,
        ),
        Procedure(
            integration=Integration.SLACK,
            scope="workspace",
            operations=("users.list",),
            passes="Every person in the workspace has a second factor.",
            warns="Slack does not say, because signing in is left to the identity provider.",
            fails="A person in the workspace has no second factor.",
            judge=_slack,
        ),
    ),
)
