"""What the event log says about syncs."""

from typing import Any

from documents.idempotency import encoded
from documents.sync_run import SyncRun
from documents.transaction import Transaction
from domain.facts import topic
from domain.facts.event import LoggedEvent


def announce_sync(tx: Transaction, run: SyncRun) -> None:
    """Log the run as it stands now."""
    tx.announce(run.org_id, topic.syncs(run.org_id), "SyncProgressed", encoded(run))


def sync_of(event: LoggedEvent) -> Any:
    """The run row an event carries."""
    return SyncRun.Row(dict(event.payload))
