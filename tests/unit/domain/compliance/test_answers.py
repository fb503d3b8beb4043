"""What was read of one connected system: whole, or not to be looked at."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.compliance.answers import Answers, Call, NotOffered, Unread, calls_of, listed
from domain.facts.compliance import Integration
from tests.factories.answers import answers, call

BUCKETS, POLICY = "s3.list_buckets", "s3.get_bucket_policy"


def buckets() -> Answers:
    """Two regions, the first with two pages; one bucket has a policy, and of another AWS says that it has none."""
    return answers(
        Integration.AWS,
        call(BUCKETS, {"All": {"Buckets": ["a"]}}, {"All": {"Buckets": ["b"]}}, at="eu-west-1"),
        call(BUCKETS, {"All": {"Buckets": ["c"]}}, at="us-east-1", Prefix="c"),
        call(POLICY, {"Policy": "first"}, at="eu-west-1", Bucket="a"),
        call(POLICY, {"Policy": "second"}, at="us-east-1", Bucket="a"),
        call(POLICY, at="eu-west-1", Bucket="b"),
    )


LOOKS: list[Callable[[Answers], Any]] = [
    lambda found: found.calls(POLICY),
    lambda found: found.asked(POLICY, Bucket="a"),
    lambda found: found.offered(POLICY, Bucket="a"),
    lambda found: found.by(POLICY, "Bucket"),
    lambda found: list(found.items(POLICY)),
    lambda found: list(found.located(POLICY)),
    lambda found: found.under(POLICY, "Policy", Bucket="a"),
    lambda found: found.answer(POLICY, Bucket="a"),
]


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_is_seen_of_what_was_not_read_in_whole(look: Callable[[Answers], Any]) -> None:
    for found in (
        answers(Integration.AWS),
        answers(Integration.AWS, (POLICY, {}), unread=[POLICY]),
        Answers(
            integration=Integration.AWS,
            account="123",
            read_at=buckets().read_at,
            by_operation={},
            whole=frozenset({POLICY}),
            unread={POLICY: "a part of it was refused"},
        ),
    ):
        with pytest.raises(Unread) as raised:
            look(found)

        assert not isinstance(raised.value, NotOffered)


@pytest.mark.parametrize("look", LOOKS)
def test_what_the_plan_lacks_is_told_from_what_was_not_read(look: Callable[[Answers], Any]) -> None:
    found = answers(Integration.AWS, (POLICY, {}), off=[POLICY])

    assert found.is_off(POLICY)
    assert not found.is_off(BUCKETS)
    with pytest.raises(NotOffered, match=r"^s3\.get_bucket_policy: not offered with this plan or setting$"):
        look(found)


def test_the_reason_is_told() -> None:
    found = answers(Integration.AWS, unread={POLICY: "refused", BUCKETS: "the plan"}, off=[BUCKETS])

    with pytest.raises(Unread, match=r"^s3\.get_bucket_policy: refused$") as raised:
        found.calls(POLICY)
    assert (raised.value.operation, raised.value.reason) == (POLICY, "refused")
    with pytest.raises(NotOffered, match=r"^s3\.list_buckets: the plan$"):
        found.calls(BUCKETS)
    with pytest.raises(Unread, match=r"^iam\.list_users: was not read$"):
        found.calls("iam.list_users")


def test_what_a_plan_lacks_in_part_is_seen_by_who_asks_for_what_it_has() -> None:
    partly = answers(Integration.AWS, call(POLICY, {"Policy": "first"}, Bucket="a"), off=[POLICY])

    assert [one.pages for one in partly.offered(POLICY, Bucket="a")] == [({"Policy": "first"},)]
    with pytest.raises(NotOffered):
        partly.offered(POLICY, Bucket="b")


def test_what_a_plan_has_is_asked_for_as_ever() -> None:
    found = buckets()

    assert found.offered(POLICY, Bucket="a") == found.asked(POLICY, Bucket="a")
    with pytest.raises(Unread, match="was not asked for Bucket c") as raised:
        found.offered(POLICY, Bucket="c")
    assert not isinstance(raised.value, NotOffered)


def test_what_was_read_in_whole_without_a_call_is_empty() -> None:
    found = answers(Integration.AWS, needless=[POLICY])

    assert found.calls(POLICY) == ()
    assert list(found.items(POLICY)) == []
    assert found.answer(POLICY) is None


def test_items_come_from_all_pages_of_all_calls() -> None:
    found = buckets()

    assert list(found.items(BUCKETS, "All.Buckets")) == ["a", "b", "c"]
    assert list(found.located(BUCKETS, "All.Buckets")) == [("eu-west-1", "a"), ("eu-west-1", "b"), ("us-east-1", "c")]
    assert found.under(BUCKETS, "All.Buckets", Prefix="c") == ["c"]
    assert found.under(BUCKETS, "All.Buckets", Prefix="d") == []


def test_an_answer_is_found_by_arguments_and_region() -> None:
    found = buckets()

    assert found.answer(POLICY, Bucket="a") == {"Policy": "first"}
    assert found.answer(POLICY, region="us-east-1", Bucket="a") == {"Policy": "second"}
    assert found.answer(POLICY, Bucket="b") is None
    assert found.answer(POLICY, Bucket="c") is None


def test_what_had_to_be_asked_is_missed() -> None:
    found = buckets()

    assert [one.region for one in found.asked(POLICY, Bucket="a")] == ["eu-west-1", "us-east-1"]
    assert [one.pages for one in found.asked(POLICY, Bucket="b")] == [()]
    with pytest.raises(Unread, match=r"^s3\.get_bucket_policy: was not asked for Bucket c$"):
        found.asked(POLICY, Bucket="c")
    with pytest.raises(Unread, match=r"^s3\.head_bucket: was not asked$"):
        answers(Integration.AWS, needless=["s3.head_bucket"]).asked("s3.head_bucket")


def test_pages_are_found_by_the_value_of_an_argument() -> None:
    assert buckets().by(POLICY, "Bucket") == {"a": ({"Policy": "first"}, {"Policy": "second"}), "b": ()}
    with pytest.raises(KeyError):
        buckets().by(BUCKETS, "Prefix")


@pytest.mark.parametrize(
    ("page", "path", "found"),
    [
        (["a"], "", ["a"]),
        ({"A": {"B": ["a"]}}, "A.B", ["a"]),
        ({"A": {"B": None}}, "A.B", []),
        ({"A": None}, "A.B", []),
        ({}, "A", []),
    ],
)
def test_a_list_that_is_missing_or_null_is_empty(page: Any, path: str, found: list[Any]) -> None:
    assert listed(page, path) == found


def test_something_else_than_a_list_is_no_list() -> None:
    with pytest.raises(TypeError, match=r"^a list under A$"):
        listed({"A": {"B": 1}}, "A")
    with pytest.raises(TypeError, match=r"^a list under the answer$"):
        listed({"A": []})


def test_a_call_is_made_of_rows_of_our_own() -> None:
    made = calls_of("platform:budgets", [[{"name": "all"}]], region="eu", month=5)

    assert made == Call(operation="platform:budgets", region="eu", arguments={"month": 5}, pages=([{"name": "all"}],))
