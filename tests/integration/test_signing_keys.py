"""Changing the key that signs access tokens, without signing anybody out."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.keys import Keys, load_keys, rotate_signing_file
from app.settings import Settings
from auth.token import TokenIssuer
from documents.base import utc_now
from domain.errors import Invalid, Unauthenticated


def issuer(keys: Keys) -> TokenIssuer:
    return TokenIssuer(keys.signing, issuer="https://here.example", lifetime=timedelta(minutes=10))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings().model_copy(update={"data_dir": tmp_path})


def test_after_a_rotation_tokens_and_cursors_of_before_are_accepted_once_more(settings: Settings) -> None:
    before = load_keys(settings)
    token, _ = issuer(before).issue("u", utc_now(), session_id="s")

    rotate_signing_file(settings)
    after = load_keys(settings)
    rotate_signing_file(settings)
    long_after = load_keys(settings)

    assert after.signing[0] != before.signing[0]
    assert after.signing[1:] == before.signing
    assert issuer(after).read(token).user_id == "u"
    assert after.cursors[1] == before.cursor
    with pytest.raises(Unauthenticated):
        issuer(long_after).read(token)


def test_key_files_are_for_their_owner_only(settings: Settings) -> None:
    load_keys(settings)
    rotate_signing_file(settings)

    modes = {path.name: path.stat().st_mode & 0o777 for path in (settings.data_dir / "keys").iterdir()}

    assert modes["signing.pem"] == modes["signing.previous.pem"] == 0o600


def test_a_key_that_is_set_is_rotated_where_it_is_set(settings: Settings, tmp_path: Path) -> None:
    old, new = (load_keys(settings.model_copy(update={"data_dir": tmp_path / name})).signing[0] for name in "ab")
    as_set = settings.model_copy(
        update={"signing_key": SecretStr(new.decode()), "previous_signing_keys": [SecretStr(old.decode())]}
    )

    assert load_keys(as_set).signing == (new, old)
    with pytest.raises(Invalid, match="CLOUDWATCHER_PREVIOUS_SIGNING_KEYS"):
        rotate_signing_file(as_set)
