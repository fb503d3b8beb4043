"""What a reader of the tenant's event log sees."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One row of the log. `seq` rises by one within an organization, in commit order, without gaps."""

    org_id: str
    seq: int
    topic: str
    type: str
    payload: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class LogBounds:
    """The rows still stored, `first` to `last` inclusive; an empty log has `first` = `last` + 1.

    `epoch` changes when the log is made anew (for example after a restore), so that old cursors can be told apart.
    """

    epoch: str
    first: int
    last: int
