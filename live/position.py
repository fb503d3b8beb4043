"""Where a subscriber stands in an organization's log, and what it is told when it cannot stand there any longer."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Position(NamedTuple):
    """After the event `seq` of the log made at `epoch`; `seq` 0 is before the first event."""

    epoch: str
    seq: int


class ResetReason(StrEnum):
    """Why events between the subscriber's position and now may be missing."""

    EXPIRED = "EXPIRED"  # the log no longer stores the events after the position
    REPLACED = "REPLACED"  # the log was made anew since the position was given out
    AHEAD = "AHEAD"  # the position lies beyond the end of the log, so the log has lost its newest part


@dataclass(frozen=True, slots=True)
class Reset:
    """The stream of `org_id` starts again at `position`; the subscriber should load its state afresh."""

    org_id: str
    position: Position
    reason: ResetReason
