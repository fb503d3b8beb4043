"""Daily costs out of the Query interface of Cost Management, for subscriptions without an export.

Source: Cost Management REST reference, Query - Usage. A query of up to a month is one unit of 60 a minute.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.billing.feed import Fetched, Offer, asked_months, month_after
from connectors.billing.fetched_csv import FocusCsv
from connectors.clouds.azure import cost
from connectors.reading.listing import Place
from connectors.reading.source import Source
from domain.costs.sources import azure_query

# A question may group by two things at most.
GROUPS = ("ServiceName", "ResourceGroupName")
BILLED, EFFECTIVE = "ActualCost", "AmortizedCost"


class AzureQueryFeed:
    """What one subscription costs."""

    def __init__(self, source: Source, subscription_id: str, months: int, now: datetime) -> None:
        self._source, self._subscription_id, self._months = source, subscription_id, months
        self._place = Place(account_id=subscription_id, region=None, now=now)

    async def offers(self, known: Mapping[date, str], today: date) -> Sequence[Offer]:
        """See Feed. Nothing is asked: what is new shows when it is fetched."""
        return [Offer(month) for month in asked_months(known, today, self._months)]

    async def fetch(self, offer: Offer, folder: Path) -> Fetched:
        """See Feed."""
        last = min(month_after(offer.month) - timedelta(days=1), self._place.now.date())
        billed = await self._pages(question(BILLED, offer.month, last))
        effective = await self._pages(question(EFFECTIVE, offer.month, last))
        rows = azure_query.focus_rows(billed, self._subscription_id, amortised_pages=effective)
        with FocusCsv(folder / f"{offer.month:%Y-%m}.csv") as file:
            await asyncio.to_thread(file.add, rows)
        return Fetched(file.files, {f"query:{offer.month:%Y-%m}": f"{len(billed) + len(effective)} pages"}, 0)

    async def _pages(self, asked: Mapping[str, Any]) -> list[Any]:
        return [page async for page in self._source.pages(cost.QUERY, self._place, asked)]


def question(kind: str, first: date, last: date) -> dict[str, Any]:
    """Each day's costs from `first` to `last`, as they are billed or as they take effect."""
    return {
        "type": kind,
        "timeframe": "Custom",
        "timePeriod": {"from": f"{first}T00:00:00Z", "to": f"{last}T23:59:59Z"},
        "dataset": {
            "granularity": "Daily",
            "aggregation": {"totalCost": {"name": "Cost", "function": "Sum"}},
            "grouping": [{"type": "Dimension", "name": name} for name in GROUPS],
        },
    }
