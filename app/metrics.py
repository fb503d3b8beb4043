"""What is counted about the graph, and the page Prometheus reads it from."""

import re
from collections.abc import Callable
from functools import lru_cache

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest, start_http_server
from starlette.requests import Request
from starlette.responses import Response

OPERATIONS = Counter(
    "cloudwatcher_graphql_operations", "GraphQL operations that ended.", ["operation", "type", "outcome"]
)
OPERATION_SECONDS = Histogram(
    "cloudwatcher_graphql_operation_seconds",
    "Time from the parser to the result of queries and mutations.",
    ["operation", "type"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20),
)
ERRORS = Counter("cloudwatcher_graphql_errors", "GraphQL errors sent to callers.", ["code"])
REFUSED_REQUESTS = Counter(
    "cloudwatcher_graphql_refused_requests", "HTTP requests refused before GraphQL saw them.", ["status"]
)
COST = Histogram(
    "cloudwatcher_graphql_cost",
    "Requested cost of operations, in points.",
    buckets=(1, 10, 50, 100, 250, 500, 1000, 2500, 5000),
)
COST_BUDGET_UNAVAILABLE = Counter(
    "cloudwatcher_cost_budget_unavailable", "Operations let through because the cost bucket could not be asked."
)
RESULTS = Counter("cloudwatcher_results", "Answers of dashboards and cost charts, kept or computed anew.", ["source"])
CONNECTIONS = Gauge("cloudwatcher_graphql_connections", "Open streaming connections.", ["transport"])
REFUSED_SHARES = Counter(
    "cloudwatcher_graphql_refused_shares", "What an organization may not open, because it has so many open.", ["what"]
)
SUBSCRIPTIONS = Gauge("cloudwatcher_graphql_subscriptions", "Subscriptions that are running.")

REFUSED_KEYS = Counter("cloudwatcher_refused_api_keys", "API keys that were malformed, unknown, revoked or expired.")
INTAKE_REQUESTS = Counter("cloudwatcher_intake_requests", "Requests to event endpoints.", ["way", "outcome"])
INTAKE_EVENTS = Counter("cloudwatcher_intake_events", "Events that were proven genuine and are stored.", ["way"])
INTAKE_SECONDS = Histogram(
    "cloudwatcher_intake_seconds",
    "Time from an event's request to its answer.",
    ["way"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 10),
)
LIVE_FAILURES = Counter("cloudwatcher_live_failures", "Outages of parts of the live feed.", ["what"])


def count_live(what: str) -> None:
    """Count one outage of a part of the live feed."""
    LIVE_FAILURES.labels(what).inc()


# Names come from clients: beyond this many they share one label, so that nobody can fill the memory with labels.
MAX_OPERATION_NAMES = 200
OTHER = "other"
_NAME = re.compile(r"[A-Za-z_]\w{0,63}", re.ASCII)
_names: set[str] = set()


def operation_label(name: str | None) -> str:
    """A label for an operation name: the name itself for the first 200 seen, "other" afterwards."""
    if name is None:
        return "anonymous"
    if name in _names:
        return name
    if len(_names) >= MAX_OPERATION_NAMES or not _NAME.fullmatch(name):
        return OTHER
    _names.add(name)
    return name


@lru_cache(maxsize=MAX_OPERATION_NAMES * 12)
def _ended(name: str, kind: str, outcome: str) -> Counter:
    return OPERATIONS.labels(name, kind, outcome)


@lru_cache(maxsize=MAX_OPERATION_NAMES * 4)
def _timer(name: str, kind: str) -> Histogram:
    return OPERATION_SECONDS.labels(name, kind)


def count_operation(name: str, kind: str, outcome: str) -> None:
    """Count an operation that ended."""
    _ended(name, kind, outcome).inc()


def time_operation(name: str, kind: str, seconds: float) -> None:
    """Note how long a query or mutation took."""
    _timer(name, kind).observe(seconds)


async def metrics_page(request: Request) -> Response:
    """The endpoint for Prometheus. Serve it where only your monitoring reaches it."""
    return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST, "cache-control": "no-store"})


def serve_metrics(port: int) -> Callable[[], None]:
    """Answer /metrics on loopback from a thread of its own, for a process that serves nothing else; returns its end."""
    server, thread = start_http_server(port, "127.0.0.1")

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop
