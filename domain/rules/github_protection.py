"""The protection of a branch as GitHub tells it, and as it takes it. No rules here.

Source: docs.github.com, REST "Get branch protection" and "Update branch protection".
"""

from collections.abc import Mapping
from typing import Any

# What is told as {"enabled": true} and taken as true.
SWITCHES = (
    "required_linear_history",
    "allow_force_pushes",
    "allow_deletions",
    "block_creations",
    "required_conversation_resolution",
    "lock_branch",
    "allow_fork_syncing",
)
REVIEWS = (
    "dismiss_stale_reviews",
    "require_code_owner_reviews",
    "required_approving_review_count",
    "require_last_push_approval",
)
# How people, teams and apps are called where they are taken.
NAMES = {"users": "login", "teams": "slug", "apps": "slug"}
# Taken as a check that any app may report.
ANY_APP = -1


def as_taken(told: Mapping[str, Any]) -> dict[str, Any]:
    """The same protection as the body of the call that sets it: what this lacks, that call would take away."""
    return {
        "required_status_checks": _checks(told.get("required_status_checks")),
        "enforce_admins": (told.get("enforce_admins") or {}).get("enabled"),
        "required_pull_request_reviews": reviews_taken(told.get("required_pull_request_reviews")),
        "restrictions": _people(told.get("restrictions")),
        **{name: told[name]["enabled"] for name in SWITCHES if told.get(name)},
    }


def reviews_taken(told: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The part about reviews; None where there is none."""
    if told is None:
        return None
    groups = ("dismissal_restrictions", "bypass_pull_request_allowances")
    return {
        **{name: told[name] for name in REVIEWS if name in told},
        **{name: _people(told[name]) for name in groups if told.get(name)},
    }


def _checks(told: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """By checks, which name the app, or by their names alone where GitHub tells no more; the names have to be there."""
    if told is None:
        return None
    checks = [
        {"context": one["context"], "app_id": ANY_APP if one.get("app_id") is None else one["app_id"]}
        for one in told.get("checks") or []
    ]
    named = {"contexts": [], "checks": checks} if checks else {"contexts": told.get("contexts") or []}
    return {"strict": bool(told.get("strict")), **named}


def _people(told: Mapping[str, Any] | None) -> dict[str, list[str]] | None:
    if told is None:
        return None
    return {group: [one[name] for one in told.get(group) or []] for group, name in NAMES.items()}
