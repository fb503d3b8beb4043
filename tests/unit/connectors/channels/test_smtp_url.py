"""How the address of a mail server is read."""

import pytest

from connectors.channels.smtp_url import Security, SmtpServer, parse_smtp_url
from domain.errors import Invalid


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", SmtpServer("mail.example.com", 587, Security.STARTTLS)),
        ("smtp://mail.example.com:25?starttls=required", SmtpServer("mail.example.com", 25, Security.STARTTLS)),
        ("smtp://127.0.0.1:25?starttls=off", SmtpServer("127.0.0.1", 25, Security.NONE)),
        ("smtps://u:p%40%3A@mail.example.com/", SmtpServer("mail.example.com", 465, Security.TLS, "u", "p@:")),
    ],
)
def test_an_address_says_where_and_how(url: str, server: SmtpServer) -> None:
    assert parse_smtp_url(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example.com",
        "mail.example.com:587",
        "smtp://",
        "smtp://user@mail.example.com",
        "smtp://mail.example.com:port",
        "smtp://mail.example.com/inbox",
        "smtp://mail.example.com?starttls=maybe",
        "smtp://mail.example.com?tls=1",
        "smtp://u:hunter2@mail.example.com#x",
    ],
)
def test_a_malformed_address_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_smtp_url(url)

    assert "hunter2" not in refused.value.message


@pytest.mark.parametrize(
    ("url", "is_protected"),
    [
        ("smtps://mail.example.com", True),
        ("smtp://mail.example.com", True),
        ("smtp://localhost:25?starttls=off", True),
        ("smtp://mail.example.com:25?starttls=off", False),
    ],
)
def test_only_a_server_of_this_machine_needs_no_tls(url: str, is_protected: bool) -> None:
    assert parse_smtp_url(url).is_protected is is_protected


def test_the_password_is_in_no_repr() -> None:
    assert "hunter2" not in repr(parse_smtp_url("smtp://u:hunter2@mail.example.com"))
