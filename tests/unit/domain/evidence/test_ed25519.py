"""Signatures without a library are those of the library, and canonical forms are those of the audit log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.audit_key import AuditKey
from domain.audit import canonical as audit
from domain.evidence.ed25519 import L, canonical, is_made_by, trusting

KEY = AuditKey(bytes(range(32)))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
# RFC 8032, 7.1, tests 1 to 3: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_signatures_of_the_standard_are_good_and_others_are_not(public: str, message: str, signature: str):
    key, text, made = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
    s = int.from_bytes(made[32:], "little")

    assert is_made_by(key, made, text)
    assert not is_made_by(key, made, text + b"x")
    assert not is_made_by(key, made[:32] + (s + L).to_bytes(32, "little"), text)
    assert not is_made_by(key, made[:-1], text)


@pytest.mark.parametrize("public", [b"\xff" * 32, bytes([2]) + bytes(31), b"\x01" + bytes(30) + b"\x80", bytes(31)])
def test_what_is_no_point_is_no_key(public: bytes):
    assert not is_made_by(public, bytes(64), b"")


@given(st.dictionaries(st.text(), PLAIN))
def test_what_the_library_signs_is_verified_without_it(members: dict[str, object]):
    assert canonical(members) == audit.canonical(members)
    assert trusting([KEY.public])(members, KEY.sign(members), KEY.id)
    assert not trusting([KEY.public])({**members, "x": 1.5}, KEY.sign(members), KEY.id)


@pytest.mark.parametrize(("signature", "key_id"), [("zz", KEY.id), (None, KEY.id), ("00" * 64, "another"), ("", [])])
def test_what_is_no_signature_is_none(signature: object, key_id: object):
    assert not trusting([KEY.public])({}, signature, key_id)
