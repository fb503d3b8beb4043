"""Leavers are cut off within a day."""

from datetime import timedelta
from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_iam_09 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, call, faults, judged
from tests.factories.okta import USERS, directory, person

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING, UNASSESSED = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
LOG = "GET /api/v1/logs"
MEMBERS, SAML = "GET /orgs/{org}/members", "GRAPHQL organization.samlIdentityProvider"
AWS_USERS, CENTRE_USERS = "iam.list_users", "identitystore.list_users"
ENTRA, GOOGLE = "GRAPH GET /v1.0/users", "admin.directory_v1:users.list"


def leaver(name: str, hours: float) -> dict[str, Any]:
    return person(name, status="DEPROVISIONED", left=NOW - timedelta(hours=hours))


# Dan has left long ago and come back by another account with his old address.
DIRECTORY = directory(
    person("ann"), leaver("new", 1), leaver("day", 24), leaver("old", 25), leaver("dan", 9000), person("dan", id="dan2")
)


def event(user: str, kind: str = "user.lifecycle.deactivate") -> dict[str, Any]:
    target = [{"id": user, "type": "User"}, {"id": "x", "type": "AppUser"}]
    return {"eventType": kind, "published": NOW.isoformat(), "target": target}


@pytest.mark.parametrize(
    ("okta", "status", "faulty"),
    [
        (directory(leaver("old", 1), person("ann"), more=((LOG, [event("old"), event("deleted")]),)), PASS, []),
        (directory(person("ann", status="SUSPENDED"), more=((LOG, [event("ann")]),)), PASS, []),
        (directory(person("ann"), more=((LOG, [event("ann")]),)), FAIL, ["ann"]),
        (directory(person("ann"), more=((LOG, [event("ann", "group.user_membership.add")]),)), NOTHING, []),
        (directory(person("ann"), unread=[LOG]), ERROR, []),
        (directory(more=((LOG, []),), unread=[USERS]), ERROR, []),
    ],
)
def test_whom_the_directory_deactivated_is_not_active(okta: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, okta)

    assert (found.status, faults(found)) == (status, faulty)


def node(login: str | None, name_id: str | None = None, username: str | None = None) -> dict[str, Any]:
    return {
        "user": login and {"login": login},
        "samlIdentity": name_id and {"nameId": name_id},
        "scimIdentity": username and {"username": username},
    }


def github(*nodes: dict[str, Any], members: tuple[str, ...] = ("octo",), **made: Any) -> Answers:
    pages = [
        {"data": {"organization": {"samlIdentityProvider": {"id": "S", "externalIdentities": {"nodes": some}}}}}
        for some in (list(nodes[:0]), list(nodes))
    ]
    people = [{"id": number, "login": login} for number, login in enumerate(members)]
    return answers(Integration.GITHUB, (MEMBERS, people), (SAML, *pages), **made)


NO_SIGN_ON = {"data": {"organization": {"samlIdentityProvider": None}}}


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (github(node("octo", "Ann@acme.com")), PASS, []),
        (github(node("octo", None, "dan@acme.com"), node(None, "old@acme.com")), PASS, []),
        (github(node("octo", "new@acme.com")), WARNING, ["user/0"]),
        (github(node("octo", None, "day@acme.com")), WARNING, ["user/0"]),
        (github(node("octo", "00u-nobody-knows")), WARNING, ["user/0"]),
        (github(), WARNING, ["user/0"]),
        (github(node("octo", "old@acme.com")), FAIL, ["user/0"]),
        (github(members=()), NOTHING, []),
        (github(unread=[SAML]), ERROR, []),
        (github(unread=[MEMBERS]), ERROR, []),
        (answers(Integration.GITHUB, (MEMBERS, []), (SAML, NO_SIGN_ON)), UNASSESSED, []),
    ],
)
def test_members_of_github_have_not_left(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at, DIRECTORY)

    assert (found.status, faults(found)) == (status, faulty)


