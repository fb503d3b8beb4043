"""Labels that clients choose stay few, and Prometheus can read the page."""

import pytest
from starlette.requests import Request

from app import metrics


@pytest.fixture(autouse=True)
def _no_names_yet(monkeypatch):
    monkeypatch.setattr(metrics, "_names", set())


def test_names_are_labels_until_there_are_too_many():
    labels = [metrics.operation_label(f"Operation{number}") for number in range(metrics.MAX_OPERATION_NAMES + 5)]

    assert labels[: metrics.MAX_OPERATION_NAMES] == [f"Operation{n}" for n in range(metrics.MAX_OPERATION_NAMES)]
    assert set(labels[metrics.MAX_OPERATION_NAMES :]) == {"other"}
    assert metrics.operation_label("Operation0") == "Operation0"


@pytest.mark.parametrize("name", ["", "x" * 65, "with space", "ümlaut", '"quoted"', "a\nb"])
def test_a_strange_name_is_other(name):
    assert metrics.operation_label(name) == "other"


def test_no_name_is_anonymous():
    assert metrics.operation_label(None) == "anonymous"


async def test_the_page_is_in_the_format_of_prometheus():
    response = await metrics.metrics_page(Request({"type": "http", "method": "GET", "headers": []}))

    assert response.headers["content-type"].startswith("text/plain")
    assert b"# TYPE cloudwatcher_graphql_operations_total counter" in response.body
