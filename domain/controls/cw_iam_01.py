"""Owner accounts locked down."""

from collections.abc import Iterator
from typing import Any

from domain.compliance.answers import Call, Unread
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.credential_report import NO_MOMENT, ROOT, credentials
from domain.compliance.google_people import second_factor_of
from domain.compliance.instants import age, instant
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

# Of Entra's registered methods those that can be listened to, and those that are no second factor at all.
# Source: Microsoft Graph, userRegistrationDetails.
WEAK_METHODS = frozenset({"mobilePhone", "alternateMobilePhone", "officePhone", "email", "securityQuestion"})
# Source: Okta Management API, UserFactor.factorType.
WEAK_FACTORS = frozenset({"sms", "call", "email", "question"})
ORGANIZATION, MEMBERS = "GET /orgs/{org}", "GET /orgs/{org}/members"
FACTORS = "GET /api/v1/users/{userId}/factors"


def _aws(case: Case) -> Iterator[Item]:
    summary = case.answers.asked("iam.get_account_summary")[0].pages[0]["SummaryMap"]
    used = credentials(case.answers)[ROOT]["password_last_used"]
    has_factor, keys = summary["AccountMFAEnabled"] == 1, summary["AccountAccessKeysPresent"]
    observed = f"the root user has {'a' if has_factor else 'no'} second factor and {keys} access keys"
    if not has_factor or keys > 0:
        yield failed(case.answers.account, observed, "a second factor and no access key")
    elif used not in NO_MOMENT and age(used, case.now).days < case.parameters["root_quiet_days"]:
        yield warned(case.answers.account, f"the root user signed in on {instant(used):%Y-%m-%d}", "no use of root")
    else:
        yield passed(case.answers.account, observed)


def _azure(case: Case) -> Iterator[Item]:
    for person in case.answers.items("GRAPH GET /v1.0/reports/authenticationMethods/userRegistrationDetails", "value"):
        if person["isAdmin"]:
            yield _entra_admin(person)


def _entra_admin(person: Any) -> Item:
    name, methods = person["userPrincipalName"], person["methodsRegistered"]
    if not person["isMfaRegistered"]:
        return failed(person["id"], f"{name} has no second factor", "a registered second factor")
    if WEAK_METHODS.issuperset(methods):
        return warned(person["id"], f"{name} has only {', '.join(methods) or 'unnamed methods'}", "an app or a key")
    return passed(person["id"], f"{name} has {', '.join(methods)}")


def _gcp(case: Case) -> Iterator[Item]:
    for user in case.answers.items("admin.directory_v1:users.list", "users"):
        if user["isAdmin"]:
            yield second_factor_of(user)


def _github(case: Case) -> Iterator[Item]:
    """Owners, and whether the organization asks its people for a second factor; GitHub tells both to owners alone."""
    organization = case.answers.asked(ORGANIZATION)[0].pages[0]
    if organization["two_factor_requirement_enabled"]:
        yield passed(str(organization["id"]), "a second factor is required")
    else:
        yield failed(str(organization["id"]), "a second factor is not required", "a second factor is required")
    without = {person["login"] for call in case.answers.asked(MEMBERS, filter="2fa_disabled") for person in _all(call)}
    for owner in (person for call in case.answers.asked(MEMBERS, role="admin") for person in _all(call)):
        name, resource = owner["login"], f"user/{owner['id']}"
        if name in without:
            yield failed(resource, f"the owner {name} has no second factor", "a second factor")
        else:
            yield passed(resource, f"the owner {name} has a second factor")


def _all(call: Call) -> list[Any]:
    return [item for page in call.pages for item in page]


def _okta(case: Case) -> Iterator[Item]:
    factors = case.answers.by(FACTORS, "userId")
    for admin in case.answers.items("GET /api/v1/iam/assignees/users", "value"):
        if admin["id"] not in factors:
            raise Unread(FACTORS, f"was not asked of {admin['id']}")
        found = (factor for page in factors[admin["id"]] for factor in page)
        yield _okta_admin(admin["id"], sorted({one["factorType"] for one in found if one["status"] == "ACTIVE"}))


def _okta_admin(resource: str, factors: list[str]) -> Item:
    if not factors:
        return failed(resource, "no active factor", "an active factor")
    if WEAK_FACTORS.issuperset(factors):
        return warned(resource, f"only {', '.join(factors)}", "an app or a key")
    return passed(resource, ", ".join(factors))


CONTROL = Control(
    id="CW-IAM-01",
    name="Owner accounts locked down",
    category="identity",
    severity=Severity.CRITICAL,
    frequency=Frequency.HALF_HOURLY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC6.1", "CC6.3"),
    objective="The account that can do everything has a second factor and holds no standing programmatic key.",
    owner_role="security",
    parameters={"root_quiet_days": 30},
    evidence=("account summary document", "admin list with factor list and counts"),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="account",
            operations=(
                "iam.get_account_summary",
                "iam.get_credential_report",
            ),
            passes=("The root user has a second factor and no access key, and has not signed in for root_quiet_days."),
            warns="The root user signed in within root_quiet_days.",
            fails="The root user has no second factor, or has an access key.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="organization",
            operations=("GRAPH GET /v1.0/reports/authenticationMethods/userRegistrationDetails",),
            passes="Every administrator has registered for multifactor authentication.",
            warns="An administrator has only text messages, calls or mail registered.",
            fails="An administrator has not registered for multifactor authentication.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="organization",
            operations=("admin.directory_v1:users.list",),
            passes="Every super administrator is enrolled in 2-step verification and must be.",
            warns="A super administrator is enrolled, but 2-step verification is not enforced.",
            fails="A super administrator is not enrolled in 2-step verification.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.GITHUB,
            scope="organization",
            operations=(
                "GET /orgs/{org}",
                "GET /orgs/{org}/members",
            ),
            passes="The organization requires a second factor, and no owner is without one.",
            fails="An owner has no second factor, or the organization does not require one.",
            judge=_github,
        ),
        Procedure(
            integration=Integration.OKTA,
            scope="organization",
            operations=(
                "GET /api/v1/iam/assignees/users",
                "GET /api/v1/users/{userId}/factors",
            ),
            passes="Everybody who holds an administrator role has at least one active factor.",
            warns=("The only active factor of an administrator is a text message, a call, mail or a question."),
            fails="An administrator has no active factor.",
            judge=_okta,
        ),
    ),
)
