"""What is to be told to a channel, whatever the channel."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from domain.facts.severity import Severity


class NoticeKind(StrEnum):
    """ESCALATED: nobody has acknowledged it in time. SUMMARY: what was folded because there was too much of it.

    EVENT: one row of the event log for a partner's webhook. STATUS: a scheduled summary of compliance or costs.
    APPROVAL: a plan waits for somebody's approval. DECIDED: it does not any more.
    """

    RAISED = "RAISED"
    REPEATED = "REPEATED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    SNOOZED = "SNOOZED"
    RESOLVED = "RESOLVED"
    ESCALATED = "ESCALATED"
    DIGEST = "DIGEST"
    SUMMARY = "SUMMARY"
    STATUS = "STATUS"
    EVENT = "EVENT"
    APPROVAL = "APPROVAL"
    DECIDED = "DECIDED"
    TEST = "TEST"


class NoticeLine(BaseModel):
    """One labelled line, or one alert of a digest; `link` leads to it."""

    model_config = ConfigDict(frozen=True)

    label: str
    text: str
    link: str | None = None


class Notice(BaseModel):
    """Plain text everywhere: each channel escapes for itself. `link` leads back to the thing.

    `subject` names what it is about ("alert:<id>", "incident:<id>"), so that channels keep one thread, incident or
    ticket for it. `values` are what an organization's own template may use: strings by name. `actions` are what may be
    done from the channel: name ("acknowledge", "snooze", "approve", "decline") to a signed value. `payload` is for
    machines.
    """

    model_config = ConfigDict(frozen=True)

    kind: NoticeKind
    subject: str
    title: str
    message: str
    organization: str
    at: datetime
    severity: Severity | None = None
    link: str | None = None
    lines: tuple[NoticeLine, ...] = ()
    values: dict[str, str] = Field(default_factory=dict)
    actions: dict[str, str] = Field(default_factory=dict, repr=False)
    payload: dict[str, Any] = Field(default_factory=dict, repr=False)
