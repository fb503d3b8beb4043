"""Environments are apart and production deploys are gated."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from domain.compliance.answers import Answers
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.environments import AWS_TAGS, Environment, environments_of, named, words
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

ENVIRONMENTS = "GET /repos/{owner}/{repo}/environments"
ACCOUNTS, ACCOUNT_TAGS = "organizations.list_accounts", "organizations.list_tags_for_resource"
GRAPH, SUBSCRIPTIONS = "POST Microsoft.ResourceGraph/resources", "GET /subscriptions"
PROJECTS = "cloudresourcemanager.v3:projects.search"
ASSETS = "cloudasset.v1:v1.searchAllResources"
# What a project has from the day it is made: itself, its interfaces, its log and who pays.
GIVEN = frozenset(
    f"{service}.googleapis.com" for service in ("cloudresourcemanager", "serviceusage", "logging", "cloudbilling")
)
GATED = "required reviewers, and only protected branches deploy"
APART = "resources of one environment"
MIXED = {Environment.PRODUCTION, Environment.OTHER}


def _github(case: Case) -> Iterator[Item]:
    """The environments whose name says that they are production."""
    for call in case.answers.calls(ENVIRONMENTS):
        for page in call.pages:
            for environment in page["environments"]:
                if named(environment["name"]) is Environment.PRODUCTION:
                    where = f"{call.arguments['owner']}/{call.arguments['repo']}:{environment['name']}"
                    yield _gate(where, environment)


def _gate(name: str, environment: Mapping[str, Any]) -> Item:
    # Both are left out where nothing is set. Source: REST API, "Get an environment".
    rules = {rule["type"] for rule in environment.get("protection_rules") or ()}
    branches = environment.get("deployment_branch_policy")
    said = ", ".join(sorted(rules)) or "no rules"
    if "required_reviewers" in rules and branches and branches["protected_branches"]:
        return passed(name, GATED)
    if rules or branches:
        which = "every branch deploys" if branches is None else "some branches deploy"
        return warned(name, f"{said}; {which}", GATED)
    return failed(name, said, GATED)


def _aws(case: Case) -> Iterator[Item]:
    """The account itself, by the tags of its resources and its own."""
    every = [item["Tags"] for item in case.answers.items(AWS_TAGS, "ResourceTagMappingList")]
    names, own = _account(case)
    yield _apart(case.answers.account, _told(*every, own), names, own)


def _account(case: Case) -> tuple[list[str], list[Any]]:
    """Name and tags of the account, which only the management account of its organization is told."""
    names, tags = [], []
    for one in (case.answers, *case.of(Integration.AWS)):
        if one.is_off(ACCOUNTS):
            continue
        known = [found["Name"] for found in one.items(ACCOUNTS, "Accounts") if found["Id"] == case.answers.account]
        if known:
            names += known
            tags += one.under(ACCOUNT_TAGS, "Tags", ResourceId=case.answers.account)
    return names, tags


def _azure(case: Case) -> Iterator[Item]:
    """The subscription, by the tags of its resources and its own."""
    account = case.answers.account
    rows = [row["tags"] for row in case.answers.items(GRAPH, "data") if "tags" in row]
    # The account has its id as it was typed.
    every = case.answers.items(SUBSCRIPTIONS, "value")
    itself = [one for one in every if one["subscriptionId"].lower() == account.lower()]
    names, own = [one["displayName"] for one in itself], [one.get("tags") for one in itself]
    if rows:
        yield _apart(account, _told(*rows, *own), names, *own)


def _apart(account: str, found: set[Environment], names: list[str], *own: Any) -> Item:
    said = f"resources of {words(found)}"
    if found >= MIXED:
        is_shared = Environment.SHARED in _told(*own) | {named(name) for name in names}
        return warned(account, f"{said}, for shared services", APART) if is_shared else failed(account, said, APART)
    if not found:
        return warned(account, "no tag says which environment anything belongs to", APART)
    return passed(account, f"{said} only")


def _told(*tags: Any) -> set[Environment]:
    return {environment for one in tags for environment in environments_of(one)}


def _gcp(case: Case) -> Iterator[Item]:
    """Every active project the key sees. One without label fails unless it is connected and empty."""
    for project in case.answers.items(PROJECTS, "projects"):
        if project["state"] == "ACTIVE":
            # A project without labels has no such field. Source: Resource Manager API, Project.
            yield _project(project["projectId"], environments_of(project.get("labels")), case.of(Integration.GCP))


def _project(name: str, found: set[Environment], connected: Iterable[Answers]) -> Item:
    expected = "a label naming one environment"
    if len(found) == 1:
        return passed(name, words(found))
    if found:
        return failed(name, f"labelled {words(found)}", expected)
    if any(one.account == name and _is_empty(one) for one in connected):
        return warned(name, "no label, and nothing in it", expected)
    return failed(name, "no label naming its environment", expected)


def _is_empty(project: Answers) -> bool:
    """Whether a project has nothing but what every project has. Raises as `Answers.calls`."""
    return all(found["assetType"].partition("/")[0] in GIVEN for found in project.items(ASSETS, "results"))


def _digitalocean(case: Case) -> Iterator[Item]:
    for project in case.answers.items("GET /v2/projects", "projects"):
        # Of a project that was made without one the field may be missing.
        name, environment = project["name"], project.get("environment")
        if not environment:
            yield failed(name, "no environment set", "one environment for each project")
        elif project["is_default"] and named(environment) is Environment.PRODUCTION:
            yield warned(name, "the default project holds production", "production in a project of its own")
        else:
            yield passed(name, environment)


CONTROL = Control(
    id="CW-CHG-05",
    name="Environments are apart and production deploys are gated",
    category="change",
    severity=Severity.HIGH,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC8.1", "CC6.1", "CC5.2"),
    objective="Test and live never share an account, and a person approves what goes live.",
    owner_role="engineering",
    procedures=(
        Procedure(
            integration=Integration.GITHUB,
            scope="repository",
            operations=(ENVIRONMENTS,),
            passes="Each production environment has required reviewers, and only protected branches deploy to it.",
            warns="A production environment has only a wait timer or a policy of branches, or lacks one of the two.",
            fails="A production environment has no rules.",
            judge=_github,
        ),
        Procedure(
            integration=Integration.AWS,
            scope="organization",
            operations=(ACCOUNTS, ACCOUNT_TAGS, AWS_TAGS),
            passes="No account holds resources of production and of other environments.",
            warns="Only an account for shared services does, or no tag says which environment anything belongs to.",
            fails="An account holds both.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="subscription",
            operations=(GRAPH, SUBSCRIPTIONS),
            passes="No subscription holds resources of production and of other environments.",
            warns="Only one for shared services does, or no tag says which environment anything belongs to.",
            fails="A subscription holds both.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="organization",
            operations=(PROJECTS, ASSETS),
            passes="Every project is labelled with one environment.",
            warns="A project without a label holds no resources.",
            fails="A project with resources has no label, or is labelled with several environments.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="team",
            operations=("GET /v2/projects",),
            passes="Every project has one environment.",
            warns="The default project holds production.",
            fails="A project has no environment.",
            judge=_digitalocean,
            version=2,
        ),
    ),
)
