"""Signals to correlate; a test names only what it cares about."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.facts.alert import AlertCategory, AlertSource
from domain.facts.severity import Severity
from domain.incidents.signal import Signal

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def happening(id: str, hours: float = 0, **fields: Any) -> Signal:
    """Something that happened so many hours after noon, in account A."""
    return Signal(
        id=f"alert:{id}",
        at=NOON + timedelta(hours=hours),
        **{
            "category": AlertCategory.SECOPS,
            "source": AlertSource.EVENT,
            "severity": Severity.MEDIUM,
            "title": id,
            "account": "A",
            **fields,
        },
    )


def fault(id: str, hours: float = 0, **fields: Any) -> Signal:
    """A finding that stands open since then."""
    return happening(id, hours, **{"source": AlertSource.FINDING, **fields})


def cost(id: str, hours: float = 0, **fields: Any) -> Signal:
    """A cost that jumped."""
    return happening(id, hours, **{"source": AlertSource.ANOMALY, "category": AlertCategory.FINOPS, **fields})
