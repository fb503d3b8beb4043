"""One alert or finding, as far as it matters for what belongs together."""

from dataclasses import dataclass
from datetime import datetime

from domain.facts.alert import AlertCategory, AlertSource
from domain.facts.severity import Severity

# A fault that stands until it is mended; everything else happens at a time.
STANDING = frozenset({AlertSource.FINDING, AlertSource.CHECK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """`id` is alert:<id> or finding:<id>. `account` is our own id of it; `resource`, `principal` (who did it) and
    `region` are as the provider writes them. `service` is a short name, see `service_of`. `at` is when it happened.
    """

    id: str
    category: AlertCategory
    source: AlertSource
    severity: Severity
    title: str
    at: datetime
    account: str | None = None
    region: str | None = None
    resource: str | None = None
    principal: str | None = None
    service: str | None = None

    @property
    def is_standing(self) -> bool:
        return self.source in STANDING

    @property
    def place(self) -> tuple[datetime, str]:
        """Sorts by occurrence, ties broken alike everywhere."""
        return self.at, self.id
