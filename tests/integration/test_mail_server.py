"""Mail over a real SMTP server: what arrives, and what each kind of refusal means."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from app.cli.doctor import examine
from app.settings import Settings
from app.wiring import Backend
from connectors.channels.letter import Letter
from connectors.channels.mail import Mail, MailFolder, SmtpPost
from connectors.channels.smtp_url import SmtpServer, parse_smtp_url
from documents.database import open_database
from domain.errors import CredentialsRejected, Invalid, ProviderError, Rejected, Throttled, Unavailable
from tests.fakes.mail_server import MailServer, html_of, mail_server, text_of

SENDER = "CloudWatcher <cloudwatcher@example.com>"
LETTER = Letter(subject="Hello", text="Grüße\n", html="<p>Grüße</p>\n")


@pytest.fixture(scope="module")
def running() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def server(running: MailServer) -> MailServer:
    running.received.clear()
    running.answers.clear()
    return running


def mail_to(address: str = "kim@example.com") -> Mail:
    return Mail(to=address, letter=LETTER, message_id="<1@cloud.example.com>")


def post(server: MailServer, url: str | None = None) -> SmtpPost:
    return SmtpPost(parse_smtp_url(url or server.url), sender=SENDER, tls=server.tls)


async def test_a_mail_arrives_over_tls_from_a_known_sender(server: MailServer) -> None:
    await post(server).send(mail_to())

    (message,) = server.to("kim@example.com")
    assert message["From"] == SENDER
    assert message["Subject"] == "Hello"
    assert message["Message-ID"] == "<1@cloud.example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert text_of(message) == "Grüße\n"
    assert html_of(message) == "<p>Grüße</p>\n"


async def test_an_authority_that_is_not_trusted_gets_no_mail_and_no_password(server: MailServer) -> None:
    distrusting = SmtpPost(parse_smtp_url(server.url), sender=SENDER, tls=ssl.create_default_context())

    with pytest.raises(Unavailable):
        await distrusting.send(mail_to())
    assert server.received == []


async def test_a_server_without_starttls_gets_no_mail() -> None:
    with mail_server(offers_tls=False) as plain:
        with pytest.raises(Unavailable):
            await post(plain, f"smtp://localhost:{plain.port}").send(mail_to())
        assert plain.received == []

        await post(plain, f"smtp://localhost:{plain.port}?starttls=off").send(mail_to())
        assert len(plain.received) == 1


async def test_a_wrong_password_is_the_operators_to_mend(server: MailServer) -> None:
    with pytest.raises(CredentialsRejected) as refused:
        await post(server, f"smtp://cloudwatcher:hunter2@localhost:{server.port}").send(mail_to())

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("answer", "error", "is_retryable"),
    [
        ("451 greylisted, come again", Throttled, True),
        ("421 closing", Unavailable, True),
        ("550 no such mailbox kim@example.com", Rejected, False),
        ("552 too much", Rejected, False),
    ],
)
@pytest.mark.parametrize("at_recipient", [False, True])
async def test_an_answer_says_whether_to_try_again(
    server: MailServer, answer: str, error: type[ProviderError], is_retryable: bool, at_recipient: bool
) -> None:
    (server.recipient_answers if at_recipient else server.answers).append(answer)

    with pytest.raises(error) as refused:
        await post(server).send(mail_to())

    assert refused.value.is_retryable is is_retryable
    assert answer[:3] in str(refused.value)
    assert "kim@example.com" not in str(refused.value)


async def test_a_mail_that_was_put_off_is_taken_the_next_time(server: MailServer) -> None:
    server.answers.append("451 greylisted")
    with pytest.raises(Throttled):
        await post(server).send(mail_to())

    await post(server).send(mail_to())

    assert [message["Message-ID"] for message in server.received] == ["<1@cloud.example.com>"]


async def test_a_server_that_is_away_is_unavailable() -> None:
    away = SmtpServer("localhost", 1, parse_smtp_url("smtp://localhost").security)

    with pytest.raises(Unavailable):
        await SmtpPost(away, sender=SENDER).send(mail_to())


@pytest.mark.parametrize(
    "address",
    [
        "a@example.com\nBcc: b@example.com",
        "a@example.com, b@example.com",
        "a@example.com>",
        "no-at-sign",
        "",
        "a b@c.d",
    ],
)
async def test_an_address_cannot_bring_headers_or_recipients(server: MailServer, address: str) -> None:
    with pytest.raises(Invalid):
        await post(server).send(mail_to(address))
    assert server.received == []


async def test_a_subject_cannot_bring_headers(server: MailServer) -> None:
    letter = Letter(subject="Hello\nBcc: b@example.com", text="", html="")

    with pytest.raises(Invalid):
        await post(server).send(Mail(to="kim@example.com", letter=letter, message_id="<1@x>"))


async def test_the_doctor_hears_whether_the_server_lets_us_in(server: MailServer) -> None:
    assert await post(server).check() == f"localhost:{server.port}, starttls"


async def test_doctor_tells_where_mail_goes(backend: Backend) -> None:
    settings = backend.settings
    with mail_server(offers_tls=False) as plain:
        url = f"smtp://localhost:{plain.port}"
        found = {
            url: [check for check in await examine(_with_mail(settings, url)) if check.name == "mail"]
            for url in (f"{url}?starttls=off", url, None)
        }

    # The doctor has bound the documents to a client of its own.
    await open_database(backend.client, settings.mongodb_database)
    ((fine,), (mend,), (none,)) = found.values()
    assert (fine.is_fine, fine.found) == (True, f"localhost:{plain.port}, none lets us in")
    assert not mend.is_fine
    assert none.is_fine
    assert none.found.endswith("outbox-mail")


def _with_mail(settings: Settings, url: str | None) -> Settings:
    return settings.model_copy(update={"smtp_url": SecretStr(url) if url else None})


async def test_without_a_server_mail_is_a_file_of_its_owner_and_the_log_names_its_path_alone(tmp_path: Path) -> None:
    folder = tmp_path / "outbox-mail"

    with capture_logs() as logs:
        await MailFolder(folder, sender=SENDER).send(mail_to())
        await MailFolder(folder, sender=SENDER).send(mail_to())

    (path,) = folder.iterdir()
    assert path.suffix == ".eml"
    assert path.stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o077 == 0
    assert b"To: kim@example.com" in path.read_bytes()
    # Readers of other tests may say meanwhile that they are back.
    ours = [set(entry) for entry in logs if entry["event"] != "outage_ended"]
    assert ours == [{"event", "log_level", "path"}] * 2
