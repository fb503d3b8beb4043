"""What is said of the apps of others."""

from datetime import timedelta
from typing import Any

import pytest

from domain.compliance.judging import judge
from domain.controls import cw_ven_01
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, case
from tests.factories.judged_module import said

PASS, WARNING, FAIL, ERROR, NONE = (
    CheckStatus.PASS,
    CheckStatus.WARNING,
    CheckStatus.FAIL,
    CheckStatus.ERROR,
    CheckStatus.NOT_APPLICABLE,
)
WEEK, LONGER = NOW - timedelta(days=7), NOW - timedelta(days=8)


def register(*apps: dict[str, Any]) -> Any:
    return answers(Integration.PLATFORM, ("platform:vendor_apps", list(apps)))


def approved(app: str, integration: Integration, *permissions: str) -> dict[str, Any]:
    return {"vendor": "a vendor", "integration": integration.value, "app": app, "permissions": list(permissions)}


ON_GITHUB = approved("Builder", Integration.GITHUB, "contents:write")


def app(level: str = "read", **other: Any) -> dict[str, Any]:
    row = {"app_slug": "builder", "permissions": {"contents": level}, "suspended_at": None}
    return {**row, "updated_at": LONGER.isoformat(), **other}


@pytest.mark.parametrize(
    ("installed", "status"),
    [
        ([app()], PASS),
        ([app("write")], PASS),
        ([app("admin")], FAIL),
        ([app("admin", updated_at=WEEK.isoformat())], WARNING),
        ([app(app_slug="other")], FAIL),
        ([app(app_slug="other", suspended_at=WEEK.isoformat())], PASS),
        ([app("unheard-of")], ERROR),
        ([], NONE),
    ],
)
def test_an_app_on_github_is_registered_and_no_wider(installed: list[Any], status: CheckStatus) -> None:
    github = answers(Integration.GITHUB, ("GET /orgs/{org}/installations", {"installations": installed}))

    assert said(cw_ven_01, github, register(ON_GITHUB)) is status


def test_the_same_name_in_another_system_is_another_app() -> None:
    github = answers(Integration.GITHUB, ("GET /orgs/{org}/installations", {"installations": [app()]}))

    assert said(cw_ven_01, github, register(approved("builder", Integration.OKTA))) is FAIL


def okta_app(**other: Any) -> dict[str, Any]:
    row = {"id": "0oa1", "name": "custom", "label": "Payroll", "status": "ACTIVE"}
    return {**row, "created": LONGER.isoformat(), **other}


@pytest.mark.parametrize(
    ("one", "status"),
    [
        (okta_app(), PASS),
        (okta_app(label="Other"), FAIL),
        (okta_app(label="Other", id="0oa2"), PASS),
        (okta_app(label="Other", created=WEEK.isoformat()), WARNING),
        (okta_app(label="Other", status="INACTIVE"), PASS),
        (okta_app(label="Okta Dashboard", name="okta_enduser"), PASS),
    ],
)
def test_an_active_app_in_okta_belongs_to_a_vendor(one: dict[str, Any], status: CheckStatus) -> None:
    listed = register(approved("payroll", Integration.OKTA), approved("0oA2", Integration.OKTA))

    assert said(cw_ven_01, answers(Integration.OKTA, ("GET /api/v1/apps", [one])), listed) is status


def log(change: str, moment: Any, **other: Any) -> dict[str, Any]:
    return {"app_id": "A1", "change_type": change, "date": str(int(moment.timestamp())), "scope": "commands", **other}


@pytest.mark.parametrize(
    ("logs", "status"),
    [
        ([log("added", LONGER)], FAIL),
        ([log("added", WEEK)], WARNING),
        ([log("expanded", WEEK), log("added", LONGER)], FAIL),
        ([log("removed", WEEK), log("added", LONGER)], PASS),
        ([log("added", LONGER, app_id="A2")], PASS),
        ([log("added", LONGER, app_id=None, service_id="B3")], FAIL),
        ([], NONE),
    ],
)
def test_an_app_that_was_added_to_slack_is_registered(logs: list[Any], status: CheckStatus) -> None:
    slack = answers(Integration.SLACK, ("team.integrationLogs", {"logs": logs}))

    assert said(cw_ven_01, slack, register(approved("A2", Integration.SLACK))) is status


def entra(owner: str | None, *grants: tuple[str, str], name: str | None = "Sheets") -> Any:
    principal = {"id": "sp", "appId": "App-1", "appDisplayName": name, "appOwnerOrganizationId": owner}
    given = [{"clientId": "sp", "consentType": by, "scope": scope} for by, scope in grants]
    return answers(
        Integration.AZURE,
        ("GRAPH GET /v1.0/organization", {"value": [{"id": "us"}]}),
        ("GRAPH GET /v1.0/servicePrincipals", {"value": [principal]}),
        ("GRAPH GET /v1.0/oauth2PermissionGrants", {"value": given}),
    )


MANY = "Mail.Read Files.Read Sites.Read.All Chat.Read User.Read Tasks.Read"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (entra("them", ("Principal", "openid User.Read")), WARNING),
        (entra("them", ("Principal", "openid"), ("Principal", MANY)), FAIL),
        (entra("them", ("AllPrincipals", "openid"), name=None), FAIL),
        (entra(None, ("AllPrincipals", "openid")), FAIL),
        (entra("them", ("AllPrincipals", "Mail.Read"), name="Calendars"), PASS),
        (entra("us", ("AllPrincipals", "Mail.Read")), NONE),
        (entra("72f988bf-86f1-41af-91ab-2d7cd011db47", ("AllPrincipals", "Mail.Read")), NONE),
        (entra("them"), NONE),
    ],
)
def test_an_application_of_others_with_grants_is_registered(asked: Any, status: CheckStatus) -> None:
    assert said(cw_ven_01, asked, register(approved("calendars", Integration.AZURE))) is status


@pytest.mark.parametrize(
    ("client", "scopes", "status"),
    [
        ("1.apps.example", ["openid", "https://www.googleapis.com/auth/userinfo.email"], WARNING),
        ("1.apps.example", ["openid", "https://www.googleapis.com/auth/drive"], FAIL),
        ("2.apps.example", ["https://mail.google.com/"], PASS),
    ],
)
def test_a_client_with_tokens_of_google_is_registered(client: str, scopes: list[str], status: CheckStatus) -> None:
    token = {"clientId": client, "displayText": "Planner", "scopes": scopes}
    google = answers(Integration.GCP, ("admin.directory_v1:tokens.list", {"items": [token]}))

    assert said(cw_ven_01, google, register(approved("2.apps.example", Integration.GCP))) is status


def test_nothing_is_said_without_the_register_or_the_apps() -> None:
    for one in cw_ven_01.CONTROL.procedures:
        read = answers(one.integration, *((operation, {}) for operation in one.operations))
        unread = answers(one.integration, unread=one.operations)

        assert judge(one, case(read, cw_ven_01.CONTROL)).status is ERROR
        assert judge(one, case(unread, cw_ven_01.CONTROL, register())).status is ERROR
