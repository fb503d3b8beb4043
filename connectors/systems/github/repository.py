"""Repositories and what belongs to each. An active one costs 17 calls besides pages, an archived one none."""

# The 17: eleven about itself, and one list each of environments, deploy keys, secrets, merged pull requests, commits
# and the latest release. To these come two calls for each newly merged pull request, one for each 50 of them, one for
# each new commit that names no pull request, and one for each file of the release. A token has 5000 calls an hour.

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from connectors.reading.listing import Answer, Arguments, Detail, Item, Listing, Operation, Place
from connectors.systems.github import calls, change, parse
from domain.facts.resource import ResourceKind

PATH = "/repos/{owner}/{repo}"
BRANCH = "/branches/{branch}"
TEAM = "GitHub Team, for private repositories"
MOST_UNSIGNED = 50
EMPTY = "git repository is empty"


def detail(key: str, operation: Operation, **more: Any) -> Detail:
    """Of active repositories only."""
    return Detail(key=key, operation=operation, applies=calls.is_active, **{"arguments": calls.of_repository(), **more})


def signed_since(item: Item, place: Place) -> Arguments:
    """From a midnight on, so that the answer stays the same while nobody commits."""
    start = datetime.combine((place.now - change.COMMITS_SPAN).date(), time(), tzinfo=place.now.tzinfo)
    return {
        **calls.repository(item),
        "sha": item["default_branch"],
        "since": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "per_page": calls.PAGE_SIZE,
    }


def signatures(pages: Sequence[Answer]) -> dict[str, Any]:
    """How many commits there are, how many are verified, and the newest that are not with the reason."""
    checks = [(one["sha"], one["commit"]["verification"]) for one in calls.joined()(pages)]
    unsigned = [{"sha": sha, "reason": check["reason"]} for sha, check in checks if not check["verified"]]
    return {
        "count": len(checks),
        "verified": len(checks) - len(unsigned),
        "unverified": unsigned[:MOST_UNSIGNED],
    }


def people(pages: Sequence[Answer]) -> list[dict[str, Any]]:
    """Who was given access, by login."""
    found = [
        {"login": one["login"], "role_name": one.get("role_name"), "permissions": one["permissions"]}
        for one in calls.joined()(pages)
    ]
    return sorted(found, key=lambda one: str(one["login"]))


def entries(pages: Sequence[Answer]) -> list[dict[str, Any]]:
    """Names and hashes of what stands in a folder; empty for one that is not there."""
    return [{key: one.get(key) for key in ("name", "path", "type", "sha")} for one in calls.joined()(pages)]


def is_on(pages: Sequence[Answer]) -> bool:
    """Whether GitHub answered, which it does with an empty body. Raises TypeError for another one."""
    if any(page is not None for page in pages):
        raise TypeError("an empty answer")
    return bool(pages)


def hide_packages(answer: Answer) -> Answer:
    """The bill of materials without its packages, which fill megabytes: what counts is that there is one."""
    found = answer["sbom"]
    return {"sbom": {"spdxVersion": found["spdxVersion"], "packages": len(found.get("packages") or [])}}


def contents(key: str, path: str) -> Detail:
    """What stands in a folder. The address for downloading carries a token, and files their content."""
    operation = calls.get(
        f"{PATH}/contents/{{path}}",
        "contents=read",
        hide=calls.dropping("download_url", "content", "_links"),
        not_set={"404": ("not found", "this repository is empty")},
    )
    return detail(key, operation, arguments=calls.of_repository(path=path), pick=entries)


DETAILS = (
    detail(
        "security_and_analysis",
        calls.get(PATH, calls.ADMINISTRATION, shows="security_and_analysis"),
        pick=lambda pages: pages[0]["security_and_analysis"],
    ),
    detail(
        "protection",
        calls.get(
            f"{PATH}{BRANCH}/protection",
            calls.ADMINISTRATION,
            plan=TEAM,
            not_set={"404": ("branch not protected", "branch not found")},
        ),
        arguments=calls.of_branch,
        pick=calls.one_of("enforce_admins"),
    ),
    detail(
        "rules",
        calls.get(f"{PATH}/rules{BRANCH}", "metadata=read", plan=TEAM),
        arguments=lambda item, place: {**calls.of_branch(item, place), "per_page": calls.PAGE_SIZE},
        pick=calls.joined(),
    ),
    detail(
        "actions_permissions",
        calls.get(f"{PATH}/actions/permissions", calls.ADMINISTRATION),
        pick=calls.one_of("enabled"),
    ),
    detail(
        # With all of them each member of the organization would come again with each repository.
        "collaborators",
        calls.get(f"{PATH}/collaborators", "metadata=read"),
        arguments=calls.of_repository(affiliation="direct", per_page=calls.PAGE_SIZE),
        pick=people,
    ),
    detail(
        "vulnerability_alerts",
        calls.get(
            f"{PATH}/vulnerability-alerts",
            calls.ADMINISTRATION,
            is_empty=True,
            not_set={"404": ("vulnerability alerts are disabled",)},
        ),
        pick=is_on,
    ),
    detail(
        "code_scanning_default_setup",
        calls.get(f"{PATH}/code-scanning/default-setup", calls.ADMINISTRATION, plan="GitHub Code Security"),
        pick=calls.one_of("state"),
    ),
    detail(
        "sbom",
        calls.get(
            f"{PATH}/dependency-graph/sbom",
            "contents=read",
            service=calls.SBOM,
            plan="the dependency graph, switched on",
            off=frozenset({"404"}),
            hide=hide_packages,
        ),
        pick=lambda pages: pages[0]["sbom"],
    ),
    detail(
        "commits",
        calls.get(f"{PATH}/commits", "contents=read", most_pages=change.MOST_COMMITS, not_set={"409": (EMPTY,)}),
        arguments=signed_since,
        pick=signatures,
    ),
    contents("contents", ""),
    contents("contents_of_github_folder", ".github"),
)
LISTINGS = (
    Listing(
        operation=calls.get("/orgs/{org}/repos", "metadata=read"),
        arguments=lambda _: {"type": "all", "per_page": calls.PAGE_SIZE},
        items=calls.listed(),
        kind=ResourceKind.GITHUB_REPOSITORY,
        parse=parse.parse_repository,
        volatile=frozenset({"commits", "pushed_at", "sbom.packages", "updated_at"}),
        details=DETAILS,
        children=(
            Listing(
                operation=calls.get(f"{PATH}/environments", "actions=read"),
                arguments=calls.below_repository(),
                items=calls.listed("environments"),
                kind=ResourceKind.GITHUB_ENVIRONMENT,
                parse=parse.parse_as(ResourceKind.GITHUB_ENVIRONMENT, "environment"),
                applies=change.is_active,
            ),
            Listing(
                operation=calls.get(f"{PATH}/keys", calls.ADMINISTRATION),
                arguments=calls.below_repository(),
                items=calls.listed(),
                kind=ResourceKind.GITHUB_DEPLOY_KEY,
                parse=parse.parse_as(ResourceKind.GITHUB_DEPLOY_KEY, "key", name="title"),
                volatile=frozenset({"last_used"}),
                applies=change.is_active,
            ),
            Listing(
                operation=calls.get(f"{PATH}/actions/secrets", "secrets=read"),
                arguments=calls.below_repository(),
                items=calls.listed("secrets"),
                kind=ResourceKind.GITHUB_SECRET,
                parse=parse.parse_secret,
                applies=change.is_active,
            ),
            *change.LISTINGS,
        ),
    ),
)
