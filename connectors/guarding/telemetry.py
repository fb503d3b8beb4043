"""What Prometheus and OpenTelemetry hear of calls to providers. Never arguments, accounts or secrets.

Without the extra `tracing` and a collector the spans cost next to nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from prometheus_client import Counter, Histogram

from domain.errors import CutShort, Misshapen, ProviderError, Throttled, Unavailable
from domain.facts.provider import Provider

TRACER = trace.get_tracer("cloudwatcher.connectors")

TRIES = Counter(
    "cloudwatcher_provider_calls", "Calls to providers that ended, each try.", ["provider", "service", "outcome"]
)
SECONDS = Histogram(
    "cloudwatcher_provider_call_seconds",
    "Time a provider took for one try.",
    ["provider"],
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40),
)
WAITED = Counter(
    "cloudwatcher_provider_waited_seconds", "Time calls waited for a token of a rate limit.", ["provider", "service"]
)
RETRIES = Counter("cloudwatcher_provider_retries", "Calls to providers that were tried again.", ["provider", "service"])
HELD_BACK = Counter(
    "cloudwatcher_provider_held_back", "Calls that were not sent, and why.", ["provider", "service", "reason"]
)
BREAKERS = Counter(
    "cloudwatcher_provider_breaker_turns", "Circuit breakers that opened or closed.", ["provider", "service", "turn"]
)
UNSHARED = Counter("cloudwatcher_guard_unshared", "Calls whose limits were kept by this process alone: no Redis.")


class Outcome(StrEnum):
    """How one try ended."""

    ANSWERED = "answered"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"
    MALFORMED = "malformed"
    BROKEN = "broken"


def outcome_of(error: BaseException | None) -> Outcome:
    """REFUSED is every answer of the provider that says no; BROKEN is a bug of ours."""
    if error is None:
        return Outcome.ANSWERED
    if isinstance(error, Throttled):
        return Outcome.THROTTLED
    if isinstance(error, Unavailable):
        return Outcome.UNAVAILABLE
    if isinstance(error, CutShort | Misshapen):
        return Outcome.MALFORMED
    return Outcome.REFUSED if isinstance(error, ProviderError) else Outcome.BROKEN


def name_of(provider: Provider | None) -> str:
    return "none" if provider is None else provider.value


@contextmanager
def spanned(provider: Provider | None, service: str, operation: str) -> Iterator[Span]:
    """A span around one call with all its tries. What an error says may be the customer's: only its kind is told."""
    known = {"cloudwatcher.provider": name_of(provider), "cloudwatcher.service": service}
    with TRACER.start_as_current_span(
        f"{service} {operation}",
        kind=SpanKind.CLIENT,
        attributes={**known, "cloudwatcher.operation": operation},
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield span
        except BaseException as error:  # a call that is cancelled is told of too; it goes on
            outcome = outcome_of(error)
            span.set_attribute("cloudwatcher.outcome", outcome.value)
            span.set_status(Status(StatusCode.ERROR, outcome.value))
            raise
        span.set_attribute("cloudwatcher.outcome", Outcome.ANSWERED.value)
