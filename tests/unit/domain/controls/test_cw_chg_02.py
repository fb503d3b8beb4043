"""Every merged change was reviewed and tested."""

from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_chg_02 import CHECKS, COMMITS, CONTROL, MERGED, PULLS, PULLS_OF_COMMIT, REVIEWS
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, faults, judged

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
EVERYTHING = (PULLS, MERGED, REVIEWS, CHECKS, PULLS_OF_COMMIT)
SHOP = {"owner": "octo", "repo": "shop"}
# NOW is 2026-06-01 12:00, and 30 days before is this.
SINCE = "2026-05-02T12:00:00Z"
# Merged four days before NOW, 2026-06-01 12:00.
PULL: dict[str, Any] = {
    "number": 12,
    "node_id": "PR_12",
    "user": {"login": "ann"},
    "head": {"sha": "head"},
    "labels": [],
    "merged_at": "2026-05-28T12:00:00Z",
    "updated_at": "2026-05-28T12:00:00Z",
}
EMERGENCY = {**PULL, "labels": [{"name": "emergency-change"}]}
NODE = {"id": "PR_12", "headRefOid": "head", "mergeCommit": {"oid": "merged"}}
PUSHED = [("pushed", "Fix")]
GREEN = {"name": "test", "conclusion": "success", "completed_at": "2026-05-28T11:00:00Z"}
RED = {**GREEN, "conclusion": "failure", "completed_at": "2026-05-28T10:00:00Z"}


def review(who: str = "bob", at: str = "2026-05-28T11:30:00Z", **more: Any) -> dict[str, Any]:
    said = {"state": "APPROVED", "commit_id": "head", "submitted_at": at}
    return {"user": {"login": who, "type": "User"}, **said, **more}


def commit(sha: str, message: str, at: str = "2026-05-28T12:00:00Z") -> dict[str, Any]:
    return {"sha": sha, "commit": {"message": message, "committer": {"date": at}}}


def github(
    *reviews: Any,
    pulls: Any = (PULL,),
    runs: Any = (GREEN,),
    commits: Any = (),
    of_commits: Any = (),
    nodes: Any = (NODE, None),
    per_page: int = 100,
    **more: Any,
) -> Answers:
    said = [commit(sha, message) for sha, message in commits]
    return answers(
        Integration.GITHUB,
        call(PULLS, list(pulls), **SHOP, per_page=per_page),
        call(MERGED, {"data": {"nodes": list(nodes)}}),
        call(REVIEWS, list(reviews), **SHOP, pull_number=12),
        call(CHECKS, {"check_runs": list(runs)}, **SHOP, ref="head"),
        call(COMMITS, said, said, **SHOP, since=SINCE),
        *(call(PULLS_OF_COMMIT, list(found), **SHOP, commit_sha=sha) for sha, found in of_commits),
        needless=[PULLS_OF_COMMIT],
        **more,
    )


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (github(review()), PASS),
        # Without the fixed query's word for it, the head is the one of the list.
        (github(review(), nodes=()), PASS),
        (github(review(), runs=(RED, GREEN)), PASS),
        (github(review(), runs=(GREEN, {**RED, "name": "lint", "completed_at": None})), FAIL),
        (github(review(), runs=()), FAIL),
        (github(), FAIL),
        (github(review("ann")), FAIL),
        (github(review(user=None)), FAIL),
        (github(review(user={"login": "robot", "type": "Bot"})), FAIL),
        (github(review(state="COMMENTED")), FAIL),
        (github(review(commit_id="older")), FAIL),
        (github(review(at="2026-05-29T12:00:00Z")), FAIL),
        # Three days after the merge, to the second.
        (github(review(at="2026-05-31T12:00:00Z"), pulls=(EMERGENCY,)), WARNING),
        (github(review(at="2026-05-31T12:00:01Z"), pulls=(EMERGENCY,)), FAIL),
        (github(review(), pulls=({**PULL, "user": None},)), PASS),
    ],
)
def test_merge_was_reviewed_by_somebody_else_and_is_green(looked_at: Answers, status: CheckStatus) -> None:
    found = judged(CONTROL, looked_at)

    assert found.status is status
    assert faults(found) == ([] if status is PASS else ["octo/shop#12"])


