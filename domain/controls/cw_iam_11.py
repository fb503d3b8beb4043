"""Workloads carry roles, not keys."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.instants import age, instant
from domain.compliance.policy_document import statements, texts
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

ISSUER = "token.actions.githubusercontent.com"
SUBJECT = f"{ISSUER}:sub"
# The operators that demand one of the values, be it with the prefix for keys of many values; others let in more.
# Source: IAM user guide, "IAM JSON policy elements: Condition operators".
PINNING = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike"})
GONE = frozenset({"terminated", "shutting-down"})
ACCOUNT_KEYS = "iam.v1:projects.serviceAccounts.keys.list"
SECRETS, REPOSITORY_SECRETS = "GET /orgs/{org}/actions/secrets", "GET /repos/{owner}/{repo}/actions/secrets"
# How long a key that stands in a secret is young.
SECRET_DAYS, EXCUSED_KEYS = 90, 2


def _aws(case: Case) -> Iterator[Item]:
    """Every instance that is not gone, whether or not it calls AWS, and every role that trusts GitHub."""
    case.answers.calls("iam.list_open_id_connect_providers")
    for reservation in case.answers.items("ec2.describe_instances", "Reservations"):
        for instance in reservation["Instances"]:
            if instance["State"]["Name"] not in GONE:
                yield _instance(instance)
    for role in case.answers.items("iam.list_roles", "Roles"):
        trusting = [one for one in statements(role["AssumeRolePolicyDocument"]) if _trusts_github(one)]
        if trusting:
            yield _role(role["Arn"], [_pins(one) for one in trusting])


def _instance(instance: Any) -> Item:
    """Without a profile the field is left out."""
    if instance.get("IamInstanceProfile"):
        return passed(instance["InstanceId"], "a role by its profile")
    return warned(instance["InstanceId"], "no profile", "a role by its profile")


def _trusts_github(statement: Any) -> bool:
    # A principal is "*" or a mapping; only a mapping names a provider.
    principal = statement.get("Principal")
    providers = texts(principal.get("Federated")) if isinstance(principal, dict) else []
    return statement["Effect"] == "Allow" and any(one.endswith(f"oidc-provider/{ISSUER}") for one in providers)


def _role(arn: str, found: list[str]) -> Item:
    expected = f"{SUBJECT} pinned to a repository"
    if "" in found or "*" in found:
        return failed(arn, "GitHub Actions of any organization may take the role", expected)
    if any(one.endswith("/*") for one in found):
        return warned(arn, "every repository of an organization may take the role", expected)
    return passed(arn, f"only {', '.join(sorted(found))} may take the role")


def _pins(statement: Any) -> str:
    """The widest owner/repository a statement lets in; "" without a condition on the subject, "*" for everybody."""
    named = [
        _repository(value)
        for operator, keys in (statement.get("Condition") or {}).items()
        for key, values in keys.items()
        if key.lower() == SUBJECT and operator.removeprefix("ForAnyValue:") in PINNING
        for value in texts(values)
    ]
    return min(named, key=_width, default="")


def _repository(subject: str) -> str:
    """Of repo:owner/name:context. What is no such subject lets in any organization, as far as can be told."""
    kind, _, rest = subject.partition(":")
    owner, _, name = rest.partition(":")[0].partition("/")
    if kind != "repo" or not owner or _is_wild(owner):
        return "*"
    return f"{owner}/*" if not name or _is_wild(name) else f"{owner}/{name}"


def _is_wild(text: str) -> bool:
    return "*" in text or "?" in text


def _width(repository: str) -> int:
    return 0 if repository == "*" else 1 if repository.endswith("/*") else 2


def _azure(case: Case) -> Iterator[Item]:
    """An application that nobody is sent back to is one for programs."""
    for machine in case.answers.items("GET Microsoft.Compute/virtualMachines", "value"):
        # Left out for a machine without an identity.
        if (machine.get("identity") or {}).get("type", "None") == "None":
            yield warned(machine["id"], "no managed identity", "a managed identity")
        else:
            yield passed(machine["id"], "a managed identity")
    for application in case.answers.items("GRAPH GET /v1.0/applications", "value"):
        if not application["web"]["redirectUris"]:
            yield _program(application, case.now)


def _program(application: Any, now: datetime) -> Item:
    name, resource = application["displayName"], application["id"]
    live = [one for one in application["passwordCredentials"] if instant(one["endDateTime"]) > now]
    if not live:
        return passed(resource, f"{name} has no client secret")
    observed = f"{name} has {len(live)} client secrets"
    if application.get("federatedIdentityCredentials"):
        return warned(resource, f"{observed} beside federated credentials", "federated credentials alone")
    return failed(resource, observed, "federated credentials")


def _gcp(case: Case) -> Iterator[Item]:
    """Whether an exception is on file is not known here: each key is a fault that an exception may cover, and too many
    are one of the project's own.
    """
    keys = [key for key in case.answers.items(ACCOUNT_KEYS, "keys") if key["keyType"] == "USER_MANAGED"]
    # False is left out of answers.
    live = [key for key in keys if not key.get("disabled", False)]
    for key in live:
        yield failed(key["name"], "a key that people made", "a workload identity, or an exception on file")
    if len(live) > EXCUSED_KEYS:
        yield failed(case.answers.account, f"{len(live)} keys that people made", f"at most {EXCUSED_KEYS}")
    if not live:
        yield passed(case.answers.account, "no key that people made")


def _github(case: Case) -> Iterator[Item]:
    for call in (*case.answers.calls(SECRETS), *case.answers.calls(REPOSITORY_SECRETS)):
        owner, name = call.arguments.get("owner"), call.arguments.get("repo")
        where = f"{owner}/{name}" if name else "organization"
        for secret in (one for page in call.pages for one in page["secrets"]):
            yield _secret(f"{where}/secrets/{secret['name']}", secret, case)


def _secret(resource: str, secret: Any, case: Case) -> Item:
    name = secret["name"].upper()
    found = next((one for one in case.parameters["secret_name_patterns"] if one.upper() in name), None)
    if found is None:
        return passed(resource, "not named like a key of a cloud")
    days = age(secret["updated_at"], case.now)
    observed, expected = f"named like {found}, {days.days} days old", "a short-lived identity by OpenID Connect"
    if days > timedelta(days=SECRET_DAYS):
        return failed(resource, observed, expected)
    return warned(resource, observed, expected)


CONTROL = Control(
    id="CW-IAM-11",
    name="Workloads carry roles, not keys",
    category="identity",
    severity=Severity.HIGH,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC6.1", "CC6.3"),
    objective="Machines get short-lived identity from the platform they run on.",
    owner_role="security",
    parameters={
        "secret_name_patterns": [
            "AWS_SECRET_ACCESS_KEY",
            "AZURE_CLIENT_SECRET",
            "GCP_SA_KEY",
            "GOOGLE_CREDENTIALS",
            "DIGITALOCEAN_ACCESS_TOKEN",
        ]
    },
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="resource",
            operations=(
                "ec2.describe_instances",
                "iam.list_open_id_connect_providers",
                "iam.list_roles",
            ),
            passes=(
                "Every instance has a profile, and every role that trusts GitHub Actions is for named repositories "
                "only."
            ),
            warns="An instance has no profile, or a role trusts every repository of an organization.",
            fails="A role trusts GitHub Actions without a condition on the subject, or of any organization.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="resource",
            operations=(
                "GET Microsoft.Compute/virtualMachines",
                "GRAPH GET /v1.0/applications",
            ),
            passes=("Every machine has a managed identity, and no application for programs has a client secret."),
            warns=("A machine has no managed identity, or an application has a secret beside federated credentials."),
            fails="An application for programs has only a client secret.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="project",
            operations=(
                "iam.v1:projects.serviceAccounts.keys.list",
                "iam.v1:projects.locations.workloadIdentityPools.list",
            ),
            passes="No service account has a key that people made.",
            fails=("A service account has such a key; up to 2 may be covered by exceptions, one for each key."),
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.GITHUB,
            scope="organization",
            operations=(
                "GET /orgs/{org}/actions/secrets",
                "GET /repos/{owner}/{repo}/actions/secrets",
            ),
            passes="No secret of Actions is named like a long-lived key of a cloud.",
            warns="Such a secret was updated within 90 days.",
            fails="Such a secret is older than 90 days.",
            judge=_github,
        ),
    ),
)
