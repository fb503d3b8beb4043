"""One thing in a cloud account, as a sync last saw it."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from domain.facts.resource_kind import ResourceKind as ResourceKind


class Resource(BaseModel):
    """`native_id` is the id the provider bills and logs by (an ARN where there is one), unique within an account.

    `config` holds the provider's own field names and values, JSON types only; `region` is None for global things.
    `unread` are keys of `config` that could not be read this time: they are missing there, and nothing follows from it.
    """

    model_config = ConfigDict(frozen=True)

    kind: ResourceKind
    native_id: str
    name: str
    region: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    config: dict[str, Any] = Field(default_factory=dict)
    created_at: datetime | None = None
    unread: frozenset[str] = frozenset()
