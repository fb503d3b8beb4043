"""Main branches are protected."""

from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_chg_01 import CONTROL, PROTECTION, REPOSITORIES, RULES
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, faults, judged

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
BRANCH = {"owner": "octo", "repo": "shop", "branch": "main"}
SHOP = {
    "full_name": "octo/shop",
    "name": "shop",
    "owner": {"login": "octo"},
    "default_branch": "main",
    "archived": False,
    "topics": [],
}


def protection(reviews: int = 1, checks: bool = True, admins: bool = True, force: bool = False) -> dict[str, Any]:
    return {
        "required_pull_request_reviews": {"required_approving_review_count": reviews},
        "enforce_admins": {"enabled": admins},
        "allow_force_pushes": {"enabled": force},
        **({"required_status_checks": {"contexts": ["test"]}} if checks else {}),
    }


def rules(*types: str, reviews: int = 1) -> list[dict[str, Any]]:
    return [
        {"type": one, "parameters": {"required_approving_review_count": reviews}}
        if one == "pull_request"
        else {"type": one}
        for one in types
    ]


WHOLE = rules("pull_request", "required_status_checks", "non_fast_forward")


def github(guard: Any = None, ruled: Any = (), **more: Any) -> Answers:
    set_up = [call(PROTECTION, guard, **BRANCH)] if guard else []
    shop = {**SHOP, **more}
    return answers(
        Integration.GITHUB,
        (REPOSITORIES, [shop]),
        (PROTECTION,),
        *set_up,
        call(RULES, list(ruled), **BRANCH),
    )


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (github(protection()), PASS),
        (github(None, WHOLE), PASS),
        (github(protection(reviews=0, checks=False), WHOLE), PASS),
        # Administrators are exempt from the protection, but not from the rulesets beside it.
        (github(protection(admins=False), WHOLE), PASS),
        (github(protection(admins=False)), WARNING),
        (github(protection(admins=False), rules("pull_request")), WARNING),
        (github(protection(reviews=0)), FAIL),
        (github(protection(checks=False)), FAIL),
        (github(protection(force=True)), FAIL),
        (github(None, rules("pull_request", "required_status_checks")), FAIL),
        (github(None, [*rules("pull_request", reviews=0), *WHOLE]), PASS),
        (github(), FAIL),
        (github(topics=["sandbox"]), WARNING),
        (github(archived=True), CheckStatus.NOT_APPLICABLE),
    ],
)
def test_branch_asks_for_reviews_and_checks_of_everybody(looked_at: Answers, status: CheckStatus) -> None:
    found = judged(CONTROL, looked_at)

    assert found.status is status
    assert faults(found) == ([] if status in (PASS, CheckStatus.NOT_APPLICABLE) else ["octo/shop"])


def test_more_reviews_can_be_wanted() -> None:
    assert judged(CONTROL, github(protection(reviews=1)), min_reviews=2).status is FAIL


@pytest.mark.parametrize("missing", [PROTECTION, RULES, REPOSITORIES])
def test_nothing_is_said_of_branches_that_were_not_read(missing: str) -> None:
    told = [one for one in ((REPOSITORIES, [SHOP]), (PROTECTION,), (RULES,)) if one[0] != missing]

    assert judged(CONTROL, answers(Integration.GITHUB, *told, unread=[missing])).status is ERROR
