"""Single sign-on is the door; admins use phishing-proof factors."""

from collections.abc import Iterator
from typing import Any

from domain.compliance.answers import Answers
from domain.compliance.conditional_access import (
    covers_admins,
    demands_resistance,
    demands_second_factor,
    is_enforced,
    policies,
)
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

POLICIES, RULES = "GET /api/v1/policies", "GET /api/v1/policies/{policyId}/rules"
# Those that cannot be relayed, and the app that is Okta's own console. Source: Okta Management API, Authenticators.
RESISTANT, CONSOLE = frozenset({"webauthn", "okta_verify"}), "saasure"
ORGANIZATION, SAML = "GET /orgs/{org}", "GRAPHQL organization.samlIdentityProvider"
# The plan that has single sign-on of an organization. Source: docs.github.com, "About SAML single sign-on".
WITH_SAML = "enterprise"
INSTANCES, USERS, LOGINS = "sso-admin.list_instances", "iam.list_users", "iam.get_login_profile"
# Two more people with a password of their own are let pass with a warning.
TOLERATED = 2
ASSIGNMENTS = "cloudidentity.v1:inboundSsoAssignments.list"
SINGLE = frozenset({"SAML_SSO", "OIDC_SSO"})


def _okta(case: Case) -> Iterator[Item]:
    """Administrators come in by the access policy of the app that is the console."""
    found = [one for one in case.answers.items("GET /api/v1/authenticators") if one["key"] in RESISTANT]
    active = [one for one in found if one["status"] == "ACTIVE"]
    if not active:
        yield failed(case.answers.account, "no active factor that cannot be relayed", "webauthn or okta_verify active")
        return
    for one in active:
        yield passed(one["id"], f"{one['key']} is active")
    rules = list(_console_rules(case.answers))
    for rule in rules:
        if _is_resistant(rule["actions"]["appSignOn"]["verificationMethod"]):
            yield passed(rule["id"], f"rule {rule['name']} of the console asks for a factor that cannot be relayed")
        else:
            yield warned(rule["id"], f"rule {rule['name']} of the console lets in with other factors", "resistant only")
    if not rules:
        yield warned(case.answers.account, "no rule of the console was found", "a rule that asks for resistant factors")


def _console_rules(answers: Answers) -> Iterator[Any]:
    """The active rules by which somebody gets into the console. Where the policy is not told of, there are none."""
    apps = (app for app in answers.items("GET /api/v1/apps") if app["name"] == CONSOLE)
    for app in apps:
        policy = app["_links"]["accessPolicy"]["href"].rpartition("/")[2]
        for call in answers.asked(RULES, policyId=policy):
            rules = (rule for page in call.pages for rule in page if rule["status"] == "ACTIVE")
            yield from (rule for rule in rules if rule["actions"]["appSignOn"]["access"] == "ALLOW")


def _is_resistant(method: Any) -> bool:
    """One of the constraints is enough to come in, so each must ask for it. What is not said is documented as not."""
    constraints = method.get("constraints") or []
    asked = [(one.get("possession") or {}).get("phishingResistant") == "REQUIRED" for one in constraints]
    return bool(asked) and all(asked)


def _github(case: Case) -> Iterator[Item]:
    """Single sign-on that an enterprise sets for all its organizations is not seen here."""
    organization = case.answers.asked(ORGANIZATION)[0].pages[0]
    provider = case.answers.asked(SAML)[0].pages[0]["data"]["organization"]["samlIdentityProvider"]
    resource, expected = str(organization["id"]), "single sign-on with the directory"
    if provider is not None:
        yield passed(resource, "single sign-on is set")
    elif organization["plan"]["name"] == WITH_SAML:
        yield failed(resource, "the plan has single sign-on, and it is not set", expected)
    elif organization["two_factor_requirement_enabled"]:
        yield warned(resource, "the plan has no single sign-on; a second factor is required", expected)
    else:
        yield failed(resource, "the plan has no single sign-on, and no second factor is required", expected)


def _aws(case: Case) -> Iterator[Item]:
    account, most = case.answers.account, case.parameters["break_glass_max"]
    instances = [one for one in case.answers.items(INSTANCES, "Instances") if one["Status"] == "ACTIVE"]
    for one in instances:
        yield passed(one["InstanceArn"], "an identity centre is active")
    if not instances:
        yield failed(account, "no identity centre is active", "an active identity centre")
    has_password = case.answers.by(LOGINS, "UserName")
    users = case.answers.items(USERS, "Users")
    names = sorted(one["UserName"] for one in users if has_password.get(one["UserName"]))
    observed = f"{len(names)} users with a console password{': ' if names else ''}{', '.join(names[:5])}"
    if len(names) <= most:
        yield passed(account, observed)
    elif len(names) <= most + TOLERATED:
        yield warned(account, observed, f"at most {most}")
    else:
        yield failed(account, observed, f"at most {most}")


