"""The engine that reads every vendor, over a source that answers from a table."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.reading import part as engine
from connectors.reading.listing import Answer, Arguments, Batch, Detail, Listing, Operation, Place, at, first, joined
from connectors.reading.sink import PartKey
from domain.errors import CredentialsRejected, PermissionMissing, ProviderError, Throttled, Unavailable
from domain.facts.inventory import GapCause
from tests.fakes.collecting import Collected
from tests.fakes.tabled import DISK, FIREWALL, Table, listing, operation, page, parse, read


async def test_every_page_of_every_region_is_read_and_kept_as_it_came() -> None:
    source = Table(list=[page("a"), page("b")])

    collected, report = await read(source, listing(is_regional=True))

    assert sorted((one.native_id, one.region) for one in collected.found) == [
        ("a", "east"),
        ("a", "west"),
        ("b", "east"),
        ("b", "west"),
    ]
    assert report.complete == {(DISK, "east"), (DISK, "west")}
    assert [(raw.page, raw.answer) for raw in collected.answers if raw.region == "east"] == [
        (0, page("a")),
        (1, page("b")),
    ]
    assert report.answered == {"list": 4}
    assert collected.steps == [("disks", 1, 2), ("disks", 2, 2)]


@pytest.mark.parametrize(
    ("error", "cause", "missing"),
    [
        (PermissionMissing("no", service="disks"), GapCause.PERMISSION, "list.read"),
        (PermissionMissing("no", service="disks", permission="disks.see"), GapCause.PERMISSION, "disks.see"),
        (Throttled("no", service="disks"), GapCause.THROTTLED, None),
        (Unavailable("no", service="disks"), GapCause.UNAVAILABLE, None),
        (CredentialsRejected("no", service="disks"), GapCause.FAILED, None),
    ],
)
async def test_a_list_that_breaks_off_keeps_what_came_and_is_not_complete(
    error: ProviderError, cause: GapCause, missing: str | None
) -> None:
    collected, report = await read(
        Table(list=[page("a"), error], other=[page("f")]), listing(), listing("other", FIREWALL)
    )

    (gap,) = report.gaps
    assert (gap.cause, gap.missing, gap.unlisted, gap.operation) == (cause, missing, (DISK,), "list")
    assert [one.native_id for one in collected.of(DISK)] == ["a"]
    assert report.complete == {(FIREWALL, None)}


async def test_a_time_beyond_all_bounds_is_a_gap_and_not_the_end() -> None:
    def parse_time(item: Any, details: Any, place: Place) -> Any:
        datetime.fromisoformat("0001-01-01T00:00:00+14:00").astimezone(UTC)

    strange = Listing(operation=operation("list"), items=at("items"), kind=DISK, parse=parse_time)

    _, report = await read(Table(list=[page("a")], other=[page("f")]), strange, listing("other", FIREWALL))

    (gap,) = report.gaps
    assert (gap.cause, gap.unlisted) == (GapCause.MISSHAPEN, (DISK,))
    assert report.complete == {(FIREWALL, None)}


def by_place(place: Place, regions: Sequence[str]) -> list[Arguments]:
    return [{"place": region} for region in regions]


async def test_a_list_that_is_asked_place_by_place_is_one_part() -> None:
    source = Table(list=[page("a")])

    collected, report = await read(source, listing(spread=by_place))

    assert source.asked == [("list", None, {"place": "east"}), ("list", None, {"place": "west"})]
    assert report.complete == {(DISK, None)}
    assert set(collected.parts) == {PartKey("list", None)}


async def test_one_place_that_fails_leaves_the_whole_list_incomplete() -> None:
    class Half(Table):
        async def pages(self, operation: Operation, place: Place, arguments: Arguments) -> AsyncGenerator[Answer, None]:
            if arguments["place"] == "east":
                raise Throttled("no", service="disks")
            yield page("a")

    collected, report = await read(Half(), listing(spread=by_place))

    assert [one.native_id for one in collected.found] == ["a"]
    assert [(gap.cause, gap.region) for gap in report.gaps] == [(GapCause.THROTTLED, None)]
    assert report.complete == frozenset()


async def test_without_the_places_the_whole_list_is_incomplete() -> None:
    source = Table(list=[page("a")])
    source.where = PermissionMissing("no", service="disks", permission="places.list")

    _, report = await read(source, listing(spread=by_place))

    assert [(gap.missing, gap.unlisted) for gap in report.gaps] == [("places.list", (DISK,))]
    assert report.complete == frozenset()


async def test_a_look_at_what_may_be_read_asks_in_one_place() -> None:
    source = Table(list=[page("a")])

    await read(source, listing(spread=by_place), first_only=True)

    assert source.asked == [("list", None, {"place": "east"})]


async def test_pages_that_repeat_are_cut_short() -> None:
    _, report = await read(Table(list=[page("a"), page("b"), page("a")]), listing())

    assert [(gap.cause, "same page twice" in gap.reason) for gap in report.gaps] == [(GapCause.CUT_SHORT, True)]
    assert report.complete == frozenset()


async def test_empty_pages_may_repeat() -> None:
    collected, report = await read(
        Table(list=[[], [], page("a")]), Listing(operation=operation("list"), items=lambda _: [])
    )

    assert report.gaps == ()
    assert len(collected.answers) == 3


async def test_a_list_without_an_end_is_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MAX_PAGES", 3)

    collected, report = await read(Table(list=[page(str(number)) for number in range(9)]), listing())

    assert [gap.cause for gap in report.gaps] == [GapCause.CUT_SHORT]
    assert len(collected.found) == 3


async def test_a_detail_that_cannot_be_read_is_left_out_and_one_that_is_not_set_is_none() -> None:
    details = tuple(
        Detail(key=name, operation=operation(name), arguments=lambda item, _: {"id": item["id"]}, pick=first("value"))
        for name in ("set", "unset", "refused")
    )
    source = Table(
        list=[page("a", "b")], set=[{"value": 1}], unset=[], refused=PermissionMissing("no", service="disks")
    )

    collected, report = await read(source, listing(details=details))

    assert [one.config for one in collected.found] == [{"set": 1, "unset": None}] * 2
    (gap,) = report.gaps
    assert (gap.unlisted, gap.operation, "(2 times)" in gap.reason) == ((), "refused", True)
    assert report.complete == {(DISK, None)}


async def test_details_are_asked_only_where_they_apply_and_where_they_are() -> None:
    detail = Detail(
        key="extra",
        operation=operation("extra"),
        arguments=lambda item, _: {"id": item["id"]},
        applies=lambda item: item["id"] == "a",
        place=lambda _, place: place.inside("west"),
    )
    source = Table(list=[page("a", "b")], extra=[{"x": 1}])

    collected, _ = await read(source, listing(details=(detail,)))

    assert [entry for entry in source.asked if entry[0] == "extra"] == [("extra", "west", {"id": "a"})]
    assert [one.config for one in collected.found] == [{"extra": {"x": 1}}, {}]


async def test_one_call_answers_for_many_items() -> None:
    batch = Batch(
        key="load",
        operation=operation("load"),
        size=2,
        arguments=lambda items, _: {"ids": [item["id"] for item in items]},
        values=lambda items, pages: [f"{item['id']} of {len(pages)}" for item in items],
        applies=lambda item: item["id"] != "b",
    )
    source = Table(list=[page("a", "b", "c", "d")], load=[{}])

    collected, _ = await read(source, listing(batches=(batch,)))

    assert [entry[2]["ids"] for entry in source.asked if entry[0] == "load"] == [["a", "c"], ["d"]]
    assert [one.config for one in collected.found] == [{"load": "a of 1"}, {}, {"load": "c of 1"}, {"load": "d of 1"}]


@pytest.mark.parametrize("answer", [Unavailable("no", service="disks"), {"broken": True}], ids=["refused", "misshapen"])
async def test_a_call_for_many_that_fails_leaves_the_key_out_of_all(answer: Any) -> None:
    def values(items: Any, pages: Any) -> Any:
        return pages[0]["loads"]

    batch = Batch(key="load", operation=operation("load"), size=9, arguments=lambda *_: {}, values=values)

    collected, report = await read(Table(list=[page("a", "b")], load=[answer]), listing(batches=(batch,)))

    assert [one.config for one in collected.found] == [{}, {}]
    assert [gap.operation for gap in report.gaps] == ["load"]
    assert report.complete == {(DISK, None)}


async def test_a_list_under_items_is_incomplete_when_it_fails_for_one_of_them() -> None:
    child = listing("child", FIREWALL, arguments=lambda place: {"of": place.parent["id"]})
    source = Table(list=[page("a", "b")], child=Unavailable("no", service="disks"))

    _, report = await read(source, listing(children=(child,)))

    assert [(gap.operation, gap.unlisted) for gap in report.gaps] == [("child", (FIREWALL,))]
    assert report.complete == {(DISK, None)}
    assert sorted(entry[2].get("of", "") for entry in source.asked) == ["", "a", "b"]


@pytest.mark.parametrize("answer", [{"items": "none"}, "a page of text", {"items": [{"no": "id"}]}])
async def test_an_answer_of_another_shape_is_a_gap(answer: Any) -> None:
    collected, report = await read(Table(list=[answer]), listing())

    assert [(gap.cause, gap.unlisted) for gap in report.gaps] == [(GapCause.MISSHAPEN, (DISK,))]
    assert collected.found == []


async def test_a_detail_of_another_shape_is_a_gap_too() -> None:
    detail = Detail(key="d", operation=operation("d"), arguments=lambda *_: {}, pick=joined("list"))

    collected, report = await read(Table(list=[page("a")], d=[{"list": 5}]), listing(details=(detail,)))

    assert [gap.cause for gap in report.gaps] == [GapCause.MISSHAPEN]
    assert [one.config for one in collected.found] == [{}]


def owner(item: Any, *_: Any) -> Any:
    """What an item lacks that is not of the shape its vendor promises."""
    return item["owner"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"details": (Detail(key="d", operation=operation("d"), arguments=owner),)},
        {"details": (Detail(key="d", operation=operation("d"), arguments=lambda *_: {}, applies=owner),)},
        {"details": (Detail(key="d", operation=operation("d"), arguments=lambda *_: {}, place=owner),)},
        {"batches": (Batch(key="d", operation=operation("d"), size=9, arguments=owner, values=owner),)},
        {
            "batches": (
                Batch(key="d", operation=operation("d"), size=9, arguments=lambda *_: {}, values=owner, applies=owner),
            )
        },
        {"children": (listing("d", FIREWALL, arguments=lambda place: owner(place.parent)),)},
        {"children": (Listing(operation=operation("d", hidden=owner), items=at("items")),)},
    ],
    ids=["detail", "applies", "place", "batch", "batch applies", "child", "hidden"],
)
async def test_an_item_without_what_the_next_call_needs_is_a_gap_and_ends_nothing(wrong: dict[str, Any]) -> None:
    collected, report = await read(
        Table(list=[page("a")], d=[page()], other=[page("b")]), listing(**wrong), listing("other")
    )

    assert {(gap.operation, gap.cause) for gap in report.gaps} == {("d", GapCause.MISSHAPEN)}
    assert sorted(one.native_id for one in collected.found) == ["a", "b"]


async def test_without_regions_nothing_regional_is_complete() -> None:
    source = Table(list=[page("a")], other=[page("f")])
    source.where = PermissionMissing("no", service="disks")

    collected, report = await read(source, listing(is_regional=True), listing("other", FIREWALL))

    assert collected.of(DISK) == []
    assert [gap.unlisted for gap in report.gaps] == [(DISK,)]
    assert report.complete == {(FIREWALL, None)}


async def test_what_was_read_before_a_crash_is_not_read_again() -> None:
    earlier = Collected(earlier={PartKey("list", None)})
    source = Table(list=[page("a")], other=[page("f")])

    collected, report = await read(source, listing(), listing("other", FIREWALL), into=earlier)

    assert [entry[0] for entry in source.asked] == ["other"]
    assert list(collected.parts) == [PartKey("other", None)]
    assert report.complete == {(DISK, None), (FIREWALL, None)}


async def test_a_window_never_shows_everything() -> None:
    _, report = await read(Table(list=[page("a")]), listing(is_window=True))

    assert (report.gaps, report.complete) == ((), frozenset())


async def test_secrets_are_taken_out_before_anything_is_kept() -> None:
    def hide(answer: Any) -> Any:
        return {"items": [{"id": item["id"]} for item in answer["items"]]}

    hiding = Listing(operation=operation("list", hidden=hide), items=at("items"), kind=DISK, parse=parse(DISK))

    collected, _ = await read(Table(list=[{"items": [{"id": "a", "password": "hunter2"}]}]), hiding)

    assert "hunter2" not in str(collected.answers) + str(collected.found)


async def test_a_look_around_asks_for_the_first_of_everything_only() -> None:
    detail = Detail(key="d", operation=operation("d"), arguments=lambda *_: {})
    source = Table(list=[page("a", "b"), page("c")], d=[{}])

    await read(source, listing(is_regional=True, details=(detail,)), first_only=True)

    assert [entry[:2] for entry in source.asked] == [("list", "east"), ("d", "east")]


async def test_items_can_be_dropped_before_anything_is_asked_about_them() -> None:
    kept = listing(keeps=lambda item, _: item["id"] != "a")

    collected, report = await read(Table(list=[{"items": [{"id": "a"}, {"id": "b"}, {"id": "c", "skip": 1}]}]), kept)

    assert [one.native_id for one in collected.found] == ["b"]
    assert report.complete == {(DISK, None)}


def test_a_listing_has_a_kind_and_a_way_to_parse_it_or_neither() -> None:
    with pytest.raises(ValueError, match="both a kind and a parse function"):
        Listing(operation=operation("list"), items=at(""), kind=DISK)


@pytest.mark.parametrize(
    ("path", "answer", "items"),
    [("", [1], [1]), ("a.b", {"a": {"b": [1]}}, [1]), ("a.b", {"a": None}, []), ("a", {}, [])],
)
def test_a_list_stands_under_a_path(path: str, answer: Any, items: list[int]) -> None:
    assert at(path)(answer) == items


def test_something_else_than_a_list_is_an_error() -> None:
    with pytest.raises(TypeError):
        at("a")({"a": 5})


def test_the_first_page_may_lack_what_is_looked_for() -> None:
    assert [first("a.b")(pages) for pages in ([], [{}], [{"a": {"b": 1}}])] == [None, None, 1]
