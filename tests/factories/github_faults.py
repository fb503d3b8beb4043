"""One fault for each rule about GitHub, made in the stand-in with state."""

from typing import Any

from tests.factories.served_fault import ServedFault
from tests.fakes.github import ORG, REPO
from tests.fakes.github_cloud import GithubCloud, told

REPOSITORY, ORGANIZATION = "repository/1296269", "1"
PEOPLE = {"users": ["ann"], "teams": ["leads"], "apps": []}


class Fault(ServedFault[GithubCloud]):
    """A fault in an organization of GitHub."""


def bare_branch(cloud: GithubCloud) -> str:
    cloud.rules = []
    return REPOSITORY


def half_protected_branch(cloud: GithubCloud, **more: Any) -> str:
    """Nothing else of the protection may be lost: checks, who may push, who may pass by."""
    cloud.rules = []
    checks = {"strict": True, "contexts": [], "checks": [{"context": "test", "app_id": 15368}]}
    plain = {"required_status_checks": checks, "enforce_admins": True, "restrictions": PEOPLE}
    reviews = {
        "dismissal_restrictions": PEOPLE,
        "bypass_pull_request_allowances": PEOPLE,
        "require_code_owner_reviews": True,
        "required_approving_review_count": 2,
    }
    given = {**plain, "required_pull_request_reviews": reviews, "allow_force_pushes": True, **more}
    cloud.protection = told({**given, "required_linear_history": True})
    return REPOSITORY


def branch_without_reviews(cloud: GithubCloud) -> str:
    named = {"strict": False, "contexts": ["test"]}
    return half_protected_branch(cloud, required_pull_request_reviews=None, required_status_checks=named)


def unscanned(cloud: GithubCloud) -> str:
    cloud.repository["security_and_analysis"]["secret_scanning"] = {"status": "disabled"}
    cloud.repository["security_and_analysis"]["secret_scanning_push_protection"] = {"status": "disabled"}
    return REPOSITORY


def unalerted(cloud: GithubCloud) -> str:
    cloud.has_alerts, cloud.has_fixes = False, False
    return REPOSITORY


def public(cloud: GithubCloud) -> str:
    cloud.repository["visibility"] = "public"
    return REPOSITORY


def is_public(cloud: GithubCloud, _: dict[str, Any]) -> bool:
    return bool(cloud.repository["visibility"] == "public")


def unused_key(cloud: GithubCloud) -> str:
    used = {"created_at": "2020-01-01T00:00:00Z", "last_used": "2021-01-01T00:00:00Z"}
    cloud.keys = [{"id": 7, "title": "deploy", "key": "ssh-ed25519 AAAAC3Nz+x/y==", "read_only": False, **used}]
    return "key/7"


def has_key(cloud: GithubCloud, before: dict[str, Any]) -> bool:
    (found,) = cloud.keys
    return all(found[name] == before["config"][name] for name in ("title", "key", "read_only"))


def unsafe_members(cloud: GithubCloud) -> str:
    cloud.members |= {
        "bob": {"id": 3, "role": "member", "is_safe": False},
        "Cem": {"id": 4, "role": "admin", "is_safe": False},
    }
    return ORGANIZATION


def are_invited(cloud: GithubCloud, _: dict[str, Any]) -> bool:
    return cloud.invited == {"bob": "member", "Cem": "admin"} and list(cloud.members) == ["ann"]


def writing_token(cloud: GithubCloud) -> str:
    cloud.workflow = {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": True}
    return ORGANIZATION


def any_action(cloud: GithubCloud) -> str:
    cloud.permissions = {"enabled_repositories": "selected", "allowed_actions": "all", "sha_pinning_required": True}
    return ORGANIZATION


def writing_members(cloud: GithubCloud) -> str:
    cloud.organization["default_repository_permission"] = "admin"
    return ORGANIZATION


FAULTS = (
    Fault(rule_id="github-branch-protection", make=bare_branch),
    Fault(rule_id="github-branch-protection", name="half", make=half_protected_branch),
    Fault(rule_id="github-branch-protection", name="without-reviews", make=branch_without_reviews),
    Fault(rule_id="github-secret-scanning", make=unscanned),
    Fault(rule_id="github-dependabot-alerts", make=unalerted),
    Fault(rule_id="github-org-2fa", make=unsafe_members, is_back=are_invited),
    Fault(rule_id="github-actions-token-write", make=writing_token),
    Fault(rule_id="github-actions-unpinned", make=any_action),
    Fault(rule_id="github-deploy-key-write", make=unused_key, is_back=has_key),
    Fault(rule_id="github-repo-public", make=public, is_back=is_public, parameters={"allowed": (f"{ORG}/docs",)}),
    Fault(rule_id="github-org-default-permission", make=writing_members),
)
ALLOWED = {"allowed": (REPO,)}
