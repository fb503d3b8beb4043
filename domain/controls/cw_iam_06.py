"""Dormant accounts are closed."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.credential_report import NO_MOMENT, ROOT, credentials
from domain.compliance.directory import directory, leavers, names_of, people
from domain.compliance.instants import instant
from domain.compliance.slack_people import live_people
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

EPOCH = "1970-01-01T00:00:00.000Z"
# Each way in by a credential: whether it is on, when it was last used, and when it was made.
CREDENTIALS = (
    ("password_enabled", "password_last_used", "password_last_changed"),
    ("access_key_1_active", "access_key_1_last_used_date", "access_key_1_last_rotated"),
    ("access_key_2_active", "access_key_2_last_used_date", "access_key_2_last_rotated"),
)

# By a person, and by an app for one who has signed in before, which may go on for months.
# Source: Microsoft Graph, signInActivity resource type.
SIGN_INS = ("lastSignInDateTime", "lastNonInteractiveSignInDateTime")


def _aws(case: Case) -> Iterator[Item]:
    """The users of IAM; the root user should not be used at all."""
    for name, row in credentials(case.answers).items():
        if name == ROOT:
            continue
        used = [_last(row, last, made) for is_on, last, made in CREDENTIALS if row[is_on] == "true"]
        if used:
            yield _by_use(row["arn"], f"a credential of {name}", min(used), case)
        else:
            yield passed(row["arn"], f"{name} has no enabled credential")


def _last(row: Mapping[str, str], last: str, made: str) -> datetime:
    """When it was last used, else made; the user's own creation where AWS tells neither."""
    told = (row[column] for column in (last, made) if row[column] not in NO_MOMENT)
    return instant(next(told, row["user_creation_time"]))


def _by_use(resource: str, what: str, used: datetime, case: Case) -> Item:
    most, idle = case.parameters["max_days"], case.now - used
    observed = f"{what} was not used for {idle.days} days"
    if idle > timedelta(days=most):
        return failed(resource, observed, f"used within {most} days, or closed")
    if idle > timedelta(days=case.parameters["warn_days"]):
        return warned(resource, observed, f"used within {most} days, or closed")
    return passed(resource, observed)


def _okta(case: Case) -> Iterator[Item]:
    for user in people(case.answers):
        if user["status"] == "ACTIVE":
            yield _by_use(user["id"], user["profile"]["login"], _last_login(user), case)


def _last_login(user: Any) -> datetime:
    """When the user was created, for one who never came."""
    return instant(user["lastLogin"] or user["created"])


def _azure(case: Case) -> Iterator[Item]:
    """Graph leaves signInActivity out for those who never signed in: their days count from their creation."""
    for user in case.answers.items("GRAPH GET /v1.0/users", "value"):
        if user["accountEnabled"]:
            told = user.get("signInActivity") or {}
            signed_in = [instant(told[name]) for name in SIGN_INS if told.get(name)]
            used = max(signed_in, default=instant(user["createdDateTime"]))
            yield _by_use(user["id"], user["userPrincipalName"], used, case)


def _gcp(case: Case) -> Iterator[Item]:
    """Google writes the start of 1970 for those who never signed in."""
    for user in case.answers.items("admin.directory_v1:users.list", "users"):
        if not user["suspended"]:
            never = instant(user["lastLoginTime"]) == instant(EPOCH)
            used = user["creationTime"] if never else user["lastLoginTime"]
            yield _by_use(user["id"], user["primaryEmail"], instant(used), case)


def _slack(case: Case) -> Iterator[Item]:
    """Members are compared with the directory by address; without a directory only guests could be judged, so none is.

    Slack does not say when somebody was last there: of guests it is taken when their profile last changed.
    """
    users = directory(case)
    left, known = leavers(users), {name: user for user in users for name in names_of(user)}
    for member in live_people(case.answers):
        address = (member["profile"].get("email") or "").lower()
        yield _member(member, address in left, known.get(address), case)


def _member(member: Any, has_left: bool, user: Any, case: Case) -> Item:
    """Only guests are flagged as such, members of the workspace may lack the flags."""
    name, idle = member["name"], case.now - instant(member["updated"])
    longest = timedelta(days=case.parameters["warn_days"])
    if has_left:
        return failed(member["id"], f"the directory has ended {name}", "removed")
    if user is not None and user["status"] == "ACTIVE" and case.now - _last_login(user) > longest:
        return warned(member["id"], f"{name} has not signed in to the directory lately", "signs in, or is removed")
    if (member.get("is_restricted") or member.get("is_ultra_restricted")) and idle > longest:
        return warned(member["id"], f"{name} is a guest, unchanged for {idle.days} days", "a guest who is active")
    return passed(member["id"], f"{name} is not dormant")


CONTROL = Control(
    id="CW-IAM-06",
    name="Dormant accounts are closed",
    category="identity",
    severity=Severity.MEDIUM,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC6.2", "CC6.3"),
    objective="Accounts nobody uses do not stay open for somebody else to use.",
    owner_role="security",
    parameters={"warn_days": 60, "max_days": 90},
    remediations=("aws.iam.remove_console_password", "okta.suspend_user"),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="identity",
            operations=("iam.get_credential_report",),
            passes="Every enabled password and access key was used within warn_days, or is not older.",
            warns="A credential was last used between warn_days and max_days ago.",
            fails="A credential was last used, or made and never used, more than max_days ago.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.OKTA,
            scope="identity",
            operations=("GET /api/v1/users",),
            passes="Every active user has signed in within warn_days.",
            warns="An active user last signed in between warn_days and max_days ago.",
            fails="An active user last signed in, or was made and never did, more than max_days ago.",
            judge=_okta,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="identity",
            operations=("GRAPH GET /v1.0/users",),
            passes="Every enabled account has signed in within warn_days.",
            warns="An enabled account last signed in between warn_days and max_days ago.",
            fails="An enabled account last signed in, or was made and never did, more than max_days ago.",
            judge=_azure,
            version=2,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="identity",
            operations=("admin.directory_v1:users.list",),
            passes="Every user who is not suspended has signed in within warn_days.",
            warns="Such a user last signed in between warn_days and max_days ago.",
            fails="Such a user last signed in, or was made and never did, more than max_days ago.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.SLACK,
            scope="workspace",
            operations=("users.list",),
            passes="No member of the workspace is dormant or ended in the directory.",
            warns=(
                "A member has not signed in to the directory for warn_days, or a guest's profile has not changed for "
                "as long."
            ),
            fails="The directory has ended a person who is still a member.",
            judge=_slack,
        ),
    ),
)
