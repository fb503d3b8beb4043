"""Reads of a list that shows what is new become one: every thing as it was read last, as far back as reads are kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.reading.listing import Listing, Place, Window
from connectors.registry import registrations
from documents.sync_read import ReadState, SyncRead
from domain.compliance.answers import Call, Unread
from jobs.checking import union
from jobs.checking.chain import Joining, chained, distinct, joinings_of
from jobs.checking.union import joined, span_of
from tests.factories.answers import NOW

LIST, DETAIL = "GET /v1/issues", "GET /v1/issues/{id}/course"
WINDOW = Window(path="found.issues", keys=("id",))
START = NOW - timedelta(days=10)


def hour(number: int) -> datetime:
    return START + timedelta(hours=number)


def read(number: int, since: datetime | None, *, is_complete: bool = True, content: str = "") -> SyncRead:
    """The read that began in this hour, `since` is when the last complete one before it did."""
    at = hour(number)
    made = SimpleNamespace(
        id=number,
        operation=LIST,
        region=None,
        state=ReadState.COMPLETE if is_complete else ReadState.INCOMPLETE,
        started_at=at,
        complete_since=at if is_complete else since,
        evidence=[str(number)],
        contents=[(name, content or str(number), str(number)) for name in (LIST, DETAIL)],
    )
    return cast("SyncRead", made)


@dataclass
class House:
    """Things that change, the reads of them, and what is kept of the answers."""

    changed: dict[int, int] = field(default_factory=dict)
    reads: list[SyncRead] = field(default_factory=list)
    kept: dict[str, tuple[Call, ...]] = field(default_factory=dict)
    since: int | None = None

    def sync(self, number: int, *, is_complete: bool) -> None:
        """Lists what has changed since the last complete read, by two pages of which one thing is on both."""
        new = [{"id": id, "hour": at} for id, at in sorted(self.changed.items()) if at >= (self.since or 0)]
        pages = ({"found": {"issues": new[:2]}}, {"found": {"issues": new[1:]}})
        arguments = {"since": self.since or 0}
        base = None if self.since is None else hour(self.since)
        self.kept[str(number)] = (Call(operation=LIST, region=None, arguments=arguments, pages=pages),)
        self.reads.insert(0, read(number, base, is_complete=is_complete))
        if is_complete:
            self.since = number

    async def load(self, hashes: Sequence[str]) -> tuple[Call, ...]:
        if not set(hashes) <= self.kept.keys():
            raise Unread(LIST, "its answers are not kept any more")
        return tuple(call for one in hashes for call in self.kept[one])

    async def shown(self) -> tuple[dict[int, int], int]:
        """What the reads show together, and the hour as of which nothing is missing."""
        chain = distinct(chained(self.reads), LIST, is_list=True)
        calls = await joined(LIST, chain, WINDOW, self.load)
        items = [item for call in calls for page in call.pages for item in page["found"]["issues"]]
        assert len(items) == len({item["id"] for item in items}), "each thing once"
        return {item["id"]: item["hour"] for item in items}, min(call.arguments["since"] for call in calls)


# An hour each: what changes in it, and whether it is then read in whole, in part, or not at all.
HOURS = st.lists(
    st.tuples(st.sets(st.integers(0, 5), max_size=3), st.sampled_from([True, True, False, None])), max_size=12
)


@given(hours=HOURS, lost=st.sets(st.integers(1, 12), max_size=2))
async def test_all_things_are_shown_as_they_were_read_last_as_far_back_as_reads_are_kept(
    hours: list[tuple[set[int], bool | None]], lost: set[int]
) -> None:
    house = House()
    truth: dict[int, int] = {}
    for number, (changes, is_complete) in enumerate(hours, start=1):
        house.changed |= dict.fromkeys(changes, number)
        if is_complete is not None:
            house.sync(number, is_complete=is_complete)
            truth = dict(house.changed)
    house.sync(20, is_complete=True)
    truth = dict(house.changed)
    house.kept = {name: calls for name, calls in house.kept.items() if int(name) not in lost}

    shown, back_to = await house.shown()

    assert {id: at for id, at in shown.items() if at >= back_to} == {
        id: at for id, at in truth.items() if at >= back_to
    }
    complete = {0, *(int(one.evidence[0]) for one in house.reads if one.state is ReadState.COMPLETE)}
    assert back_to in complete
    if not lost & complete:
        assert (shown, back_to) == (truth, 0)


async def test_a_changed_thing_is_shown_as_it_is_now_and_an_incomplete_read_in_between_breaks_nothing() -> None:
    house = House({1: 1, 2: 1})
    house.sync(1, is_complete=True)
    house.changed[1] = 2
    house.sync(2, is_complete=False)
    house.sync(3, is_complete=True)

    assert await house.shown() == ({1: 2, 2: 1}, 0)


async def test_what_is_older_than_a_lost_read_is_not_shown_and_the_rest_says_how_far_back_it_goes() -> None:
    house = House({1: 1})
    for number in (1, 2, 3, 4):
        house.changed[number] = number
        house.sync(number, is_complete=True)
    del house.kept["2"]

    assert await house.shown() == ({2: 2, 3: 3, 4: 4}, 2)


async def test_without_the_newest_read_nothing_is_shown() -> None:
    house = House({1: 1})
    house.sync(1, is_complete=True)
    house.kept.clear()

    with pytest.raises(Unread, match="not kept any more"):
        await house.shown()


def test_a_chain_ends_where_the_read_it_goes_on_from_is_gone() -> None:
    first, second, third, fourth = read(1, None), read(2, hour(1)), read(3, hour(2)), read(4, hour(3))

    assert chained([fourth, third, second, first]) == [fourth, third, second, first]
    # An incomplete read tells what the one after it goes on from, too, and that one has gone.
    half = read(3, hour(2), is_complete=False)
    assert chained([fourth, half, first]) == [fourth]
    assert chained([]) == []


def test_reads_that_answered_the_same_are_looked_at_once_and_the_state_stays_as_it_was() -> None:
    reads = [read(1, None, content="a"), *(read(at, hour(at - 1), content="b") for at in (2, 3, 4))]
    joining = Joining(frozenset({LIST}), WINDOW)

    before = span_of(LIST, [reads[2]], reads[1::-1], joining)
    after = span_of(LIST, [reads[3]], reads[2::-1], joining)

    assert [one.evidence for one in after.reads] == [["4"], ["1"]]
    assert before.state == after.state == ("a", "b")


async def test_of_questions_about_one_thing_the_newest_answer_stands() -> None:
    kept = {
        str(number): tuple(
            Call(operation=DETAIL, region=None, arguments={"id": id}, pages=(number,)) for id in range(number)
        )
        for number in (1, 2, 3)
    }

    async def load(hashes: Sequence[str]) -> tuple[Call, ...]:
        return kept[hashes[0]]

    calls = await joined(DETAIL, [read(1, None), read(3, None), read(2, None)], None, load)

    assert {call.arguments["id"]: call.pages for call in calls} == {0: (1,), 1: (3,), 2: (3,)}
    assert len(calls) == 3


async def test_more_than_can_be_held_is_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(union, "MOST_ITEMS", 2)
    house = House({1: 1, 2: 1, 3: 1})
    house.sync(1, is_complete=True)

    with pytest.raises(Unread, match="more than the 2 things"):
        await house.shown()


def windows() -> list[Listing]:
    def under(listing: Listing) -> list[Listing]:
        return [listing, *(one for child in listing.children for one in under(child))]

    every = [one for known in registrations().values() for listing in known.listings for one in under(listing)]
    return [one for one in every if one.window is not None]


def test_the_lists_of_what_is_new_say_how_their_reads_become_one() -> None:
    assert sorted({one.operation.name for one in windows()}) == [
        "GET /api/v1/logs",
        "GET /orgs/{org}/audit-log",
        "GET /repos/{owner}/{repo}/commits",
        "GET /repos/{owner}/{repo}/pulls",
        "GET /v2/actions",
        "POST /rest/api/3/search/jql",
    ]


def test_every_list_whose_arguments_move_with_the_last_read_is_one_of_them() -> None:
    place = Place(account_id="a", region=None, now=NOW)
    moved = Place(account_id="a", region=None, now=NOW, since=NOW - timedelta(days=1))
    found = set()
    for known in registrations().values():
        for listing in known.listings:
            try:
                is_new = listing.arguments(place) != listing.arguments(moved)
            except IndexError:  # it is asked under another
                continue
            if is_new and not listing.is_about_costs:
                found.add(listing.operation.name)

    assert found <= {one.operation.name for one in windows()}
    assert "GET /api/v1/logs" in found


def test_what_is_asked_about_the_items_of_a_window_is_joined_with_it() -> None:
    (jira,) = [known for known in registrations().values() if "search/jql" in str(known.listings)]

    found: dict[str, Any] = joinings_of(jira.listings)

    search, course = "POST /rest/api/3/search/jql", "GET /rest/api/3/issue/{issueIdOrKey}/changelog"
    assert found.keys() == {search, course}
    assert found[course] == Joining(frozenset({search}), None)
    assert found[search].window == Window(path="issues", keys=("id",))


async def test_an_older_version_may_leave_its_place_in_a_page() -> None:
    window = Window(path="", keys=("id",), leaves=lambda item: {"left": item["id"]})
    pages = {"1": [{"id": 1}, {"id": 2}], "2": [{"id": 2}]}

    async def load(hashes: Sequence[str]) -> tuple[Call, ...]:
        return (Call(operation=LIST, region=None, arguments={}, pages=(pages[hashes[0]],)),)

    calls = await joined(LIST, [read(2, hour(1)), read(1, None)], window, load)

    assert [call.pages for call in calls] == [([{"id": 1}, {"left": 2}],), ([{"id": 2}],)]
