"""Slowing guesses down, against a real Redis and without one; both count alike."""

import asyncio
import secrets
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisGone

from app.wiring import Backend
from auth import throttle
from auth.throttle import ACCOUNT, ADDRESS, LONGEST_PAUSE, MOST_LOCAL, Throttle, network_of, pause_after
from domain.errors import Invalid, RateLimited

KEY = b"k" * 32


class Gone:
    """A Redis that is away."""

    def register_script(self, _: str) -> Any:
        async def refuse(**_: Any) -> None:
            raise RedisGone("away")

        return refuse


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["redis", "alone"])
def counting(request: pytest.FixtureRequest, backend: Backend, clock: Clock) -> Throttle:
    redis: Any = backend.redis if request.param == "redis" else Gone()
    return Throttle(redis, KEY, clock)


@pytest.fixture
def account() -> str:
    return f"{secrets.token_hex(8)}@example.com"


@pytest.fixture
def address() -> str:
    # A network of its own for each test: the counts outlive it.
    return f"2001:db8:{secrets.randbelow(1 << 16):x}:{secrets.randbelow(1 << 16):x}::1"


async def tries(counting: Throttle, account: str, address: str, times: int) -> int:
    """How many of so many attempts were let through."""
    passed = 0
    for _ in range(times):
        try:
            await counting.admit(account, address)
        except RateLimited:
            continue
        passed += 1
    return passed


async def test_after_the_free_attempts_the_next_one_must_wait(counting: Throttle, account: str, address: str) -> None:
    assert await tries(counting, account, address, 10) == ACCOUNT.free

    with pytest.raises(RateLimited) as refused:
        await counting.admit(account, address)
    assert refused.value.retry_after is not None
    assert 0 < refused.value.retry_after.total_seconds() <= 1


async def test_many_at_once_gain_nothing(counting: Throttle, account: str, address: str) -> None:
    answers = await asyncio.gather(*(counting.admit(account, address) for _ in range(20)), return_exceptions=True)

    assert [answer for answer in answers if answer is None] == [None] * ACCOUNT.free


async def test_the_owner_ends_the_count_of_the_account(counting: Throttle, account: str, address: str) -> None:
    await tries(counting, account, address, ACCOUNT.free)
    await counting.succeeded(account, address)

    assert await tries(counting, account, address, 10) == ACCOUNT.free


async def test_a_success_with_an_account_of_ones_own_does_not_clear_the_address(
    counting: Throttle, account: str, address: str
) -> None:
    guesses = ADDRESS.free - 1
    for number in range(guesses):
        await counting.admit(f"victim-{number}-{account}", address)
        await counting.admit(account, address) if number == 0 else None
    await counting.succeeded(account, address)

    assert await tries(counting, f"one-more-{account}", address, 1) == 1
    assert await tries(counting, f"and-another-{account}", address, 1) == 0


async def test_the_count_of_an_account_goes_beyond_one_address(counting: Throttle, account: str, address: str) -> None:
    await tries(counting, account, address, ACCOUNT.free)

    assert await tries(counting, account, address.replace("2001:db8", "2001:db9"), 1) == 0


async def test_what_was_not_judged_does_not_count(counting: Throttle, account: str, address: str) -> None:
    for _ in range(10):
        with pytest.raises(TimeoutError):
            async with counting.attempt(account, address):
                raise TimeoutError

    assert await tries(counting, account, address, 10) == ACCOUNT.free


async def test_what_was_judged_counts_when_it_was_wrong_and_ends_the_count_when_it_was_right(
    counting: Throttle, account: str, address: str
) -> None:
    for _ in range(ACCOUNT.free - 1):
        with pytest.raises(Invalid):
            async with counting.attempt(account, address):
                raise Invalid("wrong")
    async with counting.attempt(account, address):
        pass

    assert await tries(counting, account, address, 10) == ACCOUNT.free


