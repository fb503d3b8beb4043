"""Pages of patients call no trackers or ad tags.

The pages are those that the inventory of data names. What a page's scripts load in turn is not seen: a tag manager
counts as the tracker it brings. That a page needs a sign-in makes it unread, not clean.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.compliance.answers import NotOffered, Unread
from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.own_rows import own_rows
from domain.compliance.trackers import by_owner, is_of
from domain.facts.compliance import Integration

PAGES, VENDORS = "platform:patient_pages", "manual:vendor_documents"
# Pages are looked at once a day: after three days without an answer nothing is known of one.
KNOWN_FOR = timedelta(days=3)
WANTED = "no tracker, or one whose vendor has signed a business associate agreement"


def _platform(case: Case) -> Iterator[Item]:
    """Each page. A look that failed leaves what the last one saw in force for three days."""
    pages = list(case.answers.items(PAGES))
    for page in pages:
        if page["read_at"] is None or case.now - page["read_at"] > KNOWN_FOR:
            raise Unread(PAGES, f"{page['url']} was not read: {page['problem'] or 'it was not looked at yet'}")
    found = [(page["url"], by_owner(page["hosts"])) for page in pages]
    signed = _signed(case) if any(trackers for _, trackers in found) else []
    for url, trackers in found:
        yield _tracked(url, trackers, signed)


def _signed(case: Case) -> list[str]:
    """The vendors whose agreement is in force. A register that was never begun has none."""
    try:
        rows = own_rows(case, VENDORS, Integration.MANUAL)
    except NotOffered:
        return []
    return [row["vendor"] for row in rows if _is_signed(row, case.now)]


def _is_signed(vendor: Mapping[str, Any], now: datetime) -> bool:
    return vendor["baa_signed_at"] is not None and vendor["baa_signed_at"] <= now


def _tracked(url: str, trackers: Mapping[str, list[str]], signed: list[str]) -> Item:
    bare = [owner for owner in trackers if not any(is_of(vendor, owner) for vendor in signed)]
    if not trackers:
        return passed(url, "calls no known tracker")
    if bare:
        hosts = [host for owner in bare for host in trackers[owner]]
        return failed(url, f"calls {', '.join(hosts)} of {', '.join(bare)}, without an agreement", WANTED)
    return warned(url, f"calls trackers of {', '.join(trackers)}, with an agreement", "no tracker")


PROCEDURES = (
    Procedure(
        integration=Integration.PLATFORM,
        scope="resource",
        operations=(PAGES,),
        passes="No page of patients that the inventory of data names calls the host of a known tracker.",
        warns="One does, and the register of vendors says that its vendor has signed a business associate agreement.",
        fails="One does, and no such agreement is on the register.",
        judge=_platform,
    ),
)
