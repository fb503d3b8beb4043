import asyncio

import pytest
from structlog.testing import capture_logs

from live.outage import Outage, persist
from tests.fakes.virtual_time import run_in_virtual_time


class Flaky:
    """Fails as many times as told, then answers with the time."""

    def __init__(self, failures: int, error: BaseException) -> None:
        self.failures = failures
        self.error = error
        self.tried_at: list[float] = []

    async def __call__(self) -> str:
        self.tried_at.append(asyncio.get_running_loop().time())
        if len(self.tried_at) <= self.failures:
            raise self.error
        return "done"


def test_first_retry_comes_within_a_hundred_milliseconds_and_later_ones_within_two_seconds():
    act = Flaky(12, ConnectionError("gone"))

    run_in_virtual_time(persist(act, Outage("redis")))

    pauses = [later - sooner for sooner, later in zip(act.tried_at, act.tried_at[1:], strict=False)]
    assert pauses[0] <= 0.101
    assert max(pauses) <= 2.001
    assert min(pauses[6:]) >= 0.999, "the pauses did not grow"


@pytest.mark.parametrize(
    "error", [ConnectionError("gone"), AttributeError("a bug in a client library"), TimeoutError()]
)
def test_every_exception_is_waited_out(error):
    act = Flaky(1, error)

    result = run_in_virtual_time(persist(act, Outage("redis")))

    assert result == "done"


def test_cancellation_is_not_waited_out():
    act = Flaky(1, asyncio.CancelledError())

    with pytest.raises(asyncio.CancelledError):
        run_in_virtual_time(persist(act, Outage("redis")))


def test_outage_is_logged_once_and_every_failure_counted():
    counted: list[str] = []
    outage = Outage("redis", counted.append)

    with capture_logs() as logs:
        run_in_virtual_time(persist(Flaky(5, ConnectionError("gone")), outage))

    assert [entry["event"] for entry in logs] == ["outage_began", "outage_ended"]
    assert counted == ["redis"] * 5


def test_second_outage_is_logged_again():
    outage = Outage("redis")

    with capture_logs() as logs:
        run_in_virtual_time(persist(Flaky(2, ConnectionError("gone")), outage))
        run_in_virtual_time(persist(Flaky(2, ConnectionError("gone")), outage))

    assert [entry["event"] for entry in logs] == ["outage_began", "outage_ended"] * 2


async def swallow_cancellation() -> str:
    """As asyncio.wait_for does before Python 3.12 when its work ends at that moment."""
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        return "done"
    return "not cancelled"


async def fail_when_cancelled() -> str:
    await swallow_cancellation()
    raise ConnectionError("gone")


@pytest.mark.parametrize("act", [swallow_cancellation, fail_when_cancelled])
def test_cancellation_swallowed_on_the_way_is_heeded_nevertheless(act):
    async def cancel_half_way() -> bool:
        task = asyncio.create_task(persist(act, Outage("redis")))
        await asyncio.sleep(5)
        task.cancel()
        await asyncio.wait({task}, timeout=60)
        return task.cancelled()

    assert run_in_virtual_time(cancel_half_way())
