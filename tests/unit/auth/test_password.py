"""Password hashes: what matches, what does not, and that unknown users cost the same."""

import time

import pytest

from auth.password import PasswordHasher

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