def aws(*users: str, centre: Any = (), **made: Any) -> Answers:
    rows = [{"UserName": name, "Arn": f"arn:{name}"} for name in users]
    found = call(CENTRE_USERS, {"Users": list(centre)}, at="eu-west-1", IdentityStoreId="d-1")
    return answers(Integration.AWS, (AWS_USERS, {"Users": rows}), found, **made)


def centre_user(address: str, **own: Any) -> dict[str, Any]:
    return {"UserId": "c1", "UserName": "someone", "Emails": [{"Value": address}], "UserStatus": "ENABLED", **own}


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (aws("ann", "dan", "deploy", centre=[centre_user("ann@acme.com")]), PASS, []),
        (aws(centre=[centre_user("old@acme.com", UserStatus="DISABLED")]), NOTHING, []),
        (aws("new@acme.com"), WARNING, ["arn:new@acme.com"]),
        (aws("old"), FAIL, ["arn:old"]),
        (aws(centre=[centre_user("Old@acme.com")]), FAIL, ["c1"]),
        (aws(centre=[{"UserId": "c2", "UserName": "old@acme.com"}]), FAIL, ["c2"]),
        # Only an address or a login names a person of the identity centre.
        (aws(centre=[{"UserId": "c2", "UserName": "old"}]), PASS, []),
        (aws(unread=[AWS_USERS]), ERROR, []),
        (aws(unread=[CENTRE_USERS]), ERROR, []),
    ],
)
def test_users_of_aws_have_not_left(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at, DIRECTORY)

    assert (found.status, faults(found)) == (status, faulty)


def slack(**own: Any) -> Answers:
    member = {"id": "U1", "name": "ann", "deleted": False, "is_bot": False, **own}
    return answers(Integration.SLACK, ("users.list", {"members": [member]}))


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (slack(profile={"email": "ann@acme.com"}), PASS, []),
        (slack(profile={"email": "New@acme.com"}), WARNING, ["U1"]),
        (slack(profile={}), WARNING, ["U1"]),
        (slack(profile={"email": "old@acme.com"}), FAIL, ["U1"]),
        (slack(profile={"email": "old@acme.com"}, deleted=True), NOTHING, []),
        (answers(Integration.SLACK, unread=["users.list"]), ERROR, []),
    ],
)
def test_members_of_slack_have_not_left(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at, DIRECTORY)

    assert (found.status, faults(found)) == (status, faulty)


def entra(name: str, mail: str | None = None, enabled: bool = True) -> Answers:
    user = {"id": "u1", "userPrincipalName": name, "mail": mail, "accountEnabled": enabled}
    return answers(Integration.AZURE, (ENTRA, {"value": [user]}))


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (entra("ann@acme.com"), PASS, []),
        (entra("new@acme.com"), WARNING, ["u1"]),
        (entra("OLD@acme.com"), FAIL, ["u1"]),
        (entra("old@acme.onmicrosoft.com", "old@acme.com"), FAIL, ["u1"]),
        (entra("old@acme.com", enabled=False), NOTHING, []),
        (answers(Integration.AZURE, unread=[ENTRA]), ERROR, []),
    ],
)
def test_accounts_of_entra_have_not_left(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at, DIRECTORY)

    assert (found.status, faults(found)) == (status, faulty)


def google(name: str, suspended: bool = False) -> Answers:
    return answers(Integration.GCP, (GOOGLE, {"users": [{"id": "u1", "primaryEmail": name, "suspended": suspended}]}))


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (google("ann@acme.com"), PASS, []),
        (google("new@acme.com"), WARNING, ["u1"]),
        (google("old@acme.com"), FAIL, ["u1"]),
        (google("old@acme.com", suspended=True), NOTHING, []),
        (answers(Integration.GCP, unread=[GOOGLE]), ERROR, []),
    ],
)
def test_users_of_workspace_have_not_left(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at, DIRECTORY)

    assert (found.status, faults(found)) == (status, faulty)


def test_nobody_is_judged_without_a_directory_that_was_read() -> None:
    assert judged(CONTROL, google("old@acme.com")).status is UNASSESSED
    assert judged(CONTROL, google("old@acme.com"), directory(unread=[USERS])).status is ERROR
