"""Who has access to a connected system, as its last sync has read it, for people to review."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from domain.compliance.answers import Answers
from domain.compliance.credential_report import ROOT, credentials
from domain.compliance.directory import people
from domain.compliance.slack_people import live_people
from domain.facts.compliance import Integration

ASSIGNED, APPS = "GET /api/v1/apps/{appId}/users", "GET /api/v1/apps"
MEMBERS, COLLABORATORS = "GET /orgs/{org}/members", "GET /repos/{owner}/{repo}/collaborators"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """`thing` and `person` are those of ReviewedAccess. `name` and `thing_name` are what people read, `email` is None
    where the system does not tell it, `rights` what may be done, "" where it is one thing or another.
    """

    thing: str
    person: str
    name: str
    thing_name: str = ""
    email: str | None = None
    rights: str = ""


def accesses(answers: Answers) -> list[Access]:
    """Every access once. Raises Unread where something needed was not read in whole.

    Systems that are not in REVIEWED tell of no people.
    """
    found = REVIEWED[answers.integration](answers) if answers.integration in REVIEWED else iter(())
    # What is listed several times is told with its rights by one of them.
    return list({(one.thing, one.person): one for one in sorted(found, key=lambda one: bool(one.rights))}.values())


def _okta(answers: Answers) -> Iterator[Access]:
    """Assignments of apps: who has none can do nothing through it."""
    known = {user["id"]: user for user in people(answers)}
    labels = {app["id"]: app["label"] for app in answers.items(APPS)}
    for app, pages in answers.by(ASSIGNED, "appId").items():
        for one in (user for page in pages for user in page):
            told = _told(known.get(one["id"]), one["id"])
            yield Access(thing=app, person=one["id"], thing_name=labels.get(app, app), **told)


def _told(user: Any, id: str) -> dict[str, Any]:
    if user is None:
        return {"name": id}
    return {"name": user["profile"]["login"], "email": user["profile"].get("email") or user["profile"]["login"]}


def _github(answers: Answers) -> Iterator[Access]:
    """GitHub tells no addresses. Members are asked for by role."""
    for call in answers.calls(MEMBERS):
        for one in (user for page in call.pages for user in page):
            role = str(call.arguments.get("role", ""))
            yield Access(thing="", person=one["login"], name=one["login"], rights=role)
    for call in answers.calls(COLLABORATORS):
        thing = f"{call.arguments['owner']}/{call.arguments['repo']}"
        for one in (user for page in call.pages for user in page):
            rights = str(one.get("role_name") or "")
            yield Access(thing=thing, thing_name=thing, person=one["login"], name=one["login"], rights=rights)


def _aws(answers: Answers) -> Iterator[Access]:
    """Users of IAM; roles are not people."""
    for name, row in credentials(answers).items():
        if name != ROOT:
            ways = [
                *(["password"] if row["password_enabled"] == "true" else []),  # noqa: S105 - what AWS prints
                *(f"key {number}" for number in (1, 2) if row[f"access_key_{number}_active"] == "true"),
            ]
            yield Access(thing="", person=name, name=name, rights=", ".join(ways))


def _azure(answers: Answers) -> Iterator[Access]:
    for user in answers.items("GRAPH GET /v1.0/users", "value"):
        if user["accountEnabled"]:
            name = user["userPrincipalName"]
            yield Access(thing="", person=user["id"], name=name, email=user.get("mail") or name)


def _gcp(answers: Answers) -> Iterator[Access]:
    for user in answers.items("admin.directory_v1:users.list", "users"):
        if not user["suspended"]:
            rights = "administrator" if user.get("isAdmin") else ""
            address = user["primaryEmail"]
            yield Access(thing="", person=address, name=address, email=address, rights=rights)


def _slack(answers: Answers) -> Iterator[Access]:
    for user in live_people(answers):
        profile = user.get("profile") or {}
        name = profile.get("real_name") or user.get("name") or user["id"]
        yield Access(thing="", person=user["id"], name=name, email=profile.get("email"), rights=_slack_rights(user))


def _slack_rights(user: Any) -> str:
    if user.get("is_owner"):
        return "owner"
    if user.get("is_admin"):
        return "administrator"
    return "guest" if user.get("is_restricted") or user.get("is_ultra_restricted") else "member"


REVIEWED: Mapping[Integration, Callable[[Answers], Iterator[Access]]] = {
    Integration.AWS: _aws,
    Integration.AZURE: _azure,
    Integration.GCP: _gcp,
    Integration.GITHUB: _github,
    Integration.OKTA: _okta,
    Integration.SLACK: _slack,
}
# What it looks at.
OPERATIONS = frozenset(
    {
        ASSIGNED,
        APPS,
        MEMBERS,
        COLLABORATORS,
        "iam.get_credential_report",
        "GET /api/v1/users",
        "GRAPH GET /v1.0/users",
        "admin.directory_v1:users.list",
        "users.list",
    }
)
