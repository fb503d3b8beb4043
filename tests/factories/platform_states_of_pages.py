"""Public pages that an organization declares, what they answer, and what the controls about them then say."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import NamedTuple

import documents
from documents.base import utc_now
from domain.facts.compliance import Verdict
from jobs.tasks.fetch_public_pages import fetch_public_pages
from tests.factories.platform_house import FAIL, PASS, WARNING, House
from tests.fakes.public_site import PublicSite

DAYS = timedelta(days=1)
COMMITMENTS, PRIVACY = "CW-GOV-05", "CW-PRV-01"
NOTICE = """<html><body><h1>Privacy</h1><p>The purpose: to run the service.</p><p>Retention: a year.</p>
<p>We share nothing.</p><p>You may opt out.</p><p>Contact: privacy@example.com</p></body></html>"""
SECURITY, WELL_KNOWN = "/security", "/.well-known/security.txt"
Make = Callable[[House, PublicSite], Awaitable[str]]


class Shown(NamedTuple):
    """After `make`, which returns what it is about, and that time the control says `verdict` of it."""

    control: str
    verdict: Verdict
    make: Make
    seen: str
    after: timedelta = timedelta()


async def declare(house: House, url: str, purpose: str, **more: object) -> str:
    """The global id of a page that is fetched."""
    asked = {"url": url, "purpose": purpose, "hasReviewed": True, **more}
    id = str((await house.do("RecordPublicPage", "page { id }", **asked))["page"]["id"])
    await fetch_public_pages(house.job())
    return id


def page(status: int = 200, *, is_reviewed: bool = True, is_broken: bool = False) -> Make:
    """The page on security, which answers so."""

    async def make(house: House, site: PublicSite) -> str:
        url = site.put(SECURITY, "How we keep it.", status)
        if is_broken:  # by this name the certificate does not hold
            url = url.replace("localhost", "127.0.0.1")
        await declare(house, url, "SECURITY", hasReviewed=is_reviewed)
        return url

    return make


def contact(text: str, days: int = 300) -> Make:
    """The file of RFC 9116, with its end in so many days where the text has a place for it."""

    async def make(house: House, site: PublicSite) -> str:
        text_now = text.format((utc_now() + days * DAYS).isoformat(timespec="seconds"))
        url = site.put(WELL_KNOWN, text_now)
        await declare(house, url, "SECURITY_TXT")
        return url

    return make


def notice(text: str = NOTICE, *, is_approved: bool = True, later: str | None = None, status: int = 200) -> Make:
    """The notice on privacy; approved as it is, and another text `later`."""

    async def make(house: House, site: PublicSite) -> str:
        url = site.put("/privacy", text, status)
        id = await declare(house, url, "PRIVACY")
        if is_approved:
            (stored,) = await documents.PublicPage.list_in(house.tenant.scope, {"url": url})
            await declare(house, url, "PRIVACY", id=id, approvedSha256=stored.body_sha256)
        if later is not None:
            site.put("/privacy", later, status)
            await fetch_public_pages(house.job(utc_now() + DAYS))
        return url

    return make


def nothing_but(make: Make, missing: str) -> Make:
    """What is missing is named by what it would be."""

    async def made(house: House, site: PublicSite) -> str:
        await make(house, site)
        return missing

    return made


EXPIRES = "Contact: mailto:security@example.com\nExpires: {}\n"
STATES = (
    Shown(COMMITMENTS, PASS, page(), "answers 200 over TLS, reviewed"),
    Shown(COMMITMENTS, PASS, contact(EXPIRES), "answers 200 over TLS, expires"),
    Shown(COMMITMENTS, WARNING, contact(EXPIRES, days=20), "answers 200 over TLS, expires"),
    Shown(COMMITMENTS, FAIL, page(404), "answers 404 over TLS"),
    Shown(COMMITMENTS, FAIL, page(301), "answers 301 over TLS"),
    Shown(COMMITMENTS, FAIL, page(is_broken=True), "answers nothing without TLS"),
    Shown(COMMITMENTS, FAIL, page(is_reviewed=False), "answers 200 over TLS, never reviewed"),
    Shown(COMMITMENTS, FAIL, page(), "answers 200 over TLS, reviewed", 366 * DAYS),
    Shown(COMMITMENTS, FAIL, contact(EXPIRES, days=-1), "answers 200 over TLS, expires"),
    Shown(COMMITMENTS, FAIL, contact("Contact: mailto:security@example.com\n"), "says not when it expires"),
    Shown(COMMITMENTS, FAIL, nothing_but(page(), "/.well-known/security.txt"), "not declared"),
    Shown(COMMITMENTS, FAIL, nothing_but(notice(), "public pages"), "none is declared"),
    Shown(PRIVACY, PASS, notice(), "complete, as approved, reviewed"),
    Shown(PRIVACY, WARNING, notice(), "complete, as approved, reviewed", 340 * DAYS),
    Shown(PRIVACY, FAIL, notice(), "last reviewed", 366 * DAYS),
    Shown(PRIVACY, FAIL, notice(is_approved=False), "not the approved text"),
    Shown(PRIVACY, FAIL, notice(later=NOTICE.replace("a year", "ten years")), "not the approved text"),
    Shown(PRIVACY, FAIL, notice("Our purpose. Contact us."), "nothing on retention, sharing, choice"),
    Shown(PRIVACY, FAIL, notice(status=500), "answers 500"),
    Shown(PRIVACY, FAIL, nothing_but(page(), "privacy notice"), "none is declared"),
)