async def test_strangers_do_not_keep_the_owner_out_of_an_address_they_know(
    backend: Backend, account: str, address: str
) -> None:
    counting = Throttle(backend.redis, KEY)
    home, elsewhere = address, address.replace("2001:db8", "2001:db9")
    await counting.admit(account, home)
    await counting.succeeded(account, home)
    await tries(counting, account, elsewhere, 10)

    assert await tries(counting, account, home, 10) == ACCOUNT.free


async def test_pauses_double_and_end(clock: Clock, account: str, address: str) -> None:
    counting = Throttle(Gone(), KEY, clock)  # type: ignore[arg-type]
    pauses = []
    for _ in range(16):
        await counting.admit(account, address)
        with_pause = await tries(counting, account, address, 1) == 0
        pauses.append(
            counting._local._counts[counting._keys(account, address)[0]].until - clock.now if with_pause else 0
        )
        clock.now += max(pauses[-1], 0)

    # Two attempts in the first round: the second of them is the second of three free ones.
    assert pauses == [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900, 900]


async def test_a_count_is_forgotten_after_a_day(clock: Clock, account: str, address: str) -> None:
    counting = Throttle(Gone(), KEY, clock)  # type: ignore[arg-type]
    await tries(counting, account, address, 10)
    clock.now += ACCOUNT.forgotten_after.total_seconds() + 1

    assert await tries(counting, account, address, 10) == ACCOUNT.free


async def test_redis_keeps_its_counts_no_longer_and_no_address_in_plain(
    backend: Backend, account: str, address: str
) -> None:
    counting = Throttle(backend.redis, KEY)
    await counting.admit(account, address)
    await counting.succeeded(account, address)
    await counting.admit(account, address)
    keys = [key.decode() async for key in backend.redis.scan_iter("throttle:*")]
    left = [await backend.redis.pttl(key) for key in keys]

    assert keys
    assert all(remaining > 0 for remaining in left)
    assert not [key for key in keys if account in key or address in key or "2001" in key]


async def test_pauses_in_redis_are_those_of_the_process(backend: Backend, account: str, address: str) -> None:
    counting = Throttle(backend.redis, KEY)
    own, _, from_here, _ = counting._keys(account, address)
    for failures in (ACCOUNT.free, ACCOUNT.free + 5, ACCOUNT.free + 40):
        await backend.redis.delete(from_here)
        await backend.redis.hset(own, mapping={"failures": failures - 1, "until": 0})
        await counting.admit(account, address)
        seconds, microseconds = await backend.redis.time()
        left = float(await backend.redis.hget(own, "until") or 0) / 1000 - seconds - microseconds / 1e6
        assert left == pytest.approx(pause_after(failures, ACCOUNT).total_seconds(), abs=0.5)


async def test_a_dead_redis_is_left_alone_for_a_moment(clock: Clock, account: str, address: str) -> None:
    asked = 0

    class Counted(Gone):
        def register_script(self, _: str) -> Any:
            async def refuse(**_: Any) -> None:
                nonlocal asked
                asked += 1
                raise RedisGone("away")

            return refuse

    counting = Throttle(Counted(), KEY, clock)  # type: ignore[arg-type]
    await counting.admit(account, address)
    await counting.admit(account, address)
    clock.now += throttle.ASK_AGAIN_AFTER.total_seconds()
    await counting.admit(account, address)

    assert asked == 2


async def test_a_process_alone_keeps_a_bounded_number_of_counts(clock: Clock) -> None:
    counting = Throttle(Gone(), KEY, clock)  # type: ignore[arg-type]
    for number in range(MOST_LOCAL):
        counting._local.admit(f"account-{number}", f"address-{number}")

    assert len(counting._local._counts) == MOST_LOCAL


def test_the_longest_pause_is_a_quarter_of_an_hour() -> None:
    assert pause_after(10_000, ACCOUNT) == LONGEST_PAUSE


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
    ],
)
def test_an_address_counts_with_its_network(address: str, network: str) -> None:
    assert network_of(address) == network
