"""A way to tell people or their systems: its sealed settings, whether it works, and when it must stay quiet."""

from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument
from domain.facts.channel import ChannelKind, ChannelState


class Channel(TenantDocument):
    """`settings` are sealed JSON; `shown` says in a line where messages go, without secrets.

    `proven_version` is the version of the settings a test message was delivered with. `quiet` and `templates` are kept
    as domain/alerting and connectors/channels understand them. `sequence` counts the messages of a webhook, `failures`
    the tries that failed in a row.
    """

    noun: ClassVar[str] = "channel"
    sealed: ClassVar[tuple[str, ...]] = ("settings",)

    name: str
    kind: ChannelKind
    shown: str
    settings: bytes = Field(repr=False)
    state: ChannelState = ChannelState.UNVERIFIED
    problem: str | None = None
    verified_at: datetime | None = None
    quiet: dict[str, Any] | None = None
    templates: dict[str, str] = Field(default_factory=dict)
    topics: list[str] = Field(default_factory=list)
    sequence: int = 0
    failures: int = 0
    settings_version: int = 1
    proven_version: int | None = None
    version: int = 1

    class Settings:
        name = "channels"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING)], unique=True, name="org_name"),
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING), ("_id", ASCENDING)], name="org_name_id"),
        ]
