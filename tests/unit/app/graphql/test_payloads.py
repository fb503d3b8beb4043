"""What a group keeps of the way it has come: who can join it where, and how much it may be."""

import pytest

from app.graphql import payloads
from app.graphql.payloads import Payloads, Told, Trail
from tests.fakes.feed_house import at


def told(org_id: str, seq: int) -> Told:
    return Told(org_id, at(seq), f"{org_id}{seq}".encode())


def trail(*way: Told) -> Trail:
    """From a:0, b:0 along the way given."""
    made = Trail({"a": at(0), "b": at(0)})
    for each in way:
        made.add(each)
    return made


WAY = (told("a", 1), told("b", 2), told("a", 4))
NOW = {"a": at(5), "b": at(3)}


@pytest.mark.parametrize(
    ("a", "b", "missing"),
    [
        (0, 0, ["a1", "b2", "a4"]),
        (1, 0, ["b2", "a4"]),
        (3, 1, ["b2", "a4"]),  # nobody wants a2, a3 and b1
        (1, 2, ["a4"]),
        (5, 3, []),
    ],
)
def test_a_place_on_the_way_is_told_what_comes_behind_it(a: int, b: int, missing: list[str]) -> None:
    behind = trail(*WAY).behind({"a": at(a), "b": at(b)}, NOW)

    assert behind is not None
    assert [each.payload.decode() for each in behind] == missing


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (at(0), at(2)),  # of b it has seen more than of a
        (at(4), at(0)),
        (at(6), at(3)),  # ahead of the group
        (at(5, "another log"), at(3)),
    ],
)
def test_a_place_beside_the_way_is_none(a, b) -> None:
    assert trail(*WAY).behind({"a": a, "b": b}, NOW) is None


def test_a_place_before_what_is_kept_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payloads, "MOST_KEPT", 2)
    short = trail(*WAY)

    assert short.behind({"a": at(0), "b": at(0)}, NOW) is None
    assert [each.payload for each in short.behind({"a": at(1), "b": at(0)}, NOW) or ()] == [b"b2", b"a4"]


def test_a_trail_is_bounded_by_bytes_and_keeps_the_newest_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payloads, "MOST_BYTES", 3)

    assert [each.payload for each in trail(*WAY).behind({"a": at(1), "b": at(2)}, NOW) or ()] == [b"a4"]
    assert trail(*WAY).behind({"a": at(1), "b": at(0)}, NOW) is None


def test_a_trail_begun_anew_has_forgotten_the_old_one() -> None:
    way = trail(*WAY)
    way.restart({"a": at(7), "b": at(3)})

    assert way.behind({"a": at(7), "b": at(3)}, {"a": at(7), "b": at(3)}) == []
    assert way.behind({"a": at(1), "b": at(2)}, {"a": at(7), "b": at(3)}) is None


def test_payloads_are_bounded_by_count_and_by_bytes() -> None:
    many, large = Payloads(), Payloads()
    for number in range(payloads.MOST_KEPT + 10):
        many.put(number, b"x")
    for number in range(3):
        large.put(number, bytes(payloads.MOST_BYTES // 2))

    assert [many.get(number) for number in (9, 10)] == [None, b"x"]
    assert [large.get(number) is not None for number in range(3)] == [False, True, True]


def test_payloads_that_were_asked_for_are_kept_longest() -> None:
    kept = Payloads()
    for number in range(payloads.MOST_KEPT):
        kept.put(number, b"x")
    kept.get(0)
    kept.put("new", b"x")

    assert (kept.get(0), kept.get(1)) == (b"x", None)
