"""Leavers are cut off within a day."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from domain.compliance.answers import Answers, NotOffered
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.directory import LEFT, directory, leavers, names_of, people, short_names_of
from domain.compliance.instants import instant
from domain.compliance.slack_people import live_people
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

LOG, DEACTIVATED = "GET /api/v1/logs", "user.lifecycle.deactivate"
MEMBERS, SAML = "GET /orgs/{org}/members", "GRAPHQL organization.samlIdentityProvider"
AWS_USERS, CENTRE_USERS = "iam.list_users", "identitystore.list_users"


def _okta(case: Case) -> Iterator[Item]:
    """The source of truth itself: whom it once deactivated must not be active. Leavers of no directory are not seen."""
    users = {user["id"]: user for user in people(case.answers)}
    ended = {user["id"] for user in users.values() if user["status"] == LEFT}
    for user in sorted(ended):
        yield passed(user, f"{users[user]['profile']['login']} is deprovisioned")
    events = [one for one in case.answers.items(LOG) if one["eventType"] == DEACTIVATED]
    named = {target["id"]: event for event in events for target in event["target"] if target["type"] == "User"}
    for user in sorted(named.keys() & users.keys() - ended):
        observed = f"{users[user]['profile']['login']} was deactivated on {instant(named[user]['published']):%Y-%m-%d}"
        if users[user]["status"] == "ACTIVE":
            yield failed(user, f"{observed}, and is active", "not active")
        else:
            yield passed(user, f"{observed}, and is not active")


def _github(case: Case) -> Iterator[Item]:
    """Members are known by the identity that single sign-on has linked; without it nobody can be told."""
    users = directory(case)
    gone, known = leavers(users), {name for user in users for name in names_of(user)}
    names = _linked(case.answers)
    for login, member in {one["login"]: one for one in case.answers.items(MEMBERS)}.items():
        resource = f"user/{member['id']}"
        if known.intersection(names.get(login, ())):
            yield _judged(resource, login, names[login], gone, case)
        else:
            yield warned(resource, f"{login} is linked to nobody in the directory", "linked by single sign-on")


def _linked(answers: Answers) -> dict[str, set[str]]:
    """The directory's names of each member that has an identity. Raises NotOffered without single sign-on."""
    providers = [page["data"]["organization"]["samlIdentityProvider"] for page in answers.asked(SAML)[0].pages]
    if providers[0] is None:
        raise NotOffered(SAML, "members cannot be told apart without single sign-on")
    found: dict[str, set[str]] = {}
    for one in (node for provider in providers for node in provider["externalIdentities"]["nodes"]):
        if one["user"] is not None:
            saml, scim = one["samlIdentity"] or {}, one["scimIdentity"] or {}
            found.setdefault(one["user"]["login"], set()).update(_small(saml.get("nameId"), scim.get("username")))
    return found


def _small(*names: str | None) -> set[str]:
    return {name.lower() for name in names if name}


def _aws(case: Case) -> Iterator[Item]:
    """Users of IAM are compared by what stands before the @ too; whether they have a way in is not asked."""
    users = directory(case)
    by_short, by_name = leavers(users, short_names_of), leavers(users)
    for user in case.answers.items(AWS_USERS, "Users"):
        yield _judged(user["Arn"], user["UserName"], {user["UserName"]}, by_short, case)
    for user in case.answers.items(CENTRE_USERS, "Users"):
        # Older users have no status, and are enabled.
        if user.get("UserStatus") != "DISABLED":
            names = {user["UserName"], *(one["Value"] for one in user.get("Emails") or [])}
            yield _judged(user["UserId"], user["UserName"], names, by_name, case)


def _slack(case: Case) -> Iterator[Item]:
    gone = leavers(directory(case))
    for member in live_people(case.answers):
        address = member["profile"].get("email")
        if address:
            yield _judged(member["id"], member["name"], {address}, gone, case)
        else:
            yield warned(member["id"], f"{member['name']} has no address to compare", "an address of the directory")


def _azure(case: Case) -> Iterator[Item]:
    gone = leavers(directory(case))
    for user in case.answers.items("GRAPH GET /v1.0/users", "value"):
        if user["accountEnabled"]:
            # Null for an account without a mailbox.
            names = _small(user["userPrincipalName"], user.get("mail"))
            yield _judged(user["id"], user["userPrincipalName"], names, gone, case)


def _gcp(case: Case) -> Iterator[Item]:
    gone = leavers(directory(case))
    for user in case.answers.items("admin.directory_v1:users.list", "users"):
        if not user["suspended"]:
            yield _judged(user["id"], user["primaryEmail"], {user["primaryEmail"]}, gone, case)


def _judged(resource: str, name: str, names: set[str], gone: Mapping[str, datetime], case: Case) -> Item:
    """Of somebody with access, by when the directory has ended who has one of the names."""
    ended = [gone[one.lower()] for one in names if one.lower() in gone]
    if not ended:
        return passed(resource, f"{name} has not left")
    late, grace = case.now - min(ended), case.parameters["grace_hours"]
    observed = f"{name} left {late // timedelta(hours=1)} hours ago and still has access"
    if late > timedelta(hours=case.parameters["max_hours"]):
        return failed(resource, observed, f"cut off within {grace} hours")
    return warned(resource, observed, f"cut off within {grace} hours")


CONTROL = Control(
    id="CW-IAM-09",
    name="Leavers are cut off within a day",
    category="identity",
    severity=Severity.CRITICAL,
    frequency=Frequency.HALF_HOURLY,
    evidence_kind=EvidenceKind.EVENT_POPULATION,
    criteria=("CC6.2", "CC6.3"),
    objective="When the directory ends a person, every connected system ends them too.",
    owner_role="security",
    parameters={"grace_hours": 8, "max_hours": 24},
    remediations=("github.remove_member", "aws.iam.deactivate_user_keys", "okta.clear_sessions"),
    procedures=(
        Procedure(
            integration=Integration.OKTA,
            scope="identity",
            operations=(
                "GET /api/v1/users",
                "GET /api/v1/logs",
            ),
            passes="Nobody whom the directory has deactivated is active.",
            fails="Somebody who was deactivated is active.",
            judge=_okta,
        ),
        Procedure(
            integration=Integration.GITHUB,
            scope="identity",
            operations=(
                "GET /orgs/{org}/members",
                "GRAPHQL organization.samlIdentityProvider",
            ),
            passes="No member is a person whom the directory has ended.",
            warns="A member left within max_hours, or is linked to nobody in the directory.",
            fails="A member left more than max_hours ago.",
            judge=_github,
        ),
        Procedure(
            integration=Integration.AWS,
            scope="identity",
            operations=(
                "iam.list_users",
                "identitystore.list_users",
            ),
            passes="No enabled user is a person whom the directory has ended.",
            warns="A user left within max_hours.",
            fails="A user left more than max_hours ago.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.SLACK,
            scope="identity",
            operations=("users.list",),
            passes="No member is a person whom the directory has ended.",
            warns="A member left within max_hours, or has no address to compare.",
            fails="A member left more than max_hours ago.",
            judge=_slack,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="identity",
            operations=("GRAPH GET /v1.0/users",),
            passes="No enabled account is of a person whom the directory has ended.",
            warns="The person of an account left within max_hours.",
            fails="The person of an account left more than max_hours ago.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="identity",
            operations=("admin.directory_v1:users.list",),
            passes="No user who is not suspended is a person whom the directory has ended.",
            warns="Such a user left within max_hours.",
            fails="Such a user left more than max_hours ago.",
            judge=_gcp,
        ),
    ),
)
