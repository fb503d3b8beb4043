"""Secrets live in a vault, never in code."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from domain.compliance.answers import Unread
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.credential_name import names_credential
from domain.compliance.instants import age, instant
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

ALERTS = "GET /orgs/{org}/secret-scanning/alerts"
# What is kept of the value of a variable in AWS whose text has the form of a credential.
LOOKS_LIKE_SECRET = "hidden; it looks like a secret"  # noqa: S105 - says that something is one
# The notice in which the owner of a secret can still replace it in working hours.
WARN_EXPIRY = timedelta(days=14)
SECRET = "SECRET"  # noqa: S105 - the type of a variable
# What of an app of DigitalOcean may have variables. Source: App Platform, app specification.
PARTS = ("services", "workers", "jobs", "functions", "static_sites")


def _github(case: Case) -> Iterator[Item]:
    """Archived repositories are not asked about; alerts on them still count."""
    for call in case.answers.calls("GET /repos/{owner}/{repo}"):
        for page in call.pages:
            yield _scanning(page["full_name"], page["security_and_analysis"] or {})
    if case.answers.is_off(ALERTS):
        yield failed(case.answers.account, "secret scanning is not switched on", "secret scanning on")
        return
    for alert in case.answers.items(ALERTS):
        if alert["state"] == "open":
            yield _alert(alert, case)


def _scanning(repository: str, settings: Mapping[str, Any]) -> Item:
    # A setting that the plan does not have is left out, and off; without any of them GitHub tells null.
    scans, stops = (
        (settings.get(name) or {}).get("status") == "enabled"
        for name in ("secret_scanning", "secret_scanning_push_protection")
    )
    if not scans:
        return failed(repository, "secret scanning is off", "secret scanning and push protection on")
    if not stops:
        return warned(repository, "push protection is off", "secret scanning and push protection on")
    return passed(repository, "secret scanning and push protection are on")


def _alert(alert: Mapping[str, Any], case: Case) -> Item:
    name = f"{alert['repository']['full_name']}/secret-scanning/{alert['number']}"
    since, most = age(alert["created_at"], case.now), timedelta(hours=case.parameters["alert_hours"])
    if alert.get("validity") == "inactive":
        return warned(name, "an open alert on a secret that is no longer valid", "no open alert")
    hours = int(since / timedelta(hours=1))
    if since <= most:
        return warned(name, f"open for {hours} hours", "no open alert")
    return failed(name, f"open for {hours} hours", f"closed within {case.parameters['alert_hours']} hours")


def _aws(case: Case) -> Iterator[Item]:
    for secret in case.answers.items("secretsmanager.list_secrets", "SecretList"):
        yield _rotated(secret, case)
    for function in case.answers.items("lambda.list_functions", "Functions"):
        environment = function.get("Environment") or {}
        if environment.get("Error"):
            raise Unread("lambda.list_functions", f"AWS does not show the variables of {function['FunctionArn']}")
        variables = environment.get("Variables") or {}
        shaped = [name for name, value in variables.items() if value == LOOKS_LIKE_SECRET or names_credential(name)]
        yield _variables(function["FunctionArn"], shaped)


def _rotated(secret: Mapping[str, Any], case: Case) -> Item:
    """A secret whose rotation is off, or has not run yet, is as old as its last change."""
    most = timedelta(days=case.parameters["rotate_days"])
    rotated = secret.get("LastRotatedDate")
    if secret.get("RotationEnabled") and rotated and age(rotated, case.now) <= most:
        return passed(secret["ARN"], f"rotated {age(rotated, case.now).days} days ago")
    moments = (rotated, secret.get("LastChangedDate"), secret["CreatedDate"])
    changed = max(instant(moment) for moment in moments if moment)
    observed = f"changed {age(changed, case.now).days} days ago, not rotated by itself"
    expected = f"rotated within {most.days} days"
    within = age(changed, case.now) <= most
    return warned(secret["ARN"], observed, expected) if within else failed(secret["ARN"], observed, expected)


def _variables(resource: str, shaped: list[str]) -> Item:
    if shaped:
        return failed(resource, f"plain variables: {', '.join(sorted(shaped))}", "credentials in a vault")
    return passed(resource, "no variable looks like a credential")


def _azure(case: Case) -> Iterator[Item]:
    for secret in case.answers.items("GET Microsoft.KeyVault/vaults/secrets", "value"):
        attributes = secret["properties"]["attributes"]
        if attributes.get("enabled") is False:
            yield passed(secret["id"], "disabled")
        else:
            yield _expiry(secret["id"], attributes.get("exp"), case)


def _expiry(resource: str, expires: float | None, case: Case) -> Item:
    if expires is None:
        return failed(resource, "never expires", "an expiry")
    left, observed = instant(expires) - case.now, f"expires on {instant(expires).date()}"
    if left <= timedelta():
        return failed(resource, observed, "an expiry to come")
    if left <= WARN_EXPIRY:
        return warned(resource, observed, f"more than {WARN_EXPIRY.days} days left")
    return passed(resource, observed)


def _gcp(case: Case) -> Iterator[Item]:
    most = timedelta(days=case.parameters["rotate_days"])
    for secret in case.answers.items("secretmanager.v1:projects.secrets.list", "secrets"):
        name, old = f"//secretmanager.googleapis.com/{secret['name']}", age(secret["createTime"], case.now)
        observed = f"neither rotation nor expiry, made {old.days} days ago"
        if secret.get("rotation") or secret.get("expireTime"):
            yield passed(name, "rotated" if secret.get("rotation") else f"expires {secret['expireTime']}")
        elif old <= most:
            yield warned(name, observed, "rotation or an expiry")
        else:
            yield failed(name, observed, "rotation or an expiry")


def _digitalocean(case: Case) -> Iterator[Item]:
    """By the names of variables: values are never kept."""
    for app in case.answers.items("GET /v2/apps", "apps"):
        spec = app["spec"]
        parts = [spec, *(part for name in PARTS for part in spec.get(name) or [])]
        variables = [variable for part in parts for variable in part.get("envs") or []]
        # A variable without a type is a plain one.
        plain = {one["key"] for one in variables if one.get("type") != SECRET and names_credential(one["key"])}
        yield _variables(app["id"], sorted(plain))


CONTROL = Control(
    id="CW-DAT-05",
    name="Secrets live in a vault, never in code",
    category="data",
    severity=Severity.CRITICAL,
    frequency=Frequency.HALF_HOURLY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC6.1", "CC6.8"),
    objective="Leaked credentials are blocked at push, found if they slip, and rotated.",
    owner_role="security",
    parameters={"alert_hours": 24, "rotate_days": 90},
    remediations=("github.enable_secret_scanning", "aws.secretsmanager.rotate"),
    procedures=(
        Procedure(
            integration=Integration.GITHUB,
            scope="repository",
            operations=("GET /repos/{owner}/{repo}", "GET /orgs/{org}/secret-scanning/alerts"),
            passes="Secret scanning and push protection are on, and no alert is open.",
            warns="An open alert is younger than alert_hours or its secret is not valid, or push protection is off.",
            fails="An alert is open for longer than alert_hours, or secret scanning is off.",
            judge=_github,
            version=2,
        ),
        Procedure(
            integration=Integration.AWS,
            scope="resource",
            operations=("secretsmanager.list_secrets", "lambda.list_functions"),
            passes=(
                "Every secret was rotated within rotate_days, and no variable of a function looks like a credential."
            ),
            warns="Rotation of a secret is off, but it was changed within rotate_days.",
            fails="A variable looks like a credential, or a secret is older than rotate_days.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="resource",
            operations=("GET Microsoft.KeyVault/vaults/secrets",),
            passes="Every enabled secret has an expiry to come.",
            warns="One expires within 14 days.",
            fails="One never expires, or has expired.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="resource",
            operations=("secretmanager.v1:projects.secrets.list",),
            passes="Every secret is rotated or expires.",
            warns="One does neither, and was made within rotate_days.",
            fails="One does neither, and is older.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="resource",
            operations=("GET /v2/apps",),
            passes="Variables that look like credentials are kept as secrets.",
            fails="A variable that looks like a credential is kept in plain.",
            judge=_digitalocean,
        ),
    ),
)
