"""The keys of the audit log: set, or derived from the master key."""

import base64
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.keys import load_keys
from app.settings import Settings
from domain.errors import Invalid


def settings(folder: Path, *keys: str) -> Settings:
    return Settings().model_copy(update={"data_dir": folder, "audit_keys": [SecretStr(key) for key in keys]})


def key(number: int) -> str:
    return base64.b64encode(bytes([number]) * 32).decode()


def test_without_a_setting_there_is_one_that_stays_the_same(tmp_path: Path) -> None:
    first, again = (load_keys(settings(tmp_path)).audit for _ in range(2))

    assert len(first) == 1
    assert first[0].public == again[0].public
    assert load_keys(settings(tmp_path / "other")).audit[0].public != first[0].public


def test_the_first_of_the_set_keys_signs_and_all_are_known(tmp_path: Path) -> None:
    one, two = load_keys(settings(tmp_path, key(1), key(2))).audit

    assert load_keys(settings(tmp_path, key(1))).audit[0].public == one.public
    assert load_keys(settings(tmp_path, key(2))).audit[0].public == two.public


@pytest.mark.parametrize(
    ("text", "problem"), [("***", "not base64"), (base64.b64encode(b"short").decode(), "32 bytes")]
)
def test_a_malformed_key_is_refused_without_being_shown(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(Invalid, match=problem) as refused:
        load_keys(settings(tmp_path, text))

    assert text not in str(refused.value)
