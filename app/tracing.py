"""Sends the spans of outside calls to a collector, when one is set."""

from importlib.util import find_spec

from app.settings import Settings
from domain.errors import Invalid

PATH = "/v1/traces"


def start_tracing(settings: Settings, process: str) -> None:
    """Send spans over OTLP (HTTP, protobuf) from now on, until the process ends; `process` is web or worker.

    Raises Invalid when the libraries are not there. A collector that does not answer loses spans and nothing else.
    """
    if settings.otel_endpoint is None:
        return
    if find_spec("opentelemetry.exporter") is None or find_spec("opentelemetry.sdk") is None:
        raise Invalid("CLOUDWATCHER_OTEL_ENDPOINT is set: install the extra `tracing` for it, or unset it.")
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": f"cloudwatcher-{process}"})
    provider = TracerProvider(resource=resource)
    endpoint = f"{settings.otel_endpoint.rstrip('/')}{PATH}"
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    trace.set_tracer_provider(provider)
