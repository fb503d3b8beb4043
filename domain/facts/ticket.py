"""The words of tickets: where ours stands, and what Jira's many statuses come down to."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class TicketState(StrEnum):
    """WAITING: not made yet. FAILED: could not be made, or was deleted in Jira; `problem` says why."""

    WAITING = "WAITING"
    OPEN = "OPEN"
    DONE = "DONE"
    FAILED = "FAILED"


class StatusCategory(StrEnum):
    """Every status of a workflow is in one of these. Source: Jira Cloud REST API v3, "Get all status categories"."""

    TO_DO = "TO_DO"
    IN_PROGRESS = "IN_PROGRESS"
    DONE = "DONE"


CATEGORY_OF_KEY = {
    "new": StatusCategory.TO_DO,
    "undefined": StatusCategory.TO_DO,
    "indeterminate": StatusCategory.IN_PROGRESS,
    "done": StatusCategory.DONE,
}


class SeenComment(BaseModel):
    """A comment as Jira has it, as plain text. `key` is our own name for one that we wrote, where Jira tells it."""

    model_config = ConfigDict(frozen=True)

    id: str
    author_id: str | None
    author: str
    text: str
    at: datetime
    key: str | None = None


class SeenTicket(BaseModel):
    """A ticket as Jira has it. Comments that are left out are not gone: nobody takes them for deleted.

    `category` and `updated_at` are None where only comments were told of; then the other fields say nothing either.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    key: str
    updated_at: datetime | None = None
    category: StatusCategory | None = None
    status: str | None = None
    assignee: str | None = None
    assignee_id: str | None = None
    priority: str | None = None
    summary: str | None = None
    comments: tuple[SeenComment, ...] = ()
    has_more_comments: bool = False
