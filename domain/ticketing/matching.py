"""Which alerts become a ticket."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from domain.facts.alert import AlertCategory, AlertSource
from domain.facts.severity import Severity


class TicketMatch(BaseModel):
    """Every list that is not empty must have what the alert has; of `tags` the alert's resource must bear each one.

    `account_ids` are 24 hex digits. A failed control is an alert of source CHECK.
    """

    model_config = ConfigDict(frozen=True)

    severities: tuple[Severity, ...] = ()
    sources: tuple[AlertSource, ...] = ()
    categories: tuple[AlertCategory, ...] = ()
    account_ids: tuple[str, ...] = ()
    tags: dict[str, str] = Field(default_factory=dict)

    def takes(self, alert: Mapping[str, Any]) -> bool:
        """Whether an alert with these stored fields becomes a ticket."""
        told = (
            (self.severities, alert.get("severity")),
            (self.sources, alert.get("source")),
            (self.categories, alert.get("category")),
            (self.account_ids, str(alert.get("account_id"))),
        )
        tags = alert.get("tags") or {}
        return all(not allowed or value in allowed for allowed, value in told) and all(
            tags.get(name) == value for name, value in self.tags.items()
        )
