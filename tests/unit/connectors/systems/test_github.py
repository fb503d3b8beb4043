from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.reading.listing import Place
from connectors.rest.paging import Reply, Request
from connectors.systems.github import calls, change, organization, parse, refusal, registration, repository, source
from domain.errors import CutShort, Misshapen, PermissionMissing, PlanMissing, Throttled
from domain.facts.resource import ResourceKind
from tests.fakes.github import MERGED, PULL, REPOSITORY, SHA, commit

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
PLACE = Place(account_id="1", region=None, now=NOW)
UNDER = PLACE.under(REPOSITORY)
OPERATION = calls.get("/orgs/{org}/installations", calls.ORGANIZATION, plan="GitHub Team")
REQUEST = Request(method="GET", url="https://api.github.com/x")


def reply(status: int = 200, body: Any = None, **headers: str) -> Reply:
    return Reply(status=status, headers={key.replace("_", "-"): value for key, value in headers.items()}, body=body)


def meaning(answer: Reply) -> Any:
    return refusal.refusal(lambda: NOW)(answer, OPERATION)


def test_every_permission_is_to_read():
    every = [one for operation in registration.REGISTRATION.operations for one in operation.permissions]

    assert {one.partition("=")[2] for one in every} == {"read"}


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (reply(403, {}, x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW.timestamp()) + 90)), 90),
        (reply(403, {}, x_ratelimit_remaining="0", x_ratelimit_reset="1"), 0),
        (reply(429, {}, retry_after="5"), 5),
        (reply(403, {"message": "You have exceeded a secondary rate limit."}), 60),
        (reply(429, {}), 60),
    ],
)
def test_limits_say_how_long_they_last(answer: Reply, seconds: int):
    found = meaning(answer)

    assert isinstance(found, Throttled)
    assert found.retry_after == timedelta(seconds=seconds)


def test_permission_is_named_by_github_where_it_names_one():
    named = meaning(reply(403, {"message": "no"}, x_accepted_github_permissions="members=read"))
    unnamed = meaning(reply(404, {"message": "Not Found"}, x_ratelimit_remaining="40"))

    assert isinstance(named, PermissionMissing)
    assert isinstance(unnamed, PermissionMissing)
    assert (named.permission, unnamed.permission) == ("members=read", calls.ORGANIZATION)


def test_plan_is_told_by_the_words_of_a_refusal():
    assert isinstance(meaning(reply(403, {"message": "Upgrade to GitHub Team"})), PlanMissing)


def test_other_statuses_have_their_usual_meaning():
    assert meaning(reply(422, {"message": "Validation Failed"})) is None


def test_answer_with_nothing_is_right_only_where_nothing_is_said():
    quiet = calls.get("/x", "metadata=read", is_empty=True)

    assert isinstance(refusal.fault(reply(204), OPERATION), Misshapen)
    assert refusal.fault(reply(204), quiet) is None
    assert refusal.fault(reply(200, {"id": 1}), OPERATION) is None


def test_status_that_says_not_set_of_one_call_says_nothing_of_another():
    protection = calls.get("/x", "administration=read", not_set={"404": ("branch not protected",)})

    assert refusal.is_not_set(reply(404, {"message": "Branch not protected"}), protection)
    assert not refusal.is_not_set(reply(404, {"message": "Not Found"}), protection)
    assert not refusal.is_not_set(reply(409, {"message": "Branch not protected"}), protection)


def test_cursor_goes_into_the_query_until_there_is_none():
    following = source.by_cursor("data.pageInfo")
    asked = Request(method="POST", url="https://api.github.com/graphql", body={"query": "q", "variables": {"org": "o"}})

    more = following(asked, reply(body={"data": {"pageInfo": {"hasNextPage": True, "endCursor": "c"}}}))

    assert more is not None
    assert more.body == {"query": "q", "variables": {"org": "o", "after": "c"}}
    assert following(asked, reply(body={"data": {"pageInfo": {"hasNextPage": False, "endCursor": "c"}}})) is None
    assert following(asked, reply(body={"data": None})) is None


def test_link_to_another_server_is_not_followed():
    following = source.paging(OPERATION, PLACE)

    with pytest.raises(CutShort):
        following(REQUEST, reply(body=[], link='<https://elsewhere.example.com/x?page=2>; rel="next"'))


LINK = '<https://api.github.com/x?page=2>; rel="next"'
LATER = Place(account_id="1", region=None, now=NOW, since=NOW - timedelta(days=90))


def test_bounded_list_ends_at_its_last_page_or_where_it_was_read_before():
    # 90 days before are the 28th of August at noon.
    old, new = [{"at": "2026-08-27T12:00:00Z"}], [{"at": "2026-08-29T12:00:00Z"}]
    changes = calls.get("/x", "metadata=read", most_pages=2, first_pages=1, newest_first="at")

    def next_of(place: Place, body: Any) -> Request | None:
        return source.paging(changes, place)(REQUEST, reply(body=body, link=LINK))

    assert next_of(LATER, new) is not None
    assert next_of(LATER, old) is None
    assert next_of(LATER, []) is not None
    assert next_of(PLACE, new) is None
    assert source.paging(changes, LATER)(REQUEST, reply(body=new)) is None


