from datetime import timedelta

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from connectors.guard import AccountGuard, Guards
from connectors.guarding import telemetry
from connectors.guarding.telemetry import Outcome, outcome_of
from connectors.limits import Limit
from domain.errors import (
    CredentialsRejected,
    CutShort,
    Misshapen,
    PermissionMissing,
    PlanMissing,
    ProviderError,
    Throttled,
    Unavailable,
)
from domain.facts.provider import Provider

SECRET = "account-111122223333 said: token sk-very-secret"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(telemetry, "TRACER", provider.get_tracer("test"))
    return kept


async def at_once(_: float) -> None:
    """Instead of sleeping."""


def as_it_is(error: Exception, service: str, operation: str) -> ProviderError | None:
    return error if isinstance(error, ProviderError) else None


def account() -> AccountGuard:
    return Guards(sleep=at_once, limits=lambda *_: Limit(attempts=3)).of(Provider.AWS, "111122223333")


async def test_a_call_is_one_span_over_all_its_tries(spans):
    tries = 0

    async def send() -> str:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise Throttled("slow down", service="s3")
        return SECRET

    await account()(as_it_is).call("s3", "ListBuckets", send)

    (span,) = spans.get_finished_spans()
    assert span.name == "s3 ListBuckets"
    assert dict(span.attributes) == {
        "cloudwatcher.provider": "AWS",
        "cloudwatcher.service": "s3",
        "cloudwatcher.operation": "ListBuckets",
        "cloudwatcher.attempts": 3,
        "cloudwatcher.outcome": "answered",
    }


async def test_a_failed_call_tells_its_kind_and_nothing_the_provider_said(spans):
    async def send() -> None:
        raise PermissionMissing(SECRET, service="s3", permission=SECRET)

    with pytest.raises(PermissionMissing):
        await account()(as_it_is).call("s3", "ListBuckets", send)

    (span,) = spans.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes["cloudwatcher.outcome"] == "refused"
    assert "secret" not in span.to_json()
    assert "111122223333" not in span.to_json()


async def test_tries_are_counted_by_how_they_ended():
    def counted(outcome: str) -> float:
        return telemetry.TRIES.labels("AWS", "telemetry-test", outcome)._value.get()

    async def gone() -> None:
        raise Unavailable("gone", service="telemetry-test", retry_after=timedelta(seconds=1))

    with pytest.raises(Unavailable):
        await account()(as_it_is).call("telemetry-test", "List", gone)

    assert (counted("unavailable"), counted("answered")) == (3, 0)
    assert telemetry.RETRIES.labels("AWS", "telemetry-test")._value.get() == 2


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, Outcome.ANSWERED),
        (Throttled("", service=""), Outcome.THROTTLED),
        (Unavailable("", service=""), Outcome.UNAVAILABLE),
        (CutShort("", service=""), Outcome.MALFORMED),
        (Misshapen("", service=""), Outcome.MALFORMED),
        (CredentialsRejected("", service=""), Outcome.REFUSED),
        (PlanMissing("", service="", plan=""), Outcome.REFUSED),
        (ZeroDivisionError(), Outcome.BROKEN),
    ],
)
def test_every_end_has_a_name(error, outcome):
    assert outcome_of(error) is outcome
