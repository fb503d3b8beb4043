import asyncio
from datetime import timedelta

import pytest

from connectors.guard import Guard, together
from domain.errors import ProviderError, Throttled, Unavailable


def translate(error: Exception, service: str, operation: str) -> ProviderError | None:
    return Throttled(f"{service} {operation}", service=service) if isinstance(error, ConnectionError) else None


def guard(concurrency: int = 8, seconds: float = 60) -> Guard:
    return Guard(concurrency=concurrency, time_limit=timedelta(seconds=seconds), translate=translate)


async def test_answer_comes_through():
    async def send() -> str:
        return "answer"

    assert await guard().call("s3", "ListBuckets", send) == "answer"


async def test_error_of_the_provider_is_translated_and_keeps_its_cause():
    async def send() -> None:
        raise ConnectionError("reset")

    with pytest.raises(Throttled, match="s3 ListBuckets") as refusal:
        await guard().call("s3", "ListBuckets", send)

    assert isinstance(refusal.value.__cause__, ConnectionError)


async def test_bug_is_not_dressed_up_as_an_error_of_the_provider():
    async def send() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await guard().call("s3", "ListBuckets", send)


async def test_call_without_an_answer_ends_at_the_time_limit():
    async def send() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Unavailable, match=r"s3 did not answer ListBuckets within 0.01 seconds\."):
        await guard(seconds=0.01).call("s3", "ListBuckets", send)


async def test_only_so_many_calls_are_under_way_at_once():
    under_way, most = 0, 0

    async def send() -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1

    guarded = guard(concurrency=3)
    await asyncio.gather(*(guarded.call("s3", "GetBucketAcl", send) for _ in range(20)))

    assert most == 3


async def test_failed_call_gives_its_place_back():
    async def fail() -> None:
        raise ConnectionError

    async def send() -> str:
        return "answer"

    guarded = guard(concurrency=1)
    with pytest.raises(Throttled):
        await guarded.call("s3", "ListBuckets", fail)

    assert await guarded.call("s3", "ListBuckets", send) == "answer"


async def test_results_together_keep_their_order():
    async def after(turns: int) -> int:
        for _ in range(turns):
            await asyncio.sleep(0)
        return turns

    assert await together(after(turns) for turns in (3, 1, 2)) == [3, 1, 2]


async def test_first_failure_is_raised_as_it_is_and_stops_the_others():
    stopped = asyncio.Event()

    async def fail() -> None:
        raise Throttled("slow down", service="s3")

    async def last_for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    with pytest.raises(Throttled, match="slow down"):
        await together([last_for_ever(), fail()])

    assert stopped.is_set()
