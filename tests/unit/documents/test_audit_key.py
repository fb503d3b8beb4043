"""Signatures under the ends of chains."""

import hashlib

import pytest

from documents.audit_key import AuditKey, is_signed, key_id
from domain.audit.seal import head_members

KEY = AuditKey(bytes(range(32)))
HEAD = head_members("ab", 7, "ff")


def test_what_the_key_signed_is_known_by_its_public_half() -> None:
    assert is_signed(HEAD, KEY.sign(HEAD), KEY.public)


@pytest.mark.parametrize(
    "other", [head_members("ac", 7, "ff"), head_members("ab", 6, "ff"), head_members("ab", 7, "fe")]
)
def test_another_end_is_not_what_was_signed(other: dict[str, object]) -> None:
    assert not is_signed(other, KEY.sign(HEAD), KEY.public)


@pytest.mark.parametrize("signature", ["", "zz", "00" * 64])
def test_a_made_up_signature_is_none(signature: str) -> None:
    assert not is_signed(HEAD, signature, KEY.public)


def test_another_key_signs_otherwise() -> None:
    assert not is_signed(HEAD, AuditKey(bytes(32)).sign(HEAD), KEY.public)


def test_a_key_is_named_by_its_public_half() -> None:
    assert KEY.id == key_id(KEY.public) == hashlib.sha256(bytes.fromhex(KEY.public)).hexdigest()[:16]
