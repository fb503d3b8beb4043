"""The history of checks: each time one came to say something else."""

from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument
from documents.idempotency import encoded
from documents.transaction import Transaction
from domain.facts import topic
from domain.facts.compliance import CheckStatus, Integration
from domain.facts.event import LoggedEvent

# Thirteen months: an auditor looks back at a whole year.
KEPT_DAYS = 400
_NEWEST_FIRST = (("at", DESCENDING), ("_id", DESCENDING))
CHANGED = "ControlStatusChanged"


class CheckChange(TenantDocument):
    """`before` is None for the first judgement. `control_status` is what the control as a whole says since."""

    noun: ClassVar[str] = "change of a check"

    check_id: PydanticObjectId
    control_id: str
    integration: Integration
    account_id: PydanticObjectId | None = None
    before: CheckStatus | None = None
    after: CheckStatus
    control_status: CheckStatus
    is_flapping: bool = False
    at: datetime

    class Settings:
        name = "check_changes"
        indexes = [
            IndexModel([("org_id", ASCENDING), *_NEWEST_FIRST], name="org_newest"),
            IndexModel([("org_id", ASCENDING), ("check_id", ASCENDING), *_NEWEST_FIRST], name="org_check_newest"),
            IndexModel([("org_id", ASCENDING), ("control_id", ASCENDING), *_NEWEST_FIRST], name="org_control_newest"),
            IndexModel([("at", ASCENDING)], name="expiry", expireAfterSeconds=KEPT_DAYS * 24 * 3600),
        ]


async def tell_change(tx: Transaction, change: CheckChange) -> None:
    """Write the change down and announce it."""
    change.id = change.id or PydanticObjectId()
    await change.insert(session=tx.session)
    tx.announce(change.org_id, topic.controls(change.org_id), CHANGED, encoded(change))


def change_of(event: LoggedEvent) -> Any:
    """The change that an event carries."""
    return CheckChange.Row(dict(event.payload))
