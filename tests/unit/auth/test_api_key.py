"""API keys as text."""

import hashlib
import re

import pytest

from auth.api_key import MALFORMED, hash_of, is_key, make_key
from domain.errors import Unauthenticated


def test_a_key_has_a_public_prefix_and_256_bit() -> None:
    new = make_key()

    assert re.fullmatch(r"cwk_[a-z0-9]{8}_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}", new.text)
    assert new.text.startswith(f"cwk_{new.prefix}_")
    assert new.sha256 == hashlib.sha256(new.text.encode()).hexdigest() == hash_of(new.text)
    assert is_key(new.text)


def test_keys_differ_and_do_not_show_themselves() -> None:
    keys = [make_key() for _ in range(100)]

    assert len({key.text for key in keys}) == len({key.sha256 for key in keys}) == 100
    assert keys[0].text not in repr(keys[0])


@pytest.mark.parametrize("place", [4, 12, 13, 30, 55, 56, 61])
def test_one_mistyped_character_is_noticed_without_a_lookup(place: int) -> None:
    text = make_key().text
    other = "x" if text[place] != "x" else "y"

    with pytest.raises(Unauthenticated, match=re.escape(MALFORMED)):
        hash_of(text[:place] + other + text[place + 1 :])


@pytest.mark.parametrize("text", ["", "cwk_", "cwk_abcdefgh_short", "not a key"])
def test_what_has_another_shape_is_no_key(text: str) -> None:
    with pytest.raises(Unauthenticated, match=re.escape(MALFORMED)):
        hash_of(text)


def test_what_comes_after_a_key_is_noticed() -> None:
    with pytest.raises(Unauthenticated):
        hash_of(make_key().text + "\n")


def test_an_access_token_is_no_key() -> None:
    assert not is_key("eyJhbGciOiJFZERTQSJ9.e30.c2ln")