@pytest.mark.parametrize(
    ("looked_at", "faulty"),
    [
        (github(review(), commits=PUSHED, of_commits=[("pushed", [])]), ["octo/shop@pushed"]),
        (github(review(), commits=PUSHED, of_commits=[("pushed", [{"merged_at": None}])]), ["octo/shop@pushed"]),
        (github(review(), commits=PUSHED, of_commits=[("pushed", [{"merged_at": "2026-05-28T12:00:00Z"}])]), []),
        (github(review(), commits=[("merged", "Sell more (#12)")]), []),
        (github(review(), commits=[("merged", "Sell more")]), []),
        (github(review(), commits=[("false", "Sell more (#12)\n\nText")]), ["octo/shop@false"]),
        (github(review(), commits=[("false", "Merge pull request #12 from octo/more")]), ["octo/shop@false"]),
        # Merged before the window: nothing to compare with.
        (github(review(), commits=[("old", "Sell (#3)")]), []),
        (
            github(review(), nodes=({**NODE, "mergeCommit": None},), commits=[("x", "Sell (#12)")]),
            ["octo/shop@x"],
        ),
    ],
)
def test_direct_push_is_found_whatever_its_message_says(looked_at: Answers, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (FAIL if faulty else PASS, faulty)


@pytest.mark.parametrize(
    "pulls",
    [
        [],
        [{**PULL, "merged_at": None}],
        # NOW is 2026-06-01 12:00; 30 days before is 2026-05-02 12:00.
        [{**PULL, "merged_at": "2026-05-02T11:59:59Z"}],
    ],
)
def test_only_merges_of_the_window_count(pulls: list[Any]) -> None:
    assert judged(CONTROL, github(pulls=pulls)).status is CheckStatus.NOT_APPLICABLE


def test_pull_request_read_twice_counts_as_it_was_read_last() -> None:
    older = {**PULL, "updated_at": "2026-05-27T00:00:00Z", "merged_at": "2026-05-01T00:00:00Z"}

    assert len(judged(CONTROL, github(review(), pulls=[older, PULL, older])).items) == 1


@pytest.mark.parametrize("missing", [PULLS, MERGED, REVIEWS, CHECKS, PULLS_OF_COMMIT, COMMITS])
def test_nothing_is_said_of_changes_that_were_not_read(missing: str) -> None:
    assert judged(CONTROL, github(review(), unread=[missing])).status is ERROR


def test_commit_that_was_not_asked_about_is_no_push() -> None:
    assert judged(CONTROL, github(review(), commits=PUSHED)).status is ERROR


def test_commits_before_the_window_do_not_count() -> None:
    old = call(COMMITS, [commit("old", "Fix", "2026-05-02T11:59:59Z")], **SHOP, since=SINCE)

    assert judged(CONTROL, answers(Integration.GITHUB, old, needless=EVERYTHING)).status is CheckStatus.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("touched", "status"),
    # NOW is 2026-06-01 12:00; 30 days before is 2026-05-02 12:00.
    [("2026-05-02T12:00:00Z", ERROR), ("2026-05-02T11:59:59Z", PASS)],
)
def test_list_that_was_cut_must_reach_back_to_the_start(touched: str, status: CheckStatus) -> None:
    last = {**PULL, "number": 1, "merged_at": None, "updated_at": touched}

    assert judged(CONTROL, github(review(), pulls=[PULL, last], per_page=2)).status is status


def test_merge_whose_reviews_were_not_asked_for_is_no_unreviewed_one() -> None:
    found = judged(CONTROL, github(pulls=[{**PULL, "number": 13}]))

    assert found.status is ERROR
    assert "octo/shop#13" in str(found.problem)


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ([SINCE], CheckStatus.NOT_APPLICABLE),
        (["2026-05-25T12:00:00Z", SINCE], CheckStatus.NOT_APPLICABLE),
        (["2026-05-02T12:00:01Z"], ERROR),
    ],
)
def test_commits_must_have_been_read_as_far_back_as_they_are_judged(since: list[str], status: CheckStatus) -> None:
    asked = [call(COMMITS, [], **SHOP, since=one) for one in since]

    assert judged(CONTROL, answers(Integration.GITHUB, *asked, needless=EVERYTHING)).status is status
