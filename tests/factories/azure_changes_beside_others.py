"""People and applications of a directory in Azure that are judged beside what another system knows of them."""

from typing import Any, NamedTuple

from tests.factories.azure_change import ERROR, FAIL, NOTHING, PASS, WARNING, Change, ago
from tests.factories.azure_changes_of_people import FORBIDDEN, USERS, user
from tests.fakes.azure import TENANT
from tests.fakes.azure_told import Says

PRINCIPALS, GRANTS = "v1.0/servicePrincipals", "v1.0/oauth2PermissionGrants"
ELSEWHERE = "6b3c3b6e-6b62-4c0c-9d0f-6f2f1a1c0099"


class Left(NamedTuple):
    """`hours` ago the one directory that is connected has ended who has the account; None: not at all."""

    change: Change
    hours: float | None


class Approved(NamedTuple):
    """`apps` are on the register of vendors."""

    change: Change
    apps: tuple[str, ...] = ()


def granted(scope: str = "User.Read openid", *, by: str = "Principal", owner: str = ELSEWHERE) -> Says:
    """An application of another tenant that one person, or an administrator for all, let do something."""
    plain = {"id": "s1", "appId": "s1-client", "displayName": "Mailer", "appDisplayName": "Mailer"}
    principal: dict[str, Any] = {**plain, "servicePrincipalType": "Application", "accountEnabled": True}
    grant = {"id": "g1", "clientId": "s1", "resourceId": "graph", "consentType": by, "scope": scope}
    person = {"principalId": "u1" if by == "Principal" else None}
    return {
        PRINCIPALS: [{**principal, "createdDateTime": ago(90), "appOwnerOrganizationId": owner}],
        GRANTS: [{**grant, **person}],
    }


LEAVERS = (
    Left(Change("CW-IAM-09", PASS, user(), "u1", "ann@example.com has not left"), None),
    Left(Change("CW-IAM-09", WARNING, user(), "u1", "left 5 hours ago"), 5),
    # Known by the address alone.
    Left(Change("CW-IAM-09", WARNING, user(userPrincipalName="a1@example.org"), "u1", "left 5 hours ago"), 5),
    Left(Change("CW-IAM-09", FAIL, user(), "u1", "left 50 hours ago"), 50),
    Left(Change("CW-IAM-09", NOTHING, user(accountEnabled=False)), 50),
    Left(Change("CW-IAM-09", ERROR, {USERS: FORBIDDEN}, "", "User.Read.All"), 50),
)
OUTSIDERS = (
    Approved(Change("CW-VEN-01", PASS, granted("Mail.Read"), "Mailer", "on the register"), ("mailer",)),
    Approved(Change("CW-VEN-01", PASS, granted("Mail.Read"), "Mailer", "on the register"), ("s1-client",)),
    Approved(Change("CW-VEN-01", WARNING, granted(), "Mailer", "people consented to User.Read, openid")),
    Approved(Change("CW-VEN-01", FAIL, granted("Mail.Read"), "Mailer", "people consented to Mail.Read"), ("other",)),
    Approved(Change("CW-VEN-01", FAIL, granted(by="AllPrincipals"), "Mailer", "an admin consented")),
    Approved(Change("CW-VEN-01", NOTHING, granted("Mail.Read", owner=TENANT))),
    Approved(Change("CW-VEN-01", ERROR, {GRANTS: FORBIDDEN}, "", "Directory.Read.All")),
)
