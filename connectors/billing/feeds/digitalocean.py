"""Bills of a DigitalOcean team: its invoices with their items, or the daily points of billing insights.

Source: DigitalOcean API reference, Billing and Billing Insights.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.billing.feed import Fetched, Offer, asked_months, month_after, months_back
from connectors.billing.fetched_csv import FocusCsv
from connectors.clouds.digitalocean import calls
from connectors.reading.listing import Operation, Place
from connectors.reading.source import Source
from domain.costs.sources import digitalocean
from domain.errors import Misshapen

INVOICES = calls.get("/v2/customers/my/invoices", "billing:read")
ITEMS = calls.get("/v2/customers/my/invoices/{invoice_uuid}", "billing:read")
INSIGHTS = calls.get(
    "/v2/billing/{account_urn}/insights/{start_date}/{end_date}", "billing:read", options={"numbered": True}
)


class InvoiceFeed:
    """The invoice of each month, and the preview of this month's, of the team whose id is `team_id`."""

    def __init__(self, source: Source, team_id: str, months: int, now: datetime) -> None:
        self._source, self._team_id, self._months = source, team_id, months
        self._place = Place(account_id=team_id, region=None, now=now)
        self._invoices: dict[date, dict[str, Any]] = {}

    async def offers(self, known: Mapping[date, str], today: date) -> Sequence[Offer]:
        """See Feed. An invoice changes with its amount and when it was made out."""
        wanted = set(months_back(today, self._months)) | set(known)
        self._invoices = {}
        async for page in self._source.pages(INVOICES, self._place, calls.full_pages(self._place)):
            for invoice in [*(page.get("invoices") or []), page.get("invoice_preview")]:
                if invoice and (month := _month(invoice)) in wanted:
                    self._invoices.setdefault(month, invoice)
        offers = [Offer(month, _mark(invoice)) for month, invoice in sorted(self._invoices.items())]
        return [offer for offer in offers if known.get(offer.month) != offer.mark]

    async def fetch(self, offer: Offer, folder: Path) -> Fetched:
        """See Feed."""
        invoice = self._invoices[offer.month]
        asked = {"invoice_uuid": invoice["invoice_uuid"], "per_page": calls.PAGE_SIZE}
        items = await _all(self._source, self._place, ITEMS, asked, "invoice_items")
        with FocusCsv(folder / f"{offer.month:%Y-%m}.csv") as file:
            await asyncio.to_thread(file.add, digitalocean.focus_rows({**invoice, "account": self._team_id}, items))
        return Fetched(file.files, {str(invoice["invoice_uuid"]): offer.mark or ""}, 0)


class InsightFeed:
    """Daily points of the team whose id is `team_id`. The nights after a day still correct it."""

    def __init__(self, source: Source, team_id: str, months: int, now: datetime) -> None:
        self._source, self._team_id, self._months = source, team_id, months
        self._place = Place(account_id=team_id, region=None, now=now)

    async def offers(self, known: Mapping[date, str], today: date) -> Sequence[Offer]:
        """See Feed. Nothing is asked: what is new shows when it is fetched."""
        return [Offer(month) for month in asked_months(known, today, self._months)]

    async def fetch(self, offer: Offer, folder: Path) -> Fetched:
        """See Feed. A month is no longer than the longest span that one call may ask for."""
        last = min(month_after(offer.month) - timedelta(days=1), self._place.now.date())
        asked = {
            "account_urn": f"do:team:{self._team_id}",
            "start_date": offer.month.isoformat(),
            "end_date": last.isoformat(),
            "per_page": calls.PAGE_SIZE,
        }
        points = await _all(self._source, self._place, INSIGHTS, asked, "data_points")
        with FocusCsv(folder / f"{offer.month:%Y-%m}.csv") as file:
            await asyncio.to_thread(file.add, digitalocean.insight_rows(points))
        return Fetched(file.files, {f"insights:{offer.month:%Y-%m}": f"{len(points)} points"}, 0)


async def _all(source: Source, place: Place, operation: Operation, asked: Mapping[str, Any], key: str) -> list[Any]:
    found: list[Any] = []
    try:
        async for page in source.pages(operation, place, asked):
            found += calls.listed(key)(page)
    except (KeyError, TypeError) as error:
        raise Misshapen(f"DigitalOcean does not answer {operation.name} as it should.", service=calls.API) from error
    return found


def _month(invoice: Mapping[str, Any]) -> date | None:
    period = str(invoice.get("invoice_period") or "")
    try:
        return date(int(period[:4]), int(period[5:7]), 1)
    except ValueError:
        return None


def _mark(invoice: Mapping[str, Any]) -> str:
    return "|".join(str(invoice.get(name) or "") for name in ("invoice_uuid", "amount", "updated_at"))
