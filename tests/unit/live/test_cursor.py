import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadCursor
from live import cursor
from live.position import Position

KEY = b"a key of thirty-two bytes, at least"

org_ids = st.one_of(st.text(max_size=30), st.binary(min_size=12, max_size=12).map(bytes.hex))
vectors = st.dictionaries(org_ids, st.builds(Position, st.text(max_size=12), st.integers(0, 2**53)), max_size=40)


def client_positions(count: int) -> dict[str, Position]:
    """As many organizations as given, with ids that do not compress by being alike."""
    ids = (hashlib.sha256(str(n).encode()).hexdigest()[:24] for n in range(count))
    return {org_id: Position("65f0c0ffee", 1000 + n) for n, org_id in enumerate(ids)}


@given(vectors)
def test_cursor_gives_back_the_positions_it_was_made_of(positions):
    text = cursor.encode(positions, KEY)

    decoded = cursor.decode(text, KEY)

    assert decoded == positions


@given(vectors)
def test_cursor_is_safe_in_a_url(positions):
    text = cursor.encode(positions, KEY)

    strange = set(text) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

    assert strange == set()


@given(vectors, st.data())
def test_cursor_with_any_bit_changed_is_refused(positions, data):
    text = cursor.encode(positions, KEY)
    raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    forged = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    with pytest.raises(BadCursor):
        cursor.decode(forged, KEY)


@given(st.text(max_size=80))
def test_text_that_is_no_cursor_is_refused_as_bad_input(text):
    with pytest.raises(BadCursor) as refusal:
        cursor.decode(text, KEY)

    assert refusal.value.code == "BAD_USER_INPUT"


def test_cursor_signed_with_another_key_is_refused():
    text = cursor.encode({"org": Position("e", 1)}, KEY)

    with pytest.raises(BadCursor):
        cursor.decode(text, b"another key of thirty-two bytes...")


def test_cursor_signed_with_our_key_for_another_purpose_is_refused():
    body = b'\x01{"e":{"org":1}}'
    mac = hmac.digest(KEY, body, hashlib.sha256)[:16]
    text = base64.urlsafe_b64encode(mac + body).rstrip(b"=").decode()

    with pytest.raises(BadCursor):
        cursor.decode(text, KEY)


def test_cursor_of_a_version_not_known_here_is_refused():
    body = b"\x7f{}"
    mac = hmac.digest(KEY, cursor.PURPOSE + body, hashlib.sha256)[:16]
    text = base64.urlsafe_b64encode(mac + body).rstrip(b"=").decode()

    with pytest.raises(BadCursor):
        cursor.decode(text, KEY)


def test_signature_is_at_least_128_bits():
    assert cursor.MAC_BYTES * 8 >= 128


def test_cursor_of_one_organization_fits_into_a_hundred_characters():
    text = cursor.encode(client_positions(1), KEY)

    assert len(text) <= 100


def test_cursor_of_a_thousand_client_companies_fits_into_half_a_websocket_message():
    # A client's message may be 64 kB (facts of the transport); the cursor shares it with the operation.
    text = cursor.encode(client_positions(1000), KEY)

    assert len(text) <= 32 * 1024
