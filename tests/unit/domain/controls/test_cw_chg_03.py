"""Commits and builds can be traced to their maker."""

from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_chg_03 import ACTIONS, ATTESTATIONS, COMMITS, CONTROL, PROTECTION, REPOSITORIES
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, faults, judged

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
ASKED = {"owner": "octo", "repo": "shop"}
SHOP = {
    "full_name": "octo/shop",
    "name": "shop",
    "owner": {"login": "octo"},
    "default_branch": "main",
    "archived": False,
}
PINNED = {"enabled": True, "allowed_actions": "selected", "sha_pinning_required": True}
SIGNED = {"required_signatures": {"enabled": True}}


def commit(number: int, *, is_verified: bool, at: str = "2026-05-20T00:00:00Z") -> dict[str, Any]:
    return {
        "sha": f"sha-{number}",
        "commit": {"verification": {"verified": is_verified}, "committer": {"date": at}},
    }


def github(verified: int, not_verified: int, actions: Any = PINNED, guard: Any = None, **more: Any) -> Answers:
    every = [commit(number, is_verified=number < verified) for number in range(verified + not_verified)]
    return answers(
        Integration.GITHUB,
        (REPOSITORIES, [SHOP, {**SHOP, "archived": True}]),
        call(COMMITS, every, **ASKED, since="2026-05-02T00:00:00Z"),
        # The same commits come again by another list.
        call(COMMITS, every, **ASKED, sha="main", since="2026-05-31T00:00:00Z"),
        (PROTECTION,),
        *([call(PROTECTION, guard, **ASKED, branch="main")] if guard is not None else []),
        call(ACTIONS, actions, **ASKED),
        call(ATTESTATIONS, {"attestations": [{"repository_id": 1}]}, **ASKED, subject_digest="sha256:00"),
        **more,
    )


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (github(20, 0), PASS),
        (github(0, 20, guard=SIGNED), PASS),
        (github(0, 0), PASS),
        # 19 of 20 are 95 %, 18 of 19 are 94.7 %.
        (github(19, 1), WARNING),
        (github(18, 1), FAIL),
        (github(0, 20, guard={"enforce_admins": {"enabled": True}}), FAIL),
        (github(1, 0, {"enabled": False}), PASS),
        (github(1, 0, {"enabled": True, "allowed_actions": "local_only"}), PASS),
        (github(1, 0, {"enabled": True, "allowed_actions": "selected"}), WARNING),
        (github(1, 0, {"enabled": True, "allowed_actions": "all", "sha_pinning_required": True}), FAIL),
    ],
)
def test_commits_are_verified_and_actions_selected(looked_at: Answers, status: CheckStatus) -> None:
    found = judged(CONTROL, looked_at)

    assert found.status is status
    assert faults(found) == ([] if status is PASS else ["octo/shop"])


def test_commits_before_the_window_do_not_count() -> None:
    old = answers(
        Integration.GITHUB,
        (REPOSITORIES, [SHOP]),
        # NOW is 2026-06-01 12:00; 30 days before is 2026-05-02 12:00.
        call(COMMITS, [commit(1, is_verified=False, at="2026-05-02T11:59:59Z")], **ASKED, since="2026-05-02T00:00:00Z"),
        (PROTECTION,),
        call(ACTIONS, PINNED, **ASKED),
        (ATTESTATIONS,),
    )

    assert judged(CONTROL, old).status is PASS


@pytest.mark.parametrize("missing", [REPOSITORIES, COMMITS, PROTECTION, ACTIONS, ATTESTATIONS])
def test_nothing_is_said_of_commits_that_were_not_read(missing: str) -> None:
    assert judged(CONTROL, github(1, 0, unread=[missing])).status is ERROR


def test_organization_without_repositories_has_nothing_to_trace() -> None:
    assert judged(CONTROL, answers(Integration.GITHUB, (REPOSITORIES, []))).status is CheckStatus.NOT_APPLICABLE