@pytest.mark.parametrize("place", [PLACE, LATER])
def test_list_with_more_pages_than_are_read_is_cut_short(place: Place):
    commits = calls.get("/x", "metadata=read", most_pages=2)
    following = source.paging(commits, place)

    assert following(REQUEST, reply(body=[], link=LINK)) is not None
    with pytest.raises(CutShort, match="than the 2 pages that are read"):
        following(REQUEST, reply(body=[], link=LINK))


def test_list_that_ends_with_the_last_page_that_is_read_is_whole():
    commits = calls.get("/x", "metadata=read", most_pages=1)

    assert source.paging(commits, LATER)(REQUEST, reply(body=[])) is None


def test_changes_are_read_from_the_last_read_on():
    later = Place(account_id="1", region=None, now=NOW, since=NOW - timedelta(days=1))
    long_ago = Place(account_id="1", region=None, now=NOW, since=NOW - timedelta(days=400))

    assert change.start(later, timedelta(days=7)) == NOW - timedelta(days=1)
    assert change.start(long_ago, timedelta(days=7)) == NOW - timedelta(days=7)


@pytest.mark.parametrize(
    ("merged_at", "updated_at", "is_kept"),
    [
        ("2026-11-20T00:00:00Z", "2026-11-20T00:00:00Z", True),
        (None, "2026-11-20T00:00:00Z", False),
        ("2026-01-01T00:00:00Z", "2026-11-20T00:00:00Z", True),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", False),
    ],
)
def test_merged_pull_requests_are_kept_when_something_happened_to_them(merged_at, updated_at, is_kept):
    assert change.is_merged_lately({"merged_at": merged_at, "updated_at": updated_at}, PLACE) is is_kept


@pytest.mark.parametrize(
    ("message", "is_asked"),
    [
        ("Sell more (#12)\n\nDetails", False),
        ("Merge pull request #12 from octo-org/more", False),
        ("Fix (#12) in place", True),
        ("Fix in place\n\n(#12)", True),
    ],
)
def test_commit_that_names_no_pull_request_is_asked_for_one(message: str, is_asked: bool):
    assert change.names_no_pull_request(commit(message)) is is_asked


def test_each_pull_request_gets_its_own_merge_commit():
    other = {**PULL, "node_id": "PR_13"}
    nodes = [
        {"id": "PR_13", "headRefOid": "h", "mergeCommit": None},
        {"id": "PR_12", "headRefOid": SHA, "mergeCommit": {"oid": MERGED}},
    ]

    found = change.merge_commits([PULL, other], [{"data": {"nodes": nodes}}])

    assert found == [{"headRefOid": SHA, "mergeCommit": MERGED}, {"headRefOid": "h", "mergeCommit": None}]
    with pytest.raises(KeyError):
        change.merge_commits([PULL], [{"data": {"nodes": [None]}}])


def test_review_of_an_account_that_is_gone_has_no_person():
    assert change.reviews([[{"user": None, "state": "APPROVED"}]])[0]["login"] is None


def test_unverified_commits_are_counted_whole_and_told_of_in_part():
    pages = [[commit("x", str(number), is_verified=number >= 60) for number in range(100)]]

    found = repository.signatures(pages)

    assert (found["count"], found["verified"], len(found["unverified"])) == (100, 40, 50)


def test_alerts_of_dependencies_are_on_by_an_empty_answer_only():
    assert repository.is_on([None]) is True
    assert repository.is_on([]) is False
    with pytest.raises(TypeError):
        repository.is_on([{}])


def test_audit_log_goes_on_where_it_stopped():
    since = Place(account_id="1", region=None, now=NOW, since=NOW - timedelta(hours=1))

    assert organization.log_since(PLACE)["phrase"] == "created:>=2026-11-25T12:00:00Z"
    assert organization.log_since(since)["phrase"] == "created:>=2026-11-26T11:00:00Z"


def test_what_stands_under_a_repository_carries_its_name():
    found = parse.parse_as(ResourceKind.GITHUB_DEPLOY_KEY, "key", name="title")({"id": 7, "title": "ci"}, {}, UNDER)

    assert found is not None
    assert (found.native_id, found.config["repository"]) == ("key/7", "octo-org/shop")


def test_secret_of_the_organization_is_told_from_one_of_a_repository():
    own = parse.parse_secret({"name": "A"}, {}, PLACE)
    below = parse.parse_secret({"name": "A"}, {}, UNDER)

    assert (own.native_id, below.native_id) == ("organization/secrets/A", "octo-org/shop/secrets/A")


def test_slim_item_keeps_its_own_page():
    item = {"html_url": "h", "hooks_url": "x", "nested": [{"events_url": "y", "login": "ann"}], "size": 5}

    assert parse.slim(item) == {"html_url": "h", "nested": [{"login": "ann"}]}


def test_lists_must_be_lists():
    with pytest.raises(TypeError):
        calls.listed()({"message": "no"})
    with pytest.raises(KeyError):
        calls.one_of("id")([{"message": "no"}])
    assert calls.one_of("id")([]) is None
