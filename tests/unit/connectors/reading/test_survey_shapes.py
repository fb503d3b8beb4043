"""Items that lack what the next call needs are a gap, and no crash of the whole survey."""

from typing import Any

from connectors.reading.listing import Answer, Arguments, Batch, Detail, Listing, Operation, Place, at
from connectors.reading.survey import Survey, SurveyReport
from domain.facts.inventory import GapCause
from tests.fakes.collecting import NOW, Collected

LIST = Operation(name="GET /things", service="api", permissions=("thing:read",))
BELOW = Operation(name="GET /things/{id}", service="api", permissions=("thing:read",))


class Things:
    """Answers with one thing, which has no id."""

    endpoint = "the stand-in"

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def regions(self) -> tuple[str, ...]:
        return ()

    async def identity(self) -> Any:
        raise NotImplementedError

    async def pages(self, operation: Operation, _: Place, __: Arguments) -> Any:
        self.asked.append(operation.name)
        yield {"things": [{"name": "nameless"}]}


async def read(**more: Any) -> tuple[Things, SurveyReport]:
    source = Things()
    listing = Listing(operation=LIST, items=at("things"), **more)
    survey = Survey(source, Collected(), Place(account_id="1", region=None, now=NOW))
    return source, await survey.read([listing])


def by_id(item: Any, *_: object) -> Arguments:
    return {"id": item["id"]}


def expect_gap(source: Things, report: SurveyReport) -> None:
    assert [(gap.operation, gap.cause) for gap in report.gaps] == [(BELOW.name, GapCause.MISSHAPEN)]
    assert source.asked == [LIST.name]


async def test_detail_that_cannot_be_asked_for():
    expect_gap(*await read(details=(Detail(key="more", operation=BELOW, arguments=by_id),)))


async def test_detail_of_which_nobody_can_tell_whether_it_applies():
    detail = Detail(key="more", operation=BELOW, arguments=lambda *_: {}, applies=lambda item: bool(item["id"]))

    expect_gap(*await read(details=(detail,)))


async def test_detail_without_a_place():
    detail = Detail(key="more", operation=BELOW, arguments=lambda *_: {}, place=lambda item, _: item["region"])

    expect_gap(*await read(details=(detail,)))


async def test_batch_that_cannot_be_asked_for():
    batch = Batch(
        key="more",
        operation=BELOW,
        size=5,
        arguments=lambda items, _: {"ids": [item["id"] for item in items]},
        values=lambda items, _: items,
    )

    expect_gap(*await read(batches=(batch,)))


async def test_list_below_that_cannot_be_asked_for():
    child = Listing(operation=BELOW, items=at("things"), arguments=lambda place: {"id": place.parent["id"]})

    expect_gap(*await read(children=(child,)))


async def test_list_below_is_asked_for_only_where_it_applies():
    child = Listing(operation=BELOW, items=at("things"), applies=lambda place: place.parent["name"] == "another")

    source, report = await read(children=(child,))

    assert (source.asked, report.gaps) == ([LIST.name], ())


async def test_answer_whose_secrets_cannot_be_found_is_not_kept():
    def hide(answer: Answer) -> Answer:
        return {"things": answer["secret things"]}

    source, collected = Things(), Collected()
    operation = Operation(name="GET /things", service="api", permissions=(), hidden=hide)
    survey = Survey(source, collected, Place(account_id="1", region=None, now=NOW))
    report = await survey.read([Listing(operation=operation, items=at("things"))])

    assert [gap.cause for gap in report.gaps] == [GapCause.MISSHAPEN]
    assert collected.answers == []
