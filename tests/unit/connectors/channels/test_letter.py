"""What our mails say, and what nobody can make them say."""

import re

import pytest

from connectors.channels.letter import FOLDER, Letter, letter_names, write_letter
from domain.errors import Invalid

VALUES = {
    "home": "https://cloud.example.com",
    "link": "https://cloud.example.com/account/verify-email#token=abc&x=1",
    "code": "abc",
    "valid_for": "30 minutes",
    "at": "26 November 2026, 10:00 UTC",
    "new_email": "new@example.com",
    "organization": "Example Company",
    "inviter": "Ada Lovelace",
    "title": "[HIGH] Trail is stopped",
    "summary": "What happens leaves no trace.",
}


@pytest.mark.parametrize("name", letter_names())
def test_every_letter_has_all_its_parts(name: str) -> None:
    letter = write_letter(name, VALUES)

    assert 10 < len(letter.subject) < 60
    assert "{" not in letter.text + letter.subject + letter.html
    assert letter.html.startswith("<!doctype html>")
    assert letter.html.rstrip().endswith("</html>")
    assert "Preheader" not in letter.text + letter.html


@pytest.mark.parametrize("name", letter_names())
def test_text_and_html_say_the_same(name: str) -> None:
    letter = write_letter(name, VALUES)
    shown = re.sub(r"<[^>]+>", " ", letter.html).replace("&amp;", "&")

    for paragraph in letter.text.strip().split("\n\n"):
        assert paragraph.replace("\n", " ") in shown


@pytest.mark.parametrize("name", letter_names())
def test_links_lead_to_this_installation_only(name: str) -> None:
    letter = write_letter(name, VALUES)

    assert set(re.findall(r"https?://[^/\s\"<#]+", letter.text + letter.html)) <= {"https://cloud.example.com"}
    assert "http" not in (FOLDER / f"{name}.txt").read_text()


def test_values_are_escaped_in_html_and_left_alone_in_text() -> None:
    letter = write_letter("email_changed", {**VALUES, "new_email": "<b>&\"'@example.com"})

    assert "<b>&\"'@example.com" in letter.text
    assert "&lt;b&gt;&amp;" in letter.html
    assert "<b>" not in letter.html


@pytest.mark.parametrize("evil", ["a\nBcc: x@example.com", "a\r\n\r\nhello", "a\x00b", "a\u2028b", "a\u2029b"])
def test_a_value_cannot_bring_lines_of_its_own(evil: str) -> None:
    with pytest.raises(Invalid, match="new_email must be a single line"):
        write_letter("email_changed", {**VALUES, "new_email": evil})


def test_a_value_that_looks_like_a_template_stays_text() -> None:
    assert "{{ code }}" in write_letter("email_changed", {**VALUES, "new_email": "{{ code }}"}).text


def test_a_letter_without_its_values_is_refused() -> None:
    with pytest.raises(Invalid, match="lacks a value"):
        write_letter("verify_email", {})


@pytest.mark.parametrize("name", ["nowhere", "../mail", "layout"])
def test_a_letter_there_is_not_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="no letter named"):
        write_letter(name, VALUES)


def test_a_letter_has_no_content_in_its_repr_when_it_is_in_a_mail() -> None:
    from connectors.channels.mail import Mail

    assert "secret" not in repr(Mail("a@example.com", Letter("secret", "secret", "secret"), "<1@x>"))
