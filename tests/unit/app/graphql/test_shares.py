"""What one organization may hold of a process."""

import pytest

from app.graphql.shares import Shares
from domain.errors import RateLimited

OURS, THEIRS = frozenset({"ours"}), frozenset({"theirs"})


def test_an_organization_holds_so_many_and_leaves_the_others_alone() -> None:
    shares = Shares(2, "connections")
    shares.take(OURS)
    shares.take(OURS)

    with pytest.raises(RateLimited, match="Your organization has 2 connections open here already"):
        shares.take(OURS)
    shares.take(THEIRS)
    shares.give_back(OURS)
    shares.take(OURS)


def test_who_belongs_to_two_counts_for_both_or_for_none() -> None:
    shares = Shares(1, "subscriptions")
    shares.take(OURS)

    with pytest.raises(RateLimited):
        shares.take(OURS | THEIRS)
    shares.take(THEIRS)


def test_who_belongs_to_none_is_not_counted() -> None:
    shares = Shares(1, "connections")
    for _ in range(3):
        shares.take(frozenset())

    assert len(shares) == 0


def test_what_is_held_is_given_back_whatever_happens() -> None:
    shares, held = Shares(1, "connections"), list[int]()

    def fail() -> None:
        with shares.held(OURS):
            held.append(len(shares))
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert (held, len(shares)) == ([1], 0)