def _azure(case: Case) -> Iterator[Item]:
    """Without a plan that has conditional access there is no policy for administrators."""
    covering = [one for one in policies(case.answers) if is_enforced(one) and covers_admins(one)]
    resistant = [one for one in covering if demands_resistance(one)]
    plain = [one for one in covering if demands_second_factor(one)]
    expected = "an enforced policy that asks administrators for factors that cannot be relayed"
    for policy in resistant:
        yield passed(policy["id"], f"policy {policy['displayName']} asks administrators for resistant factors")
    for policy in plain if not resistant else ():
        yield warned(policy["id"], f"policy {policy['displayName']} asks for any second factor", expected)
    if not resistant and not plain:
        yield failed(case.answers.account, "no policy asks administrators for a second factor", expected)


def _gcp(case: Case) -> Iterator[Item]:
    """Google does not say which unit is the root: only one named in root_org_units is taken for it."""
    roots = {f"orgUnits/{one.removeprefix('orgUnits/')}" for one in case.parameters["root_org_units"]}
    # That nobody signs in by it may be said only of an organization that was asked.
    case.answers.asked(ASSIGNMENTS)
    found = [one for one in case.answers.items(ASSIGNMENTS, "inboundSsoAssignments") if one["ssoMode"] in SINGLE]
    is_whole = any(one.get("targetOrgUnit") in roots for one in found)
    for one in found:
        whom = one.get("targetOrgUnit") or one.get("targetGroup")
        if is_whole:
            yield passed(one["name"], f"single sign-on for {whom}")
        else:
            yield warned(one["name"], f"single sign-on for {whom}", "single sign-on for the root unit")
    if not found:
        yield failed(case.answers.account, "nobody signs in by single sign-on", "single sign-on for the root unit")


CONTROL = Control(
    id="CW-IAM-03",
    name="Single sign-on is the door; admins use phishing-proof factors",
    category="identity",
    severity=Severity.HIGH,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC6.1", "CC6.2"),
    objective=("Accounts are born and die in one directory, and privileged people use factors that cannot be relayed."),
    owner_role="security",
    parameters={"root_org_units": [], "break_glass_max": 2},
    procedures=(
        Procedure(
            integration=Integration.OKTA,
            scope="organization",
            operations=(
                "GET /api/v1/authenticators",
                "GET /api/v1/policies/{policyId}/rules",
                "GET /api/v1/apps",
            ),
            passes=(
                "A security key or Okta Verify is active, and every rule of the admin console asks for factors that "
                "cannot be relayed."
            ),
            warns="Such a factor is active, but administrators may come in with others.",
            fails="No factor that cannot be relayed is active.",
            judge=_okta,
        ),
        Procedure(
            integration=Integration.GITHUB,
            scope="organization",
            operations=(
                "GRAPHQL organization.samlIdentityProvider",
                "GET /orgs/{org}/credential-authorizations",
                "GET /orgs/{org}",
            ),
            passes="Single sign-on is set for the organization.",
            warns="The plan has no single sign-on, but the organization requires a second factor.",
            fails=("The plan has single sign-on and it is not set, or neither it nor a second factor is required."),
            judge=_github,
        ),
        Procedure(
            integration=Integration.AWS,
            scope="organization",
            operations=(
                "sso-admin.list_instances",
                "iam.list_users",
                "iam.get_login_profile",
            ),
            passes="An identity centre is active, and at most break_glass_max users have a console password.",
            warns="At most two users more than break_glass_max have a console password.",
            fails="No identity centre is active, or more users have a console password.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="organization",
            operations=("GRAPH GET /v1.0/identity/conditionalAccess/policies",),
            passes="An enforced policy asks administrators for factors that cannot be relayed.",
            warns="The policy for administrators asks for any second factor.",
            fails="No enforced policy asks administrators for a second factor.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="organization",
            operations=("cloudidentity.v1:inboundSsoAssignments.list",),
            passes="Single sign-on is assigned to the root organizational unit, named in root_org_units.",
            warns="Single sign-on is assigned to some units or groups only, as far as can be told.",
            fails="Single sign-on is assigned to nobody.",
            judge=_gcp,
            version=2,
        ),
    ),
)
