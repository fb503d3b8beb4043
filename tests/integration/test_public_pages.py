"""Public pages: declared in the graph, fetched by the clock, and judged again when they answer otherwise."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

import documents
from app.wiring import Backend
from documents import Role
from documents.base import utc_now
from documents.public_page import note_answer
from jobs.tasks.fetch_public_pages import fetch_public_pages
from tests.factories.graph import Graph
from tests.factories.platform_house import House, open_house
from tests.factories.tenant import add_member
from tests.fakes.public_site import PublicSite, public_site

SHOWN = "page { id url version lastReviewedAt fetchedAt statusCode isTls bodySha256 sections approvedSha256 }"
RECORD = f"""mutation($input: RecordPublicPageInput!) {{ recordPublicPage(input: $input) {{ __typename
  ... on RecordPublicPageSuccess {{ {SHOWN} }} ... on UserError {{ message path }} }} }}"""


@pytest.fixture(scope="module")
def running() -> Iterator[PublicSite]:
    with public_site() as site:
        yield site


@pytest.fixture
def site(running: PublicSite, monkeypatch: pytest.MonkeyPatch) -> PublicSite:
    monkeypatch.setattr("connectors.outside.authorities", lambda: running.tls)
    running.pages.clear()
    return running


@pytest.fixture
async def house(backend: Backend, graph: Graph) -> House:
    return await open_house(backend, graph)


async def record(house: House, **input: Any) -> dict[str, Any]:
    asked = {"purpose": "PRIVACY", **input}
    answer: dict[str, Any] = (await house.graph.ask(RECORD, house.tenant.token, input=asked))["recordPublicPage"]
    return dict(answer.get("page", answer))


async def listed(house: House) -> list[dict[str, Any]]:
    found = await house.graph.ask(f"{{ publicPages {{ nodes {SHOWN.removeprefix('page ')} }} }}", house.tenant.token)
    nodes: list[dict[str, Any]] = found["publicPages"]["nodes"]
    return nodes


@pytest.fixture(autouse=True)
async def no_other_is_due(backend: Backend) -> None:
    """The job fetches the pages of everybody."""
    await documents.PublicPage.rows().delete_many({})


async def test_a_page_is_fetched_once_and_again_when_it_is_due(house: House, site: PublicSite) -> None:
    await record(house, url=site.put("/privacy", "Our purpose."))
    now = utc_now()

    first = await fetch_public_pages(house.job(now))
    early = await fetch_public_pages(house.job(now + timedelta(hours=11)))
    site.put("/privacy", "Our purpose, and whom to contact.")
    later = await fetch_public_pages(house.job(now + timedelta(hours=13)))
    same = await fetch_public_pages(house.job(now + timedelta(hours=26)))

    assert (first, early, later, same) == (1, 0, 1, 0)
    (page,) = await listed(house)
    assert (page["statusCode"], page["isTls"], page["sections"]) == (200, True, ["purpose", "contact"])


@pytest.mark.parametrize(
    "url",
    [f"https://{'a' * 64}.example.com", "https://a..example.com", "https://nobody.invalid", "https://[::1]:9"],
    ids=["too long", "empty label", "no such name", "closed port"],
)
async def test_an_address_that_leads_nowhere_keeps_no_other_page_waiting(
    house: House, site: PublicSite, url: str
) -> None:
    await record(house, url=url)
    await record(house, url=site.put("/privacy", "Purpose."))

    assert await fetch_public_pages(house.job()) == 2
    assert [page["statusCode"] for page in await listed(house)] == [None, 200]


async def test_what_is_not_there_is_looked_at_again_soon(house: House, site: PublicSite) -> None:
    await record(house, url=f"{site.url}/privacy")
    now = utc_now()
    await fetch_public_pages(house.job(now))
    site.put("/privacy", "Back.")

    found = await fetch_public_pages(house.job(now + timedelta(minutes=31)))

    assert found == 1
    assert [page["statusCode"] for page in await listed(house)] == [200]


async def test_another_address_is_another_page_and_was_not_read(house: House, site: PublicSite) -> None:
    made = await record(house, url=site.put("/privacy", "Purpose."), hasReviewed=True)
    await fetch_public_pages(house.job())

    same = await record(house, id=made["id"], url=f"{site.url}/privacy")
    other = await record(house, id=made["id"], url=f"{site.url}/notice")

    assert (same["lastReviewedAt"], same["statusCode"]) == (made["lastReviewedAt"], 200)
    assert (other["lastReviewedAt"], other["fetchedAt"], other["bodySha256"]) == (None, None, None)
    assert (other["sections"], other["isTls"]) == ([], False)


async def test_an_answer_that_comes_after_the_page_became_another_is_forgotten(house: House, site: PublicSite) -> None:
    made = await record(house, url=site.put("/privacy", "Purpose."))
    (before,) = await documents.PublicPage.list_in(house.tenant.scope, {})
    await record(house, id=made["id"], url=f"{site.url}/notice")

    is_news = await note_answer(before, {"status_code": 200}, utc_now())

    assert not is_news
    assert [page["statusCode"] for page in await listed(house)] == [None]


async def test_what_does_not_count_any_more_is_not_fetched(house: House, site: PublicSite) -> None:
    made = await record(house, url=site.put("/privacy", "Purpose."))
    await record(house, id=made["id"], url=made["url"], isRetired=True)

    await fetch_public_pages(house.job())

    assert [page["fetchedAt"] for page in await listed(house)] == [None]


@pytest.mark.parametrize(
    "url",
    [
        "http://www.example.com/privacy",
        "https://169.254.169.254/latest",
        "https://a:b@example.com",
        "ftp://example.com",
    ],
)
async def test_only_addresses_outside_over_tls_are_declared(house: House, url: str) -> None:
    refused = await record(house, url=url)

    assert (refused["__typename"], refused["path"]) == ("ValidationError", ["input", "url"])


async def test_whoever_only_reads_declares_nothing(house: House) -> None:
    reader = await add_member(house.backend, house.tenant.organization, Role.CLIENT_VIEWER)
    input = {"url": "https://www.example.com/terms", "purpose": "TERMS"}

    (error,) = await house.graph.refused(RECORD, reader.token, input=input)

    assert error["extensions"]["code"] == "FORBIDDEN"
