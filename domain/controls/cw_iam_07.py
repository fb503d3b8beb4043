"""Least privilege and few administrators."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from domain.compliance.aws_access import Granted, administrators, granted
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.instants import age
from domain.compliance.slack_people import live_people
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

ANALYZERS, FINDINGS = "accessanalyzer.list_analyzers", "accessanalyzer.list_findings_v2"
# Source: IAM Access Analyzer API reference, AnalyzerSummary.type and FindingSummaryV2.findingType.
EXTERNAL_ANALYZERS, EXTERNAL = frozenset({"ACCOUNT", "ORGANIZATION"}), "ExternalAccess"
UNUSED, EXTERNAL_DAYS = "Unused", 7
ASSIGNMENTS = "GET Microsoft.Authorization/roleAssignments"
DEFINITIONS = "GET Microsoft.Authorization/roleDefinitions"
# Source: "Azure built-in roles", Owner.
OWNER, SUBSCRIPTION = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", re.compile(r"/subscriptions/[^/]+/?", re.IGNORECASE)
TOLERATED_OWNERS = 2
EVERYBODY = frozenset({"allUsers", "allAuthenticatedUsers"})
# Accounts that Google makes for a project. Source: "Types of service accounts".
DEFAULTS = (
    "-compute@developer.gserviceaccount.com",
    "@appspot.gserviceaccount.com",
    "@cloudservices.gserviceaccount.com",
)
AGENT = re.compile(r"serviceAccount:service-\d+@")
ORGANIZATION, MEMBERS = "GET /orgs/{org}", "GET /orgs/{org}/members"
ADMINS, ROLES = "GET /api/v1/iam/assignees/users", "GET /api/v1/users/{userId}/roles"
# One alone is a person whose absence locks everybody out.
FEWEST = 2
FEW_ADMINS, ADMIN_SHARE = 5, 0.1


def _aws(case: Case) -> Iterator[Item]:
    for policy in granted(case.answers):
        yield _policy(policy)
    holders, most = len(administrators(case.answers)), case.parameters["admin_max"]
    observed = f"{holders} users and roles are administrators"
    if holders > most:
        yield warned(case.answers.account, observed, f"at most {most}")
    else:
        yield passed(case.answers.account, observed)
    yield from _analyzed(case)


def _policy(policy: Granted) -> Item:
    what = "an attached policy" if policy.is_attached else "a policy of its own"
    if policy.gives_everything:
        return failed(policy.arn, f"{what} allows everything", "named actions or named resources")
    return passed(policy.arn, f"{what} does not allow everything")


def _analyzed(case: Case) -> Iterator[Item]:
    analyzers = case.answers.items(ANALYZERS, "analyzers")
    active = [one for one in analyzers if one["status"] == "ACTIVE" and one["type"] in EXTERNAL_ANALYZERS]
    for one in active:
        yield passed(one["arn"], "an analyzer of access from outside is active")
    if not active:
        yield warned(case.answers.account, "no analyzer of access from outside is active", "an active analyzer")
    for finding in case.answers.items(FINDINGS, "findings"):
        yield _finding(finding, age(finding["createdAt"], case.now))


def _finding(finding: Any, old: timedelta) -> Item:
    """Only open ones are read. Of what is found within the account only what nobody uses counts."""
    kind = finding["findingType"]
    observed = f"{kind} of {finding.get('resource', 'a resource')}, {old.days} days old"
    if kind == EXTERNAL and old > timedelta(days=EXTERNAL_DAYS):
        return failed(finding["id"], observed, "settled or archived")
    if kind == EXTERNAL or kind.startswith(UNUSED):
        return warned(finding["id"], observed, "settled or archived")
    return passed(finding["id"], observed)


def _azure(case: Case) -> Iterator[Item]:
    """Owners of a management group, who own the subscription as well, are not counted."""
    most, properties = (
        case.parameters["owner_max"],
        [one["properties"] for one in case.answers.items(ASSIGNMENTS, "value")],
    )
    owners = {one["principalId"] for one in properties if _is_owner(one)}
    resource, observed = f"/subscriptions/{case.answers.account}", f"{len(owners)} owners of the subscription"
    if len(owners) <= most:
        yield passed(resource, observed)
    elif len(owners) <= most + TOLERATED_OWNERS:
        yield warned(resource, observed, f"at most {most}")
    else:
        yield failed(resource, observed, f"at most {most}")
    for role in case.answers.items(DEFINITIONS, "value"):
        if role["properties"]["type"] != "CustomRole":
            continue
        name = role["properties"]["roleName"]
        if any("*" in one["actions"] for one in role["properties"]["permissions"]):
            yield failed(role["id"], f"the role {name} allows every action", "named actions")
        else:
            yield passed(role["id"], f"the role {name} names its actions")


def _is_owner(assignment: Any) -> bool:
    return bool(assignment["roleDefinitionId"].lower().endswith(OWNER) and SUBSCRIPTION.fullmatch(assignment["scope"]))


def _gcp(case: Case) -> Iterator[Item]:
    most = case.parameters["owner_max"]
    bindings = list(case.answers.items("cloudresourcemanager.v3:projects.getIamPolicy", "bindings"))
    for binding in bindings:
        for member in binding["members"]:
            yield _member(member, binding["role"], case.answers.account)
    owners = {member for one in bindings if one["role"] == "roles/owner" for member in one["members"]}
    if len(owners) > most:
        yield warned(case.answers.account, f"{len(owners)} owners", f"at most {most}")
    else:
        yield passed(case.answers.account, f"{len(owners)} owners")


def _member(member: str, role: str, project: str) -> Item:
    """Accounts that Google made for itself or for a service are told by their names."""
    observed = f"{member} has {role}"
    if member in EVERYBODY:
        return failed(member, observed, "named people and accounts")
    if role not in ("roles/owner", "roles/editor"):
        return passed(member, observed)
    is_account = member.startswith("serviceAccount:")
    is_yours = member.endswith(f"@{project}.iam.gserviceaccount.com")
    is_of_google = member.endswith(DEFAULTS) or (AGENT.match(member) is not None and not is_yours)
    if is_account and (role == "roles/owner" or not is_of_google):
        return failed(member, observed, "a narrower role")
    return warned(member, observed, "a narrower role") if role == "roles/editor" else passed(member, observed)


def _github(case: Case) -> Iterator[Item]:
    organization, most = case.answers.asked(ORGANIZATION)[0].pages[0], case.parameters["github_owner_max"]
    resource, granted = str(organization["id"]), organization["default_repository_permission"]
    if granted in ("none", "read"):
        yield passed(resource, f"members may {granted} every repository")
    else:
        yield failed(resource, f"members may {granted} every repository", "read at most")
    owners = [one for call in case.answers.asked(MEMBERS, role="admin") for page in call.pages for one in page]
    if FEWEST <= len(owners) <= most:
        yield passed(resource, f"{len(owners)} owners")
    else:
        yield warned(resource, f"{len(owners)} owners", f"between {FEWEST} and {most}")


def _okta(case: Case) -> Iterator[Item]:
    most, roles = case.parameters["super_admin_max"], case.answers.by(ROLES, "userId")
    # An administrator whose roles were not asked for is not in the mapping: KeyError.
    admins = {one["id"] for one in case.answers.items(ADMINS, "value")}
    supers = [id for id in admins if any(_is_super(role) for page in roles[id] for role in page)]
    observed = f"{len(supers)} super administrators"
    if FEWEST <= len(supers) <= most:
        yield passed(case.answers.account, observed)
    elif len(supers) <= most + 1:
        yield warned(case.answers.account, observed, f"between {FEWEST} and {most}")
    else:
        yield failed(case.answers.account, observed, f"between {FEWEST} and {most}")


def _is_super(role: Any) -> bool:
    return bool(role["type"] == "SUPER_ADMIN" and role["status"] == "ACTIVE")


def _slack(case: Case) -> Iterator[Item]:
    people = live_people(case.answers)
    admins = [one for one in people if one["is_admin"] or one["is_owner"]]
    observed = f"{len(admins)} of {len(people)} people are administrators or owners"
    if len(admins) <= FEW_ADMINS or len(admins) <= ADMIN_SHARE * len(people):
        yield passed(case.answers.account, observed)
    else:
        yield failed(case.answers.account, observed, "at most 5, or one in ten")


CONTROL = Control(
    id="CW-IAM-07",
    name="Least privilege and few administrators",
    category="identity",
    severity=Severity.HIGH,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC6.3", "CC5.2"),
    objective="Full control is rare, deliberate and never granted by wildcard.",
    owner_role="security",
    parameters={"admin_max": 5, "owner_max": 3, "github_owner_max": 5, "super_admin_max": 4},
    remediations=(
        "aws.iam.detach_admin_policy",
        "aws.accessanalyzer.create_analyzer",
        "github.set_default_permission_read",
    ),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="account",
            operations=(
                "iam.get_account_authorization_details",
                "iam.list_entities_for_policy",
                "accessanalyzer.list_analyzers",
                "accessanalyzer.list_findings_v2",
            ),
            passes=(
                "No policy of yours allows everything, at most admin_max hold AdministratorAccess, and an active "
                "analyzer finds no access from outside."
            ),
            warns=(
                "More than admin_max are administrators, no analyzer is active, or it has open findings of unused "
                "access or new ones from outside."
            ),
            fails=(
                "A policy in use allows everything, or a finding of access from outside has been open for more than 7"
                " days."
            ),
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="subscription",
            operations=(
                "GET Microsoft.Authorization/roleAssignments",
                "GET Microsoft.Authorization/roleDefinitions",
            ),
            passes="The subscription has at most owner_max owners, and no role of yours allows every action.",
            warns="The subscription has one or two owners more than owner_max.",
            fails="The subscription has still more owners, or a role of yours allows every action.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="project",
            operations=("cloudresourcemanager.v3:projects.getIamPolicy",),
            passes=(
                "Nobody has roles/editor, at most owner_max have roles/owner, and nothing is granted to everybody."
            ),
            warns=(
                "Somebody, or a default service account, has roles/editor, or more than owner_max have roles/owner."
            ),
            fails=(
                "Something is granted to everybody, a service account has roles/owner, or one of yours roles/editor."
            ),
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.GITHUB,
            scope="organization",
            operations=(
                "GET /orgs/{org}",
                "GET /orgs/{org}/members",
            ),
            passes=("Members may at most read every repository, and there are between 2 and github_owner_max owners."),
            warns="There are fewer owners than 2, or more than github_owner_max.",
            fails="Members may write to every repository, or administer it.",
            judge=_github,
        ),
        Procedure(
            integration=Integration.OKTA,
            scope="organization",
            operations=(
                "GET /api/v1/iam/assignees/users",
                "GET /api/v1/users/{userId}/roles",
            ),
            passes="There are between 2 and super_admin_max super administrators.",
            warns="There is one super administrator too many, or fewer than 2.",
            fails="There are two or more super administrators too many.",
            judge=_okta,
        ),
        Procedure(
            integration=Integration.SLACK,
            scope="workspace",
            operations=("users.list",),
            passes="At most 5 people, or one in ten, are administrators or owners.",
            fails="More than 5 people, and more than one in ten, are administrators or owners.",
            judge=_slack,
        ),
    ),
)
