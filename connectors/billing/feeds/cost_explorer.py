"""Daily costs out of Cost Explorer, for accounts without an export: by service and account, amounts only.

Each request costs 0.01 USD, so a look asks for two months and takes few pages. Source: GetCostAndUsage.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from connectors.billing.feed import Fetched, Offer, asked_months, month_after
from connectors.billing.fetched_csv import FocusCsv
from connectors.clouds.aws import saving
from connectors.reading.listing import Place
from connectors.reading.source import Source
from domain.costs.sources import cost_explorer

COSTS = saving.cost_explorer("get_cost_and_usage", "GetCostAndUsage")
METRICS = ["UnblendedCost", "AmortizedCost", "UsageQuantity"]
GROUPS = [{"Type": "DIMENSION", "Key": "LINKED_ACCOUNT"}, {"Type": "DIMENSION", "Key": "SERVICE"}]


class CostExplorerFeed:
    """What one account sees: itself, or all of its organization where it pays. `account_id` is its own."""

    def __init__(self, source: Source, account_id: str, months: int, now: datetime) -> None:
        self._source, self._account_id, self._months = source, account_id, months
        self._place = Place(account_id=account_id, region=None, now=now)

    async def offers(self, known: Mapping[date, str], today: date) -> Sequence[Offer]:
        """See Feed. Nothing is asked: what is new shows when it is fetched."""
        return [Offer(month) for month in asked_months(known, today, self._months)]

    async def fetch(self, offer: Offer, folder: Path) -> Fetched:
        """See Feed."""
        # The end is not part of the answer, and may be no later than tomorrow.
        end = min(month_after(offer.month), self._place.now.date() + timedelta(days=1))
        asked = {
            "TimePeriod": {"Start": offer.month.isoformat(), "End": end.isoformat()},
            "Granularity": "DAILY",
            "Metrics": METRICS,
            "GroupBy": GROUPS,
        }
        pages = [page async for page in self._source.pages(COSTS, self._place, asked)]
        with FocusCsv(folder / f"{offer.month:%Y-%m}.csv") as file:
            await asyncio.to_thread(file.add, cost_explorer.focus_rows(pages, self._account_id))
        return Fetched(file.files, {f"ce:{offer.month:%Y-%m}": f"{len(pages)} pages"}, 0)
