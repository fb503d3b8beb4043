"""Public pages are declared, fetched from a site over TLS, and judged."""

from collections.abc import Iterator

import pytest

from app.wiring import Backend
from documents.base import utc_now
from domain.facts.compliance import CheckStatus
from tests.factories.graph import Graph
from tests.factories.platform_house import House, open_house, said
from tests.factories.platform_states_of_pages import COMMITMENTS, PRIVACY, STATES, Shown
from tests.fakes.public_site import PublicSite, public_site


@pytest.fixture(scope="module")
def running() -> Iterator[PublicSite]:
    with public_site() as site:
        yield site


@pytest.fixture
def site(running: PublicSite, monkeypatch: pytest.MonkeyPatch) -> PublicSite:
    """Its certificate is trusted, and nothing is on it."""
    monkeypatch.setattr("connectors.outside.authorities", lambda: running.tls)
    running.pages.clear()
    return running


@pytest.fixture
async def house(backend: Backend, graph: Graph) -> House:
    return await open_house(backend, graph)


@pytest.mark.parametrize("state", STATES, ids=lambda state: f"{state.control} {state.verdict} {state.seen}")
async def test_what_a_page_answers_is_judged(house: House, site: PublicSite, state: Shown) -> None:
    thing = await state.make(house, site)

    check = await house.check(state.control, at=utc_now() + state.after)

    assert check.problem is None
    assert any(
        (resource, verdict) == (thing, state.verdict) and state.seen in observed
        for resource, verdict, observed in said(check)
    ), said(check)


@pytest.mark.parametrize("control_id", [COMMITMENTS, PRIVACY])
async def test_a_page_that_was_not_fetched_yet_is_an_error_and_no_page_is_not_assessed(
    house: House, site: PublicSite, control_id: str
) -> None:
    before = await house.check(control_id)
    await house.do("RecordPublicPage", "page { id }", url=f"{site.url}/terms", purpose="TERMS", hasReviewed=True)

    after = await house.check(control_id)

    assert (before.status, after.status) == (CheckStatus.NOT_ASSESSED, CheckStatus.ERROR)
    assert f"{site.url}/terms was not fetched yet" in (after.problem or "")
