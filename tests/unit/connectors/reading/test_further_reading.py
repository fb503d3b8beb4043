"""What the engine asks further: for each thing a detail found, for some items only, and of items that lack a field."""

from typing import Any

import pytest

from connectors.reading.listing import Batch, Detail, Listing, at, joined
from connectors.reading.survey import SurveyReport
from domain.errors import PermissionMissing, Throttled
from domain.facts.inventory import GapCause
from domain.facts.resource import ResourceKind
from tests.fakes.tabled import DISK, FIREWALL, Table, listing, operation, page, parse, read

REFUSED = PermissionMissing("no", service="disks")


def by_each(**more: Any) -> Detail:
    one = Detail(
        key="one", operation=operation("get"), arguments=lambda name, place: {"of": place.parent["id"], "name": name}
    )
    return Detail(
        key="policies",
        operation=operation("names"),
        arguments=lambda item, _: {"id": item["id"]},
        pick=lambda pages: joined("names")(pages) if pages else None,
        each=one,
        **more,
    )


def causes(report: SurveyReport) -> set[tuple[str, GapCause]]:
    return {(gap.operation, gap.cause) for gap in report.gaps}


async def test_each_thing_a_detail_found_is_asked_for_under_its_item() -> None:
    source = Table(list=[page("a")], names=[{"names": ["x", "y"]}], get=[{"ok": True}])

    collected, report = await read(source, listing(details=(by_each(),)))

    assert report.gaps == ()
    assert collected.found[0].config == {"policies": [{"ok": True}, {"ok": True}]}
    assert [asked for name, _, asked in source.asked if name == "get"] == [
        {"of": "a", "name": "x"},
        {"of": "a", "name": "y"},
    ]
    assert [one.name for one in listing(details=(by_each(),)).operations] == ["list", "names", "get"]


async def test_list_of_which_one_could_not_be_read_is_left_out() -> None:
    source = Table(list=[page("a")], names=[{"names": ["x"]}], get=REFUSED)

    collected, report = await read(source, listing(details=(by_each(),)))

    assert collected.found[0].config == {}
    assert causes(report) == {("get", GapCause.PERMISSION)}


@pytest.mark.parametrize(("names", "expected"), [([{"names": []}], []), ([], None)])
async def test_nothing_found_is_asked_no_further(names: list[Any], expected: Any) -> None:
    source = Table(list=[page("a")], names=names)

    collected, _ = await read(source, listing(details=(by_each(),)))

    assert collected.found[0].config == {"policies": expected}


async def test_list_under_an_item_is_asked_only_where_it_applies() -> None:
    child = listing(
        "child", FIREWALL, arguments=lambda place: place.parent, applies=lambda place: place.parent["id"] == "b"
    )
    source = Table(list=[page("a", "b")], child=[page("c")])

    _, report = await read(source, listing(children=(child,)))

    assert report.gaps == ()
    assert [asked for name, _, asked in source.asked if name == "child"] == [{"id": "b"}]


async def test_further_kinds_of_a_list_are_complete_or_hidden_with_it() -> None:
    several = listing(also=(FIREWALL,))

    _, well = await read(Table(list=[page("a")]), several)
    _, ill = await read(Table(list=Throttled("no", service="disks")), several)

    assert well.complete == {(DISK, None), (FIREWALL, None)}
    assert ill.complete == frozenset()
    assert set(ill.gaps[0].unlisted) == {DISK, FIREWALL}


async def test_gap_of_the_whole_account_hides_the_kind_in_each_region_and_the_other_way_round() -> None:
    regional, whole = listing("east", is_regional=True), listing("whole")

    _, report = await read(Table(east=[page("a")], whole=REFUSED), regional, whole)
    _, other = await read(Table(east=REFUSED, whole=[page("a")]), regional, whole)

    assert report.complete == frozenset()
    assert other.complete == frozenset()


LACKING: tuple[dict[str, Any], ...] = (
    {"details": (Detail(key="d", operation=operation("more"), arguments=lambda item, _: {"x": item["missing"]}),)},
    {
        "details": (
            Detail(
                key="d",
                operation=operation("more"),
                arguments=lambda _, __: {},
                place=lambda item, place: place.inside(item["missing"]),
            ),
        )
    },
    {
        "details": (
            Detail(
                key="d",
                operation=operation("more"),
                arguments=lambda _, __: {},
                applies=lambda item: bool(item["missing"]),
            ),
        )
    },
    {"children": (listing("more", FIREWALL, arguments=lambda place: {"x": place.parent["missing"]}),)},
    {"children": (listing("more", FIREWALL, applies=lambda item: bool(item["missing"])),)},
    {
        "batches": (
            Batch(
                key="b",
                operation=operation("more"),
                size=9,
                arguments=lambda items, _: {"x": [item["missing"] for item in items]},
                values=lambda items, _: [None for _ in items],
            ),
        )
    },
    {
        "batches": (
            Batch(
                key="b",
                operation=operation("more"),
                size=9,
                arguments=lambda _, __: {},
                values=lambda items, _: [],
            ),
        )
    },
    {
        "batches": (
            Batch(
                key="b",
                operation=operation("more"),
                size=9,
                arguments=lambda _, __: {},
                values=lambda items, _: [None for _ in items],
                applies=lambda item: bool(item["missing"]),
            ),
        )
    },
)


@pytest.mark.parametrize("more", LACKING)
async def test_item_without_a_field_that_is_asked_with_is_a_gap_and_no_end_of_the_survey(more: dict[str, Any]) -> None:
    source = Table(list=[page("a")], more=[page("m")], other=[page("o")])

    collected, report = await read(source, listing(**more), listing("other", ResourceKind.GCP_NETWORK))

    assert causes(report) == {("more", GapCause.MISSHAPEN)}
    assert sorted((one.native_id, one.config) for one in collected.found) == [("a", {}), ("o", {})]


async def test_evidence_alone_may_hide_kinds_that_others_list() -> None:
    enrolment = Listing(operation=operation("enrolled"), items=at("items"), also=(DISK,))

    _, well = await read(Table(enrolled=[page()]), enrolment)
    _, ill = await read(Table(enrolled=REFUSED), enrolment)

    assert well.complete == frozenset()
    assert ill.gaps[0].unlisted == (DISK,)
    assert parse(DISK)({"skip": True}, {}, None) is None
