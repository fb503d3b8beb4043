"""Codes of authenticator apps, against the vectors of RFC 6238."""

import base64
import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from auth.totp import matching_step, new_seed, otpauth_uri

# RFC 6238, appendix B: the seed of SHA-1, and times with their codes, of which the last six digits are ours.
SEED = base64.b32encode(b"12345678901234567890").decode()
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


def at(seconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    assert matching_step(SEED, code, at(seconds)) == seconds // 30


def test_one_step_off_is_accepted_and_said_to_be_that_step() -> None:
    step = 1111111111 // 30

    assert matching_step(SEED, "050471", at((step + 1) * 30)) == step
    assert matching_step(SEED, "050471", at((step - 1) * 30)) == step


def test_two_steps_off_is_not() -> None:
    step = 1111111111 // 30

    assert matching_step(SEED, "050471", at((step + 2) * 30)) is None
    assert matching_step(SEED, "050471", at((step - 2) * 30)) is None


@pytest.mark.parametrize("code", ["", "28708", "2870820", "287083", "abcdef", "２８７０８３"])
def test_another_code_is_not(code: str) -> None:
    assert matching_step(SEED, code, at(59)) is None


def test_a_code_may_be_written_in_groups() -> None:
    assert matching_step(SEED, " 287 082 ", at(59)) == 1


def test_seeds_are_160_bit_and_differ() -> None:
    seeds = {new_seed() for _ in range(50)}

    assert len(seeds) == 50
    assert {len(base64.b32decode(seed)) for seed in seeds} == {20}


def test_seeds_come_from_the_operating_system(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    source = secrets.SystemRandom.getrandbits
    monkeypatch.setattr(secrets.SystemRandom, "getrandbits", lambda self, k: drawn.append(k) or source(self, k))

    new_seed()

    # 32 letters of base32; a draw below 32 needs more than 5 bits now and then, and is then made again.
    assert len(drawn) >= 32


def test_the_uri_names_issuer_and_account_and_holds_the_seed() -> None:
    uri = urlsplit(otpauth_uri(SEED, "ann@example.com"))

    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/CloudWatcher:ann%40example.com")
    assert parse_qs(uri.query) == {"secret": [SEED], "issuer": ["CloudWatcher"]}
