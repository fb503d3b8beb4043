"""What a provider has judged already: its own severity and words are taken over."""

from domain.detection.detector import Check, DetectorContext, Sighting
from domain.facts.provider_event import EventKind, ProviderEvent
from domain.facts.severity import Severity


def reported(kind: EventKind, *, default: Severity) -> Check:
    """A check that fires on every event of this kind that is not over and not merely informational.

    `default` is the severity where the provider says none.
    """

    def check(event: ProviderEvent, _: DetectorContext) -> Sighting | None:
        level = event.severity or default
        if event.kind is not kind or event.is_over or level is Severity.INFORMATIONAL:
            return None
        return Sighting(
            message=event.message or f"{event.source} says: {event.name}.", title=event.title, severity=level
        )

    return check
