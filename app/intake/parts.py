"""Puts the intake of a web process together."""

from datetime import datetime

from app.http.client_address import ClientAddresses
from app.intake.call import Proving
from app.intake.counts import IntakeCounts
from app.intake.endpoint import IntakeParts
from app.intake.known_accounts import KnownAccounts
from app.intake.limits import IntakeLimits
from app.intake.storing import IntakeStore
from app.wiring import Backend
from connectors.intake.receiver import Surroundings
from documents.base import utc_now


def intake_parts(backend: Backend, addresses: ClientAddresses) -> IntakeParts:
    """What a web process takes events in with."""
    settings = backend.settings

    def surroundings(now: datetime) -> Surroundings:
        return Surroundings(
            now=now, allow_private=settings.private_endpoints_allowed, authorities=settings.key_authorities
        )

    return IntakeParts(
        proving=Proving(backend.vault, KnownAccounts()),
        store=IntakeStore(backend.writer),
        limits=IntakeLimits(
            backend.redis,
            per_endpoint=settings.events_per_minute,
            refused_per_address=settings.refused_events_per_minute,
        ),
        counts=IntakeCounts(),
        addresses=addresses,
        surroundings=surroundings,
        now=utc_now,
        public_url=settings.public_url,
    )
