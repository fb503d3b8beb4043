"""What people know of costs to come, and forecasts could not: a commitment that ends, a change that is planned."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.errors import Conflict
from domain.forecasting.event import KnownEvent

# What a forecast takes into account; the list itself is paged.
MOST_EVENTS = 1000


class ForecastEvent(TenantDocument):
    """From midnight (UTC) of `first` up to but without `until` (None: for good) costs change.

    By `amount` of `currency` a day, or times `factor`: one of the two. None of `sub_account_id` and `service_name`
    means all. `starts_at` is the moment of the first day at which traffic rises, None where that is not known.
    """

    noun: ClassVar[str] = "forecast event"

    name: str
    first: datetime
    until: datetime | None = None
    starts_at: datetime | None = None
    sub_account_id: str | None = None
    service_name: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    factor: Decimal | None = None
    version: int = Field(default=1)

    class Settings:
        name = "forecast_events"
        indexes = [IndexModel([("org_id", ASCENDING), ("first", ASCENDING), ("_id", ASCENDING)], name="org_first")]

    def known(self) -> KnownEvent:
        """The event as forecasts take it."""
        return KnownEvent(
            first=self.first.date(),
            until=None if self.until is None else self.until.date(),
            sub_account=self.sub_account_id,
            service=self.service_name,
            currency=self.currency,
            amount=None if self.amount is None else float(self.amount),
            factor=None if self.factor is None else float(self.factor),
        )


async def change_event(
    event: ForecastEvent, changes: dict[str, Any], expected_version: int | None, session: AsyncClientSession
) -> ForecastEvent:
    """The event with these fields changed. Raises Conflict when it is in another version."""
    raw = await ForecastEvent.rows().find_one_and_update(
        {"_id": event.id, "version": expected_version or event.version},
        {"$set": changes, "$inc": {"version": 1}},
        session=session,
        return_document=ReturnDocument.AFTER,
    )
    if raw is None:
        raise Conflict("The forecast event was changed in the meantime: look at it again.", current=event)
    return ForecastEvent.stored(raw)


async def remove_event(event: ForecastEvent, expected_version: int | None, session: AsyncClientSession) -> None:
    """Delete the event. Raises Conflict when it is in another version."""
    query = {"_id": ObjectId(str(event.id)), "version": expected_version or event.version}
    result = await ForecastEvent.rows().delete_one(query, session=session)
    if not result.deleted_count:
        raise Conflict("The forecast event was changed in the meantime: look at it again.", current=event)
