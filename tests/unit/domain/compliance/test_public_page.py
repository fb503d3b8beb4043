"""What a public page tells."""

from datetime import UTC, datetime

import pytest

from domain.compliance.public_page import SECTIONS, expires_of, sections_of


def test_a_notice_that_names_everything_has_every_section() -> None:
    text = "<h1>Purpose</h1> How long we keep it, with whom <b>we share</b> it, your rights, and how to contact us."

    assert sections_of(text) == list(SECTIONS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<script>var purpose = 'contact';</script>",
        "<STYLE>.contact { color: red }</STYLE >",
        "<!-- retention:\n to be written -->",
        "<script>purpose",
        # Searched for its end from each beginning, this would take an hour.
        "<script><!--" * 200_000 + "purpose",
    ],
    ids=["empty", "script", "style", "comment", "without an end", "hostile"],
)
def test_what_nobody_sees_is_no_section(text: str) -> None:
    assert sections_of(text) == []


def test_what_stands_around_what_is_hidden_is_seen() -> None:
    assert sections_of("Purpose <script>x</script> and <!-- y --> retention<style>") == ["purpose", "retention"]


@pytest.mark.parametrize(
    ("text", "expires"),
    [
        ("Contact: mailto:a@b.example\nExpires: 2026-12-31T18:37:07z\n", datetime(2026, 12, 31, 18, 37, 7, tzinfo=UTC)),
        ("expires: 2026-12-31T18:37:07+02:00\r\nContact: x", datetime(2026, 12, 31, 16, 37, 7, tzinfo=UTC)),
        ("Contact: mailto:a@b.example", None),
        ("# Expires: 2026-12-31T18:37:07Z", None),
        ("Expires: soon", None),
        ("Expires: 2026-12-31T18:37:07", None),
        ("Expires: 2026-12-31T18:37:07Z\nExpires: 2027-12-31T18:37:07Z", None),
    ],
    ids=["in UTC", "in another zone", "without", "in a comment", "no time", "no zone", "twice"],
)
def test_a_security_txt_says_once_until_when_it_holds(text: str, expires: datetime | None) -> None:
    assert expires_of(text) == expires
