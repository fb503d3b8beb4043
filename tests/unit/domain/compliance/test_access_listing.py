"""Who has access to a connected system, for people to review."""

import pytest

from domain.compliance.access_listing import OPERATIONS, REVIEWED, accesses
from domain.compliance.answers import Answers, Unread
from domain.facts.compliance import Integration
from tests.factories.answers import answers, call
from tests.factories.okta import directory, person

ASSIGNED, APPS = "GET /api/v1/apps/{appId}/users", "GET /api/v1/apps"
MEMBERS, COLLABORATORS = "GET /orgs/{org}/members", "GET /repos/{owner}/{repo}/collaborators"
REPORT = """user,password_enabled,access_key_1_active,access_key_2_active
<root_account>,not_supported,false,false
ann,true,false,true
bob,false,false,false
"""


def seen(looked_at: Answers) -> list[tuple[str, str, str | None, str]]:
    return [(one.thing, one.person, one.email, one.rights) for one in accesses(looked_at)]


def slack(id: str, **own: object) -> dict[str, object]:
    return {"id": id, "name": id, "deleted": False, "is_bot": False, "profile": {"email": f"{id}@acme.com"}, **own}


@pytest.mark.parametrize(
    ("looked_at", "expected"),
    [
        (
            directory(
                person("ann"),
                more=(
                    call(ASSIGNED, [{"id": "ann"}, {"id": "gone"}], appId="a1"),
                    (APPS, [{"id": "a1", "label": "Pay"}]),
                ),
            ),
            [("a1", "ann", "ann@acme.com", ""), ("a1", "gone", None, "")],
        ),
        (
            answers(
                Integration.GITHUB,
                call(MEMBERS, [{"login": "ann"}], role="admin"),
                call(MEMBERS, [{"login": "ann"}, {"login": "bob"}], filter="2fa_disabled"),
                call(COLLABORATORS, [{"login": "ann", "role_name": "write"}], owner="acme", repo="app"),
            ),
            [("", "ann", None, "admin"), ("", "bob", None, ""), ("acme/app", "ann", None, "write")],
        ),
        (
            answers(Integration.AWS, ("iam.get_credential_report", {"Content": REPORT})),
            [("", "bob", None, ""), ("", "ann", None, "password, key 2")],
        ),
        (
            answers(
                Integration.AZURE,
                (
                    "GRAPH GET /v1.0/users",
                    {
                        "value": [
                            {"id": "1", "userPrincipalName": "ann@acme.com", "accountEnabled": True},
                            {"id": "2", "userPrincipalName": "bob@acme.com", "accountEnabled": False},
                        ]
                    },
                ),
            ),
            [("", "1", "ann@acme.com", "")],
        ),
        (
            answers(
                Integration.GCP,
                (
                    "admin.directory_v1:users.list",
                    {
                        "users": [
                            {"primaryEmail": "ann@acme.com", "suspended": False, "isAdmin": True},
                            {"primaryEmail": "bob@acme.com", "suspended": True},
                        ]
                    },
                ),
            ),
            [("", "ann@acme.com", "ann@acme.com", "administrator")],
        ),
        (
            answers(
                Integration.SLACK,
                (
                    "users.list",
                    {
                        "members": [
                            slack("o", is_owner=True),
                            slack("a", is_admin=True),
                            slack("g", is_restricted=True),
                            slack("m"),
                            slack("x", deleted=True),
                        ]
                    },
                ),
            ),
            [
                ("", "o", "o@acme.com", "owner"),
                ("", "a", "a@acme.com", "administrator"),
                ("", "g", "g@acme.com", "guest"),
                ("", "m", "m@acme.com", "member"),
            ],
        ),
        (answers(Integration.JIRA), []),
    ],
    ids=lambda value: value.integration.value if isinstance(value, Answers) else "",
)
def test_every_access_is_listed_once(looked_at: Answers, expected: list[tuple[str, str, str | None, str]]) -> None:
    assert seen(looked_at) == expected


def test_an_app_is_called_by_its_label() -> None:
    looked_at = directory(
        person("ann"), more=(call(ASSIGNED, [{"id": "ann"}], appId="a1"), (APPS, [{"id": "a1", "label": "Pay"}]))
    )

    (found,) = accesses(looked_at)

    assert (found.thing_name, found.name) == ("Pay", "ann@acme.com")


@pytest.mark.parametrize("integration", sorted(REVIEWED))
def test_nobody_is_listed_of_what_was_not_read_in_whole(integration: Integration) -> None:
    with pytest.raises(Unread):
        accesses(answers(integration, unread=OPERATIONS))
