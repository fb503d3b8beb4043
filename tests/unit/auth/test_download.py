"""Signed addresses of files: for one export, for ten minutes."""

from datetime import UTC, datetime, timedelta

import pytest

from auth.download import LIFETIME, Download, DownloadLinks
from auth.signer import Signer

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DOWNLOAD = Download(kind="AuditExport", export_id="a" * 24, org_id="b" * 24, actor="user:1")
LINKS = DownloadLinks(b"key", "https://cloudwatcher.example/")


def token_of(url: str) -> str:
    return url.removeprefix("https://cloudwatcher.example/downloads/")


def test_an_address_stands_for_what_it_was_made_for_until_it_expires() -> None:
    url, until = LINKS.make(DOWNLOAD, NOW)

    assert until == NOW + LIFETIME == NOW + timedelta(minutes=10)
    assert LINKS.open(token_of(url), until - timedelta(seconds=1)) == DOWNLOAD
    assert LINKS.open(token_of(url), until) is None


@pytest.mark.parametrize(
    "token", ["", "made-up", Signer(b"key", "page").seal(b"[]"), Signer(b"other", "file").seal(b"[]")]
)
def test_a_made_up_address_stands_for_nothing(token: str) -> None:
    assert LINKS.open(token, NOW) is None


def test_an_address_of_another_installation_stands_for_nothing() -> None:
    url, _ = DownloadLinks(b"other", "https://cloudwatcher.example").make(DOWNLOAD, NOW)

    assert LINKS.open(token_of(url), NOW) is None
