"""Pages of patients are declared, fetched from a site, and judged by what they call."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

import documents
from app.wiring import Backend
from documents.base import utc_now
from jobs.queue import LOOK_AT_PAGES
from jobs.tasks.judge_controls import judge_asked
from jobs.tasks.look_at_pages import ask_due_looks, look_at_pages
from schema.node import global_id, local_id
from tests.factories.backlog import is_asked
from tests.factories.graph import Graph
from tests.factories.synthetic_account import context_of
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes.page_site import PageSite, Served, page_site

CHECK = "TC-PHI-12"
SWITCH = """mutation { changeComplianceSettings(input: {bundles: ["trustcloud"]}) { __typename } }"""
RECORD = """mutation($input: RecordDataStoreInput!) { recordDataStore(input: $input) {
  ... on RecordDataStoreSuccess { store { id version patientPages } } ... on UserError { message path } } }"""
VENDOR = "mutation($input: RecordVendorInput!) { recordVendor(input: $input) { __typename } }"
STANDS = """{ checks(filter: {controlIds: ["TC-PHI-12"]}) { nodes {
  status problem items { resource verdict observed } } } }"""
CLEAN = '<html><script src="/own.js"></script><a href="https://www.facebook.com/clinic">Us</a></html>'
TRACKED = '<html><script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script></html>'
JSON = {"content-type": "application/json"}


class Clinic:
    """An organization with TrustCloud switched on that keeps an inventory of data, and its site."""

    def __init__(self, graph: Graph, backend: Backend, tenant: Tenant, member: str, site: PageSite) -> None:
        self.graph, self.backend, self.tenant, self.member, self.site = graph, backend, tenant, member, site

    async def declare(self, *urls: str, **more: Any) -> dict[str, Any]:
        """The store of bookings with these pages, or what is said against them."""
        store = {"name": "bookings", "place": "aws/rds/bookings", "purpose": "to treat", "ownerId": self.member}
        input = {**store, "patientPages": list(urls), **more}
        said: dict[str, Any] = (await self.graph.ask(RECORD, self.tenant.token, input=input))["recordDataStore"]
        return said.get("store", said)

    async def look(self, store: dict[str, Any], **changed: Any) -> int:
        ctx = {"context": context_of(self.backend, **changed)}
        return await look_at_pages(ctx, org_id=self.tenant.org_id, store_id=local_id("DataStore", store["id"]))

    async def judged(self, **changed: Any) -> dict[str, Any]:
        """How the check stands once it is judged anew."""
        ctx = {"context": context_of(self.backend, **changed)}
        id = self.tenant.org_id
        await judge_asked(ctx, org_id=id, request_id=f"r{id}", control_ids=[CHECK], account_id=None)
        (check,) = (await self.graph.ask(STANDS, self.tenant.token))["checks"]["nodes"]
        found: dict[str, Any] = check
        return found


@pytest.fixture(scope="module")
def site() -> Iterator[PageSite]:
    with page_site() as running:
        yield running


@pytest.fixture
async def clinic(graph: Graph, backend: Backend, site: PageSite) -> Clinic:
    site.pages, site.asked = {"/booking": Served(CLEAN), "/results": Served(CLEAN)}, []
    tenant = await make_tenant(backend)
    member = await documents.Membership.rows().find_one({"user_id": tenant.user.id})
    assert member is not None
    await graph.ask(SWITCH, tenant.token)
    return Clinic(graph, backend, tenant, global_id("Member", member["_id"]), site)


async def test_pages_that_call_nobody_pass(clinic: Clinic) -> None:
    store = await clinic.declare(f"{clinic.site.url}/booking", f"{clinic.site.url}/results")

    read = await clinic.look(store)
    check = await clinic.judged()

    assert store["patientPages"] == [f"{clinic.site.url}/booking", f"{clinic.site.url}/results"]
    assert (read, check["status"]) == (2, "PASS")
    assert {path for path, _ in clinic.site.asked} == {"/booking", "/results"}
    assert all("cookie" not in headers and "authorization" not in headers for _, headers in clinic.site.asked)


async def test_a_tracker_fails_until_its_vendor_has_signed(clinic: Clinic) -> None:
    clinic.site.pages["/results"] = Served(TRACKED)
    await clinic.look(await clinic.declare(f"{clinic.site.url}/booking", f"{clinic.site.url}/results"))

    bare = await clinic.judged()
    vendor = {"name": "Google Analytics", "tier": 1, "needsBaa": True, "baaSignedAt": "2026-01-01T00:00:00Z"}
    await clinic.graph.ask(VENDOR, clinic.tenant.token, input=vendor)
    signed = await clinic.judged()

    assert (bare["status"], signed["status"]) == ("FAIL", "WARNING")
    assert bare["items"][0] == {
        "resource": f"{clinic.site.url}/results",
        "verdict": "FAIL",
        "observed": "calls www.googletagmanager.com of Google Analytics, without an agreement",
    }


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Served(status=404), "status 404"),
        (Served(status=302, headers={"location": "http://169.254.169.254/"}), "leads to another address"),
        (Served("{}", headers=JSON), "not in HTML"),
        (Served("x" * (2 * 1024 * 1024 + 1)), "larger than"),
    ],
    ids=["gone", "moved", "no page", "too long"],
)
async def test_a_page_that_cannot_be_read_is_an_error(clinic: Clinic, answer: Served, problem: str) -> None:
    clinic.site.pages["/results"] = answer

    read = await clinic.look(await clinic.declare(f"{clinic.site.url}/booking", f"{clinic.site.url}/results"))
    check = await clinic.judged()

    assert (read, check["status"]) == (1, "ERROR")
    assert problem in check["problem"]
    assert [path for path, _ in clinic.site.asked if path not in ("/booking", "/results")] == []


async def test_a_page_that_answers_no_more_is_known_for_three_days(clinic: Clinic) -> None:
    store = await clinic.declare(f"{clinic.site.url}/booking")
    await clinic.look(store)
    clinic.site.pages.clear()
    await clinic.look(store)

    soon = await clinic.judged()
    later = await clinic.judged(now=lambda: utc_now() + timedelta(days=4))

    assert (soon["status"], later["status"]) == ("PASS", "ERROR")


async def test_where_no_page_is_declared_nothing_is_said(clinic: Clinic) -> None:
    without = await clinic.declare()
    retired = await clinic.declare(f"{clinic.site.url}/booking", isRetired=True)

    check = await clinic.judged()

    assert (await clinic.look(without), await clinic.look(retired), clinic.site.asked) == (0, 0, [])
    assert check["status"] == "NOT_ASSESSED"


async def test_no_page_inside_a_network_is_fetched(clinic: Clinic) -> None:
    store = await clinic.declare(f"{clinic.site.url}/booking")

    metadata = await clinic.declare("https://169.254.169.254/latest/meta-data")
    plain = await clinic.declare("http://clinic.example/booking")
    query = await clinic.declare("https://clinic.example/booking?patient=7")
    read = await clinic.look(store, allow_private_endpoints=False)

    assert [one["path"] for one in (metadata, plain, query)] == [["input", "patientPages", "0"]] * 3
    assert plain["message"] == "The page must be an https:// address."
    assert (read, clinic.site.asked) == (0, [])


async def test_pages_are_looked_at_when_declared_and_once_a_day(clinic: Clinic) -> None:
    store = await clinic.declare(f"{clinic.site.url}/booking")
    id = local_id("DataStore", store["id"])
    asked = await is_asked(clinic.backend, f"{LOOK_AT_PAGES}:{id}")
    await clinic.look(store)
    changed = await clinic.declare(f"{clinic.site.url}/booking", id=store["id"], expectedVersion=store["version"])

    async def is_due(hours: int) -> bool:
        await documents.DataStore.rows().update_many({"org_id": {"$ne": clinic.tenant.organization.id}}, GONE)
        at = utc_now() + timedelta(hours=hours)
        return bool(await ask_due_looks({"context": context_of(clinic.backend, now=lambda: at)}))

    assert asked
    assert [await is_due(hours) for hours in (0, 23, 24)] == [False, False, True]
    # What was seen is no change of the entry, and outlives one.
    kept = await documents.DataStore.get_in(clinic.tenant.scope, id)
    assert (changed["version"], kept.looks[0].problem, kept.looks[0].read_at is None) == (2, None, False)


GONE = {"$set": {"patient_pages": []}}
