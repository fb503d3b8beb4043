"""The team itself, its projects, alerts and actions, and what it pays."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.clouds.digitalocean import calls, parse
from connectors.reading.listing import COST, Answer, Arguments, Detail, Item, Listing, Place, Window
from domain.facts.resource import ResourceKind

IDENTITY = calls.get("/v2/account", "account:read")
# Bills move once a day.
DAILY = {"cadence": COST}
# The longest span one call for billing insights may ask for is 31 days.
INSIGHTS = timedelta(days=30)
# Nightly estimates of the last days are still corrected.
CORRECTED = timedelta(days=3)
# DigitalOcean says by 404 that there is no scan, and by its own code that posture scans are not switched on.
POSTURE = "Cloud Security Posture Management, switched on and scanned once"


def newest_scan(pages: Sequence[Answer]) -> Any:
    """The scan with the findings of all pages."""
    findings = [finding for page in pages for finding in page["scan"].get("findings") or []]
    return {**pages[0]["scan"], "findings": findings}


def insights_since(place: Place) -> Arguments:
    """From a little before the last complete read, at most as far back as one call may ask."""
    earliest = place.now - INSIGHTS
    start = max(earliest, place.since - CORRECTED) if place.since else earliest
    return {
        "account_urn": f"do:team:{place.account_id}",
        "start_date": start.date().isoformat(),
        "end_date": place.now.date().isoformat(),
        "per_page": calls.PAGE_SIZE,
    }


def invoices(answer: Answer) -> list[Item]:
    """The invoices, and the preview of the one of this month before them."""
    preview = answer.get("invoice_preview")
    return [*([preview] if preview else []), *calls.listed("invoices")(answer)]


def is_open(place: Place) -> bool:
    """Whether the lines of an invoice may have changed since they were read: an issued one stays as it is."""
    if place.since is None:
        return True
    last = place.since - CORRECTED
    return bool(place.parent["invoice_period"] >= month_before(last))


def month_before(at: datetime) -> str:
    """The month before, as 2026-10: it is invoiced in the month of `at`."""
    return (at.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")


LISTINGS = (
    Listing(
        operation=IDENTITY,
        items=lambda answer: [answer["account"]],
        kind=ResourceKind.DIGITALOCEAN_TEAM,
        parse=parse.parse_team,
        volatile=frozenset({"sizes"}),
        details=(
            Detail(
                key="sizes",
                operation=calls.get("/v2/sizes", "sizes:read"),
                arguments=lambda _, place: calls.full_pages(place),
                pick=calls.joined("sizes"),
            ),
            Detail(
                key="scan",
                operation=calls.get("/v2/security/scans/latest", "security:read", plan=POSTURE, off=frozenset({"404"})),
                arguments=lambda _, place: calls.full_pages(place),
                pick=newest_scan,
            ),
        ),
    ),
    Listing(
        operation=calls.get("/v2/projects", "project:read"),
        arguments=calls.full_pages,
        items=calls.listed("projects"),
        kind=ResourceKind.DIGITALOCEAN_PROJECT,
        parse=parse.parse_as(ResourceKind.DIGITALOCEAN_PROJECT),
    ),
    Listing(
        # The address of a Slack channel's webhook is as good as a password.
        operation=calls.get("/v2/monitoring/alerts", "monitoring:read", hide=calls.dropping("url")),
        arguments=calls.full_pages,
        items=calls.listed("policies"),
        kind=ResourceKind.DIGITALOCEAN_ALERT,
        parse=parse.parse_as(ResourceKind.DIGITALOCEAN_ALERT, key="uuid", name="description"),
    ),
    Listing(
        operation=calls.get("/v2/uptime/checks", "uptime:read"),
        arguments=calls.full_pages,
        items=calls.listed("checks"),
        kind=ResourceKind.DIGITALOCEAN_UPTIME_CHECK,
        parse=parse.parse_as(ResourceKind.DIGITALOCEAN_UPTIME_CHECK),
    ),
    Listing(
        # The newest come first and the list has no start date: the source stops at what was read before.
        operation=calls.get("/v2/actions", "actions:read", options={"newest_first": ("actions", "started_at")}),
        arguments=calls.full_pages,
        items=calls.listed("actions"),
        window=Window(path="actions", keys=("id",)),
    ),
    Listing(
        operation=calls.get("/v2/customers/my/balance", "billing:read", options=DAILY),
        items=lambda answer: [answer["month_to_date_usage"]],
    ),
    Listing(
        operation=calls.get("/v2/customers/my/billing_history", "billing:read", options=DAILY),
        items=calls.listed("billing_history"),
    ),
    Listing(
        operation=calls.get("/v2/customers/my/invoices", "billing:read", options=DAILY),
        arguments=calls.full_pages,
        items=invoices,
        kind=ResourceKind.DIGITALOCEAN_INVOICE,
        parse=parse.parse_as(ResourceKind.DIGITALOCEAN_INVOICE, key="invoice_uuid", name="invoice_period"),
        children=(
            Listing(
                operation=calls.get("/v2/customers/my/invoices/{invoice_uuid}", "billing:read"),
                arguments=lambda place: {
                    "invoice_uuid": place.parent["invoice_uuid"],
                    "per_page": calls.PAGE_SIZE,
                },
                items=calls.listed("invoice_items"),
                applies=is_open,
            ),
        ),
    ),
    Listing(
        operation=calls.get(
            "/v2/billing/{account_urn}/insights/{start_date}/{end_date}",
            "billing:read",
            options={"numbered": True, **DAILY},
        ),
        arguments=insights_since,
        items=calls.listed("data_points"),
    ),
)
