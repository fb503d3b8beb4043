"""Long work in the background as people follow it."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class JobKind(StrEnum):
    SYNC = "SYNC"
    AUDIT_EXPORT = "AUDIT_EXPORT"
    COST_IMPORT = "COST_IMPORT"
    DISCONNECTION = "DISCONNECTION"
    MEMBER_DISCOVERY = "MEMBER_DISCOVERY"
    COST_FETCH = "COST_FETCH"
    COST_EXPORT = "COST_EXPORT"
    ALLOCATION = "ALLOCATION"
    FORECAST = "FORECAST"
    ANOMALY_SCAN = "ANOMALY_SCAN"
    STATEMENT = "STATEMENT"
    CHECKS = "CHECKS"
    AUDIT_PACK = "AUDIT_PACK"


class JobState(StrEnum):
    """The words of syncs and exports, so that theirs are read as they are."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class JobProgress(BaseModel):
    """How far one piece of work is. `id` tells it from others of its kind; `subject` is what it is about, as
    `<type>:<stored id>`. `done` of `total` are what `step` says; a `total` of 0 is not known.
    """

    model_config = ConfigDict(frozen=True)

    kind: JobKind
    id: str
    subject: str
    state: JobState
    step: str
    done: int = Field(default=0, ge=0)
    total: int = Field(default=0, ge=0)
    problem: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
