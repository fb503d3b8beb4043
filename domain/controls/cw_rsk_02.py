"""New accounts, regions and repositories are noticed and assessed.

What is left out on purpose fails here until somebody approves an exception with a reason.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.environments import environments_of
from domain.compliance.instants import age
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

ACCOUNTS, REGIONS = "organizations.list_accounts", "account.list_regions"
SUBSCRIPTIONS, PROJECTS = "GET /subscriptions", "cloudresourcemanager.v3:projects.search"
TEAM_PROJECTS, REPOSITORIES = "GET /v2/projects", "GET /orgs/{org}/repos"
CONNECTED, CLASSIFIED = "connected, or excepted with a reason", "a topic or property saying what it is"
# An account that is so new is still being set up.
SETTLING = timedelta(days=3)
OPTED_IN = frozenset({"ENABLED", "ENABLING"})
CRITICALITY = frozenset({"critical", "high", "medium", "low", "non-critical"})


def _aws(case: Case) -> Iterator[Item]:
    """Accounts are told to the management account only; every account knows the regions it has opted into."""
    if not case.answers.is_off(ACCOUNTS):
        known = _connected(case, Integration.AWS)
        for account in case.answers.items(ACCOUNTS, "Accounts"):
            # `State` takes the place of `Status` in September 2026. Source: Organizations API reference, Account.
            if "ACTIVE" in (account.get("Status"), account.get("State")):
                yield _account(case, account, known)
    for region in case.answers.items(REGIONS, "Regions"):
        name, status = region["RegionName"], region["RegionOptStatus"]
        if status in OPTED_IN:
            yield failed(name, f"opted into: {status}", "only regions that are open anyway")
        else:
            yield passed(name, status)


def _account(case: Case, account: Mapping[str, Any], known: set[str]) -> Item:
    name, joined = account["Id"], account["JoinedTimestamp"]
    if name not in known and age(joined, case.now) <= SETTLING:
        return passed(name, f"joined {joined}, being set up")
    return _noticed(case, name, name in known, joined)


def _azure(case: Case) -> Iterator[Item]:
    """Azure does not tell since when a subscription is there: one that is not connected fails at once."""
    known = {account.lower() for account in _connected(case, Integration.AZURE)}
    for one in case.answers.items(SUBSCRIPTIONS, "value"):
        if one["state"] == "Enabled":
            name = one["subscriptionId"]
            is_known = name.lower() in known
            yield passed(name, "connected") if is_known else failed(name, "not connected", CONNECTED)


def _gcp(case: Case) -> Iterator[Item]:
    known = _connected(case, Integration.GCP)
    for project in case.answers.items(PROJECTS, "projects"):
        if project["state"] == "ACTIVE":
            name = project["projectId"]
            yield _noticed(case, name, name in known, project["createTime"])


def _digitalocean(case: Case) -> Iterator[Item]:
    """All projects of a team are read with it: one is tracked when somebody has said which environment it is."""
    for project in case.answers.items(TEAM_PROJECTS, "projects"):
        # Of a project that was made without one the field may be missing.
        expected, environment = "an environment", project.get("environment")
        if environment:
            yield passed(project["id"], environment)
        else:
            yield _due(case, project["id"], "no environment set", expected, project["created_at"])


def _github(case: Case) -> Iterator[Item]:
    """A repository is classified by a topic that names its environment or how critical it is, or by a property."""
    for one in case.answers.items(REPOSITORIES):
        if one["archived"]:
            continue
        name = one["full_name"]
        if one["visibility"] == "public":
            yield failed(name, "public", "public by an approved exception only")
        elif _is_classified(one):
            yield passed(name, f"{one['visibility']}, classified")
        else:
            yield _due(case, name, "not classified", CLASSIFIED, one["created_at"])


def _is_classified(repository: Mapping[str, Any]) -> bool:
    topics = repository.get("topics") or []
    properties = repository.get("custom_properties") or {}
    return bool(environments_of(topics)) or bool(CRITICALITY & set(topics)) or any(properties.values())


def _noticed(case: Case, name: str, is_connected: bool, since: str) -> Item:
    return passed(name, "connected") if is_connected else _due(case, name, "not connected", CONNECTED, since)


def _due(case: Case, name: str, said: str, expected: str, since: str) -> Item:
    say = warned if age(since, case.now) <= timedelta(days=case.parameters["onboard_days"]) else failed
    return say(name, f"{said}, there since {since[:10]}", expected)


def _connected(case: Case, integration: Integration) -> set[str]:
    return {one.account for one in case.of(integration)}


CONTROL = Control(
    id="CW-RSK-02",
    name="New accounts, regions and repositories are noticed and assessed",
    category="risk",
    severity=Severity.HIGH,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC3.4", "CC6.1", "CC9.1"),
    objective="Nothing joins the estate unseen.",
    owner_role="security",
    parameters={"onboard_days": 7},
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="organization",
            operations=(ACCOUNTS, REGIONS),
            passes=(
                "Each active account is connected or excepted within 3 days, and no region is opted into without an "
                "exception."
            ),
            warns="An account is not connected between 3 and onboard_days.",
            fails="An account is not connected after onboard_days, or a region was opted into.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="organization",
            operations=(SUBSCRIPTIONS,),
            passes="Each enabled subscription is connected or excepted.",
            fails="A subscription is not connected; Azure does not tell since when it is there.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="organization",
            operations=(PROJECTS,),
            passes="Each active project is connected or excepted.",
            warns="A project is not connected within onboard_days.",
            fails="A project is not connected after onboard_days.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="team",
            operations=(TEAM_PROJECTS,),
            passes="Each project says which environment it is.",
            warns="A project does not say so within onboard_days.",
            fails="A project does not say so after onboard_days.",
            judge=_digitalocean,
            version=2,
        ),
        Procedure(
            integration=Integration.GITHUB,
            scope="organization",
            operations=(REPOSITORIES,),
            passes=(
                "Each repository that is not archived is classified, and none is public without an approved exception."
            ),
            warns="A repository is not classified within onboard_days.",
            fails="A repository is not classified after onboard_days, or is public.",
            judge=_github,
        ),
    ),
)
