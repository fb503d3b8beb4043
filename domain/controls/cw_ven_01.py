"""Third-party access matches the vendor register.

Apps are compared with the register of vendors, our own `platform:vendor_apps`. In Azure only delegated grants are read,
in Google Cloud only the tokens that people have given out; widening is judged by when GitHub last changed the app.
"""

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.instants import age, instant
from domain.compliance.own_rows import own_rows
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

REGISTER = "platform:vendor_apps"
INSTALLED, APPS, CHANGES = "GET /orgs/{org}/installations", "GET /api/v1/apps", "team.integrationLogs"
TENANT, PRINCIPALS = "GRAPH GET /v1.0/organization", "GRAPH GET /v1.0/servicePrincipals"
GRANTS, TOKENS = "GRAPH GET /v1.0/oauth2PermissionGrants", "admin.directory_v1:tokens.list"
NEW = timedelta(days=7)
LISTED = "on the register of vendors"
LEVELS = ("read", "write", "admin")
# Okta's own consoles and plugins, which every organization has. Source: Okta, "Built-in Okta apps".
OKTA_ITSELF = frozenset({"saasure", "okta_enduser", "okta_browser_plugin"})
# The tenants of Microsoft's own applications. Source: Entra ID, "Verify first-party Microsoft applications".
MICROSOFT = frozenset({"f8cdef31-a31e-4b4a-93e4-5f571e91255a", "72f988bf-86f1-41af-91ab-2d7cd011db47"})
# Who somebody is, and no more.
HARMLESS = frozenset({"openid", "profile", "email", "offline_access", "user.read"})
GOOGLE_HARMLESS = frozenset(
    {
        "openid",
        "email",
        "profile",
        "https://www.googleapis.com/auth/userinfo.email",
        "https://www.googleapis.com/auth/userinfo.profile",
    }
)


def _register(case: Case, integration: Integration) -> dict[str, frozenset[str]]:
    """What is approved for each app of this system, in lower case."""
    rows = [row for row in own_rows(case, REGISTER) if row["integration"] == integration]
    return {row["app"].lower(): frozenset(map(str.lower, row["permissions"])) for row in rows}


def _github(case: Case) -> Iterator[Item]:
    register = _register(case, Integration.GITHUB)
    for app in case.answers.items(INSTALLED, "installations"):
        name = app["app_slug"]
        if app["suspended_at"] is not None:
            yield passed(name, "suspended")
        elif name.lower() not in register:
            yield failed(name, "not on the register", LISTED)
        else:
            yield _width(app, register[name.lower()], case)


def _width(app: dict[str, Any], approved: frozenset[str], case: Case) -> Item:
    wider = sorted(
        f"{name}:{level}" for name, level in app["permissions"].items() if not _allows(approved, name, level)
    )
    if not wider:
        return passed(app["app_slug"], "no wider than approved")
    say = warned if age(app["updated_at"], case.now) <= NEW else failed
    return say(app["app_slug"], f"may {', '.join(wider)}", "no wider than approved")


def _allows(approved: frozenset[str], name: str, level: str) -> bool:
    return any(f"{name}:{higher}" in approved for higher in LEVELS[LEVELS.index(level) :])


def _okta(case: Case) -> Iterator[Item]:
    register = _register(case, Integration.OKTA)
    for app in case.answers.items(APPS):
        label = app["label"]
        if app["status"] != "ACTIVE" or app["name"] in OKTA_ITSELF:
            yield passed(label, "not active" if app["status"] != "ACTIVE" else "Okta itself")
        elif {label.lower(), app["id"].lower()} & register.keys():
            yield passed(label, LISTED)
        else:
            yield _unlisted(label, app["created"], case)


def _unlisted(name: str, since: Any, case: Case) -> Item:
    say = warned if age(since, case.now) <= NEW else failed
    return say(name, f"not on the register, since {instant(since):%Y-%m-%d}", LISTED)


def _slack(case: Case) -> Iterator[Item]:
    register = _register(case, Integration.SLACK)
    newest_last = sorted(case.answers.items(CHANGES, "logs"), key=lambda log: float(log["date"]))
    by_app: dict[str, list[Any]] = {}
    for log in newest_last:
        by_app.setdefault(str(log.get("app_id") or log["service_id"]), []).append(log)
    for app, logs in by_app.items():
        if logs[-1]["change_type"] in ("removed", "disabled"):
            yield passed(app, logs[-1]["change_type"])
        else:
            listed = app.lower() in register
            yield passed(app, LISTED) if listed else _unlisted(app, float(logs[0]["date"]), case)


