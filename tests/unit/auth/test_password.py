"""Password hashes: what matches, what does not, that unknown users cost the same, and that the queue has an end."""

import asyncio
import os
import sys
import threading
import time

import pytest

from auth import password
from auth.password import NICENESS, PasswordHasher, hashing_threads
from domain.errors import RateLimited

LONG = "a" * 100


@pytest.fixture
def hasher() -> PasswordHasher:
    return PasswordHasher(rounds=4)


async def test_a_password_matches_its_own_hash_only(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("correct horse")

    assert await hasher.matches("correct horse", stored)
    assert not await hasher.matches("correct horsE", stored)


async def test_what_follows_the_72nd_byte_counts_too(hasher: PasswordHasher) -> None:
    stored = await hasher.hash(LONG)

    assert await hasher.matches(LONG, stored)
    assert not await hasher.matches(LONG[:-1] + "b", stored)


async def test_a_hash_names_its_scheme_and_another_scheme_matches_nothing(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("correct horse")

    assert stored.startswith("v1$$2b$04$")
    assert not await hasher.matches("correct horse", stored.removeprefix("v1$"))


async def test_an_unknown_user_costs_as_much_as_a_wrong_password() -> None:
    hasher = PasswordHasher(rounds=10)
    stored = await hasher.hash("correct horse")

    async def seconds(known: str | None) -> float:
        began = time.process_time()
        assert not await hasher.matches("wrong", known)
        return time.process_time() - began

    wrong = min([await seconds(stored) for _ in range(3)])
    unknown = min([await seconds(None) for _ in range(3)])
    assert 0.3 < unknown / wrong < 3


async def test_the_same_text_typed_on_another_keyboard_matches(hasher: PasswordHasher) -> None:
    # U+00E9, and e with U+0301: one letter to people, and one in NFKC.
    stored = await hasher.hash("caf\u00e9 au lait, please")

    assert await hasher.matches("cafe\u0301 au lait, please", stored)


async def test_an_unknown_user_costs_one_hash_from_the_first_time_on(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(password.bcrypt, "hashpw", lambda *_: asked.append("hash"))
    monkeypatch.setattr(password.bcrypt, "checkpw", lambda *_: asked.append("check"))

    await PasswordHasher(rounds=4).matches("wrong", None)

    assert asked == ["check"]


async def test_who_comes_when_too_many_wait_is_sent_away_and_may_come_again() -> None:
    hasher = PasswordHasher(rounds=4, most_waiting=2)

    answers = await asyncio.gather(*(hasher.hash("correct horse") for _ in range(3)), return_exceptions=True)

    assert [type(answer) for answer in answers] == [str, str, RateLimited]
    assert isinstance(answers[2], RateLimited)
    assert answers[2].retry_after is not None
    assert await hasher.hash("correct horse")


async def test_hashes_are_made_at_low_priority(hasher: PasswordHasher) -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert await hasher._in_thread(niceness) == niceness() + NICENESS


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 1), (3, 2), (64, 2)])
def test_a_core_is_left_to_everybody_else(cores: int, threads: int) -> None:
    assert hashing_threads(cores) == threads


def test_elsewhere_than_on_linux_priorities_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    password._be_nice()

    assert password._cores() == (os.cpu_count() or 1)
