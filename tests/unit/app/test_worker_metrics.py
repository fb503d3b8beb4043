import socket
import urllib.request

from app.metrics import serve_metrics


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_worker_shows_what_it_counted_of_calls_to_providers():
    from connectors.guarding import telemetry

    telemetry.TRIES.labels("AWS", "worker-metrics-test", "answered").inc(3)
    port = free_port()

    stop = serve_metrics(port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        page = answer.read().decode()
    stop()

    line = 'cloudwatcher_provider_calls_total{outcome="answered",provider="AWS",service="worker-metrics-test"} 3.0'
    assert line in page
