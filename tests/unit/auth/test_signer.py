"""Signed values come back unchanged or not at all."""

from hypothesis import given
from hypothesis import strategies as st

from auth.signer import Signer

SIGNER = Signer(b"key", "page")


@given(st.binary(max_size=200))
def test_a_sealed_value_opens_again(value: bytes) -> None:
    assert SIGNER.open(SIGNER.seal(value)) == value


@given(st.binary(max_size=50), st.integers(min_value=0), st.sampled_from("ABCxyz019-_"))
def test_a_changed_text_does_not_open_to_another_value(value: bytes, place: int, letter: str) -> None:
    text = SIGNER.seal(value)
    place %= len(text)
    changed = text[:place] + letter + text[place + 1 :]

    assert SIGNER.open(changed) in (None, value)


@given(st.text(max_size=60))
def test_any_other_text_does_not_open(text: str) -> None:
    assert SIGNER.open(text) is None


def test_a_value_sealed_for_one_purpose_or_key_does_not_open_for_another() -> None:
    text = SIGNER.seal(b"value")

    assert Signer(b"key", "feed").open(text) is None
    assert Signer(b"other", "page").open(text) is None