def _azure(case: Case) -> Iterator[Item]:
    register = _register(case, Integration.AZURE)
    ours = {one["id"] for one in case.answers.items(TENANT, "value")} | MICROSOFT
    grants: dict[str, list[Any]] = {}
    for grant in case.answers.items(GRANTS, "value"):
        grants.setdefault(grant["clientId"], []).append(grant)
    for one in case.answers.items(PRINCIPALS, "value"):
        if one["appOwnerOrganizationId"] not in ours and one["id"] in grants:
            yield _principal(one, grants[one["id"]], register.keys())


def _principal(principal: dict[str, Any], grants: list[Any], register: Collection[str]) -> Item:
    name = principal["appDisplayName"] or principal["appId"]
    if {name.lower(), principal["appId"].lower()} & set(register):
        return passed(name, LISTED)
    scopes = {scope for grant in grants for scope in (grant["scope"] or "").split()}
    if any(grant["consentType"] == "AllPrincipals" for grant in grants):
        return failed(name, f"not on the register, an admin consented to {_few(scopes)}", LISTED)
    say = warned if {scope.lower() for scope in scopes} <= HARMLESS else failed
    return say(name, f"not on the register, people consented to {_few(scopes)}", LISTED)


def _few(scopes: Collection[str]) -> str:
    return ", ".join(sorted(scopes)[:5]) + (" and more" if len(scopes) > 5 else "")


def _gcp(case: Case) -> Iterator[Item]:
    register = _register(case, Integration.GCP)
    held: dict[tuple[str, str], set[str]] = {}
    for token in case.answers.items(TOKENS, "items"):
        held.setdefault((token["clientId"], token["displayText"]), set()).update(token["scopes"])
    for (client, shown), scopes in held.items():
        name = f"{shown} ({client})"
        if {client.lower(), shown.lower()} & register.keys():
            yield passed(name, LISTED)
        else:
            say = warned if scopes <= GOOGLE_HARMLESS else failed
            yield say(name, f"not on the register, holds {_few(scopes)}", LISTED)


CONTROL = Control(
    id="CW-VEN-01",
    name="Third-party access matches the vendor register",
    category="vendor",
    severity=Severity.HIGH,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC9.2", "CC6.3"),
    objective="Apps and integrations that can touch our data are exactly those we approved.",
    owner_role="security",
    remediations=("github.suspend_app", "gcp.revoke_token"),
    procedures=(
        Procedure(
            integration=Integration.GITHUB,
            scope="organization",
            operations=("GET /orgs/{org}/installations",),
            passes="Every installed app is on the register with no wider permission than approved, or is suspended.",
            warns="An app may do more than approved since at most 7 days.",
            fails="An app is not on the register, or may do more than approved for longer.",
            judge=_github,
        ),
        Procedure(
            integration=Integration.OKTA,
            scope="organization",
            operations=("GET /api/v1/apps",),
            passes="Every ACTIVE app belongs to a vendor on the register.",
            warns="One does not, and was created within 7 days.",
            fails="One does not, and is older.",
            judge=_okta,
        ),
        Procedure(
            integration=Integration.SLACK,
            scope="workspace",
            operations=("team.integrationLogs",),
            passes="Every app that was added is on the register.",
            warns="One is not, and was added within 7 days.",
            fails="One is not, and was added earlier.",
            judge=_slack,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="organization",
            operations=(
                "GRAPH GET /v1.0/servicePrincipals",
                "GRAPH GET /v1.0/oauth2PermissionGrants",
                "GRAPH GET /v1.0/organization",
            ),
            passes="Every application of others that was granted something is on the register.",
            warns="One is not, and people consented to no more than who they are.",
            fails="One is not, and an admin consented to it, or people to more than who they are.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="organization",
            operations=("admin.directory_v1:tokens.list",),
            passes="Everything people have given access to is on the register.",
            warns="A client that is not holds profile scopes only.",
            fails="A client that is not holds other scopes: mail, drive, cloud or the like.",
            judge=_gcp,
        ),
    ),
)
