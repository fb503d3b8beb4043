"""From a change that wants a mail to the mailbox, and that no secret lies anywhere on the way."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from arq import Retry

from app.wiring import Backend
from app.worker import options
from connectors.channels.mail import SmtpPost
from connectors.channels.smtp_url import parse_smtp_url
from documents.base import utc_now
from documents.mail import STRANDED_AFTER, MailState, OutgoingMail, find_mail, forget_mails_to
from documents.one_time_token import OneTimeToken, OneTimeTokens, Purpose, end_tokens, spend_token
from documents.transaction import Transaction
from domain.errors import Invalid
from jobs.context import JobContext
from jobs.tasks.keep_house import ask_for_mails_again
from jobs.tasks.send_mail import LONGEST_RETRY_SECONDS, MAX_TRIES, _pause, send_mail
from tests.fakes.mail_server import MailServer, code_in, mail_server, text_of

HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture(scope="module")
def running() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def server(running: MailServer) -> MailServer:
    running.received.clear()
    running.answers.clear()
    return running


@pytest.fixture
def address() -> str:
    return f"{secrets.token_hex(6)}@example.com"


@pytest.fixture
def context(backend: Backend, server: MailServer) -> JobContext:
    post = SmtpPost(parse_smtp_url(server.url), sender="cloudwatcher@example.com", tls=server.tls)
    made: JobContext = options(backend)["ctx"]["context"]
    return replace(made, post=post)


def job(context: JobContext, *, tries: int = 1) -> dict[str, Any]:
    return {"context": context, "job_try": tries}


async def issue(
    tx: Transaction,
    tokens: OneTimeTokens,
    subject: str = "user:1",
    *,
    at: datetime | None = None,
    purpose: Purpose = Purpose.VERIFY_EMAIL,
) -> OneTimeToken:
    return await tokens.issue(purpose, subject, lifetime=HALF_AN_HOUR, at=at or utc_now(), session=tx.session)


async def wanted(backend: Backend, address: str, at: datetime | None = None) -> tuple[OutgoingMail, OneTimeToken]:
    """A mail with a link, committed; no worker is running."""

    async def change(tx: Transaction) -> OneTimeToken:
        token = await issue(tx, backend.one_time_tokens, f"user:{address}", at=at)
        tx.mail(address, "verify_email", {"token": str(token.id)})
        return token

    token = await backend.writer.commit(change)
    raw = await OutgoingMail.get_pymongo_collection().find_one({"to": address})
    return OutgoingMail.model_validate(raw), token


async def spend(backend: Backend, secret: str, purpose: Purpose, at: datetime | None = None) -> OneTimeToken:
    async def change(tx: Transaction) -> OneTimeToken:
        return await spend_token(secret, purpose, at=at or utc_now(), session=tx.session)

    return await backend.writer.commit(change)


async def state_of(mail: OutgoingMail) -> MailState | None:
    found = await find_mail(str(mail.id))
    return found and found.state


async def until(is_true: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(500):
        if await is_true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("It has not come true within ten seconds.")


async def test_a_mail_is_sent_with_a_link_that_works_once(
    backend: Backend, context: JobContext, server: MailServer, address: str
) -> None:
    mail, token = await wanted(backend, address)

    assert await send_mail(job(context), mail_id=str(mail.id)) == "SENT"

    (message,) = server.to(address)
    code = code_in(message)
    assert f"{backend.settings.public_url}/account/verify-email#token={code}\n" in text_of(message)
    assert "30 minutes" in text_of(message)
    assert (await spend(backend, f" {code} ", Purpose.VERIFY_EMAIL)).id == token.id
    with pytest.raises(Invalid):
        await spend(backend, code, Purpose.VERIFY_EMAIL)


async def test_a_mail_that_was_sent_is_not_sent_again(
    backend: Backend, context: JobContext, server: MailServer, address: str
) -> None:
    mail, _ = await wanted(backend, address)
    await send_mail(job(context), mail_id=str(mail.id))

    assert await send_mail(job(context), mail_id=str(mail.id)) == "SENT"

    assert len(server.to(address)) == 1


async def test_a_mail_sent_again_after_a_crash_has_the_same_message_id(
    backend: Backend, context: JobContext, server: MailServer, address: str
) -> None:
    mail, _ = await wanted(backend, address)
    await send_mail(job(context), mail_id=str(mail.id))
    # As if the process had died between the server's answer and the mark.
    await OutgoingMail.get_pymongo_collection().update_one({"_id": mail.id}, {"$set": {"state": "WAITING"}})

    await send_mail(job(context), mail_id=str(mail.id))

    assert [message["Message-ID"] for message in server.to(address)] == [f"<{mail.id}@127.0.0.1>"] * 2


async def test_no_secret_lies_in_the_database_or_in_redis(
    backend: Backend, context: JobContext, server: MailServer, address: str
) -> None:
    mail, token = await wanted(backend, address)
    await backend.queue.relay()
    stored: list[bytes] = [
        str(row).encode()
        for name in await backend.database.list_collection_names()
        async for row in backend.database[name].find({})
    ]
    stored += [await backend.redis.get(key) or b"" for key in await backend.redis.keys("arq:job:*")]
    await send_mail(job(context), mail_id=str(mail.id))
    secret = code_in(server.to(address)[0])

    assert any(str(mail.id).encode() in text for text in stored)
    assert not [text for text in stored if secret.encode() in text]
    assert secret not in repr(token) + repr(mail)
    assert address not in repr(mail)


async def test_a_server_that_puts_us_off_is_tried_again_and_then_takes_the_mail(
    backend: Backend, context: JobContext, server: MailServer, address: str
) -> None:
    mail, _ = await wanted(backend, address)
    server.answers.append("451 greylisted")

    with pytest.raises(Retry):
        await send_mail(job(context), mail_id=str(mail.id))
    assert await state_of(mail) is MailState.WAITING

    assert await send_mail(job(context, tries=2), mail_id=str(mail.id)) == "SENT"


async def test_a_mail_that_is_refused_for_good_is_given_up_at_once(
    backend: Backend, context: JobContext, server: MailServer, address: str
) -> None:
    mail, _ = await wanted(backend, address)
    server.answers.append("550 no such mailbox")

    assert await send_mail(job(context), mail_id=str(mail.id)) == "FAILED"

    found = await find_mail(str(mail.id))
    assert found is not None
    assert found.problem == "The mail server answered 550 when asked to take a mail."


async def test_a_server_that_never_takes_it_is_given_up_after_the_last_try(
    backend: Backend, context: JobContext, server: MailServer, address: str
) -> None:
    mail, _ = await wanted(backend, address)
    server.answers.append("451 never")

    assert await send_mail(job(context, tries=MAX_TRIES), mail_id=str(mail.id)) == "FAILED"


async def test_wrong_credentials_keep_the_mail_until_the_operator_has_mended_them(
    backend: Backend, context: JobContext, server: MailServer, address: str
) -> None:
    mail, _ = await wanted(backend, address)
    wrong = SmtpPost(
        parse_smtp_url(f"smtp://a:b@localhost:{server.port}"), sender="cloudwatcher@example.com", tls=server.tls
    )

    with pytest.raises(Retry):
        await send_mail(job(replace(context, post=wrong)), mail_id=str(mail.id))

    assert await state_of(mail) is MailState.WAITING


@pytest.mark.parametrize("why", ["used", "replaced", "expired", "of another key"])
async def test_a_link_that_would_not_work_is_not_sent(
    backend: Backend, context: JobContext, server: MailServer, address: str, why: str
) -> None:
    mail, token = await wanted(backend, address)
    if why == "used":
        secret = backend.one_time_tokens.secret_of(token)
        assert secret is not None
        await spend(backend, secret, Purpose.VERIFY_EMAIL)
    if why == "replaced":
        await backend.writer.commit(lambda tx: issue(tx, backend.one_time_tokens, f"user:{address}"))
    if why == "expired":
        context = replace(context, now=lambda: utc_now() + HALF_AN_HOUR)
    if why == "of another key":
        context = replace(context, one_time_tokens=OneTimeTokens([b"another"]))

    assert await send_mail(job(context), mail_id=str(mail.id)) == "DROPPED"

    assert server.to(address) == []


async def test_an_address_that_is_none_is_given_up(backend: Backend, context: JobContext, address: str) -> None:
    mail, _ = await wanted(backend, f"{address}\nBcc: someone@example.com")

    assert await send_mail(job(context), mail_id=str(mail.id)) == "FAILED"


async def test_a_mail_that_is_forgotten_is_not_sent(
    backend: Backend, context: JobContext, server: MailServer, address: str
) -> None:
    mail, _ = await wanted(backend, address)
    await backend.writer.commit(lambda tx: forget_mails_to(address, tx.session))

    assert await send_mail(job(context), mail_id=str(mail.id)) == "DROPPED"

    assert server.to(address) == []


async def test_a_mail_of_a_change_that_failed_is_never_asked_for(backend: Backend, address: str) -> None:
    async def change(tx: Transaction) -> None:
        tx.mail(address, "deleted")
        raise Invalid("no")

    with pytest.raises(Invalid):
        await backend.writer.commit(change)

    assert await OutgoingMail.get_pymongo_collection().find_one({"to": address}) is None


async def test_a_mail_whose_job_redis_has_lost_is_asked_for_again(
    backend: Backend, context: JobContext, address: str
) -> None:
    # Those of other tests come first otherwise, and a round asks for a hundred.
    await OutgoingMail.get_pymongo_collection().delete_many({"state": MailState.WAITING.value})
    mail, _ = await wanted(backend, address)
    await asyncio.sleep(0.1)  # the relay of the commit
    id = f"send_mail:{mail.id}"
    await backend.redis.delete(f"arq:job:{id}")
    later = replace(context, now=lambda: utc_now() + STRANDED_AFTER + timedelta(minutes=1))

    assert await ask_for_mails_again(job(later)) >= 1

    async def is_queued() -> bool:
        return bool(await backend.redis.exists(f"arq:job:{id}"))

    await until(is_queued)


@pytest.mark.usefixtures("worker")
async def test_the_worker_writes_mail_into_files_where_no_server_is_set(backend: Backend, address: str) -> None:
    mail, _ = await wanted(backend, address)

    path = backend.settings.data_dir / "outbox-mail" / f"{mail.id}.eml"
    await until(lambda: asyncio.to_thread(path.exists))

    assert address.encode() in path.read_bytes()


async def test_a_token_is_for_one_purpose_and_until_it_ends(backend: Backend) -> None:
    issued = []
    for _ in range(3):
        token = await backend.writer.commit(
            lambda tx: issue(tx, backend.one_time_tokens, f"user:{secrets.token_hex(4)}")
        )
        issued.append((token, str(backend.one_time_tokens.secret_of(token))))
    (_, other), (_, late), (ended, gone) = issued
    await backend.writer.commit(lambda tx: end_tokens(ended.subject, tx.session))

    for secret, purpose, at in (
        (other, Purpose.RESET_PASSWORD, utc_now()),
        (late, Purpose.VERIFY_EMAIL, utc_now() + HALF_AN_HOUR),
        (gone, Purpose.VERIFY_EMAIL, utc_now()),
        ("never issued", Purpose.VERIFY_EMAIL, utc_now()),
    ):
        with pytest.raises(Invalid, match="no longer valid"):
            await spend(backend, secret, purpose, at)
    assert (await spend(backend, other, Purpose.VERIFY_EMAIL)).used_at is not None


async def test_of_two_who_use_a_link_at_once_one_gets_it(backend: Backend) -> None:
    token = await backend.writer.commit(lambda tx: issue(tx, backend.one_time_tokens, f"user:{secrets.token_hex(4)}"))
    secret = str(backend.one_time_tokens.secret_of(token))

    answers = await asyncio.gather(
        *(spend(backend, secret, Purpose.VERIFY_EMAIL) for _ in range(5)), return_exceptions=True
    )

    assert sum(isinstance(answer, OneTimeToken) for answer in answers) == 1
    assert sum(isinstance(answer, Invalid) for answer in answers) == 4


def test_pauses_between_tries_grow_and_end() -> None:
    assert 16 <= _pause(1) <= 24
    assert 32 <= _pause(2) <= 48
    assert _pause(MAX_TRIES) == LONGEST_RETRY_SECONDS
