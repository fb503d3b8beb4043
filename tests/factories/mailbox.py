"""The mail that people get, as the worker writes it where no server is set."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from app.wiring import Backend
from app.worker import options
from documents.mail import OutgoingMail
from jobs.tasks.send_mail import send_mail
from tests.fakes.mail_server import code_in


async def outcomes(backend: Backend, address: str) -> list[tuple[str, str]]:
    """(letter, what became of it) of every mail that was stored for this address, oldest first; all are sent now."""
    rows = OutgoingMail.get_pymongo_collection().find({"to": address}, sort=[("_id", 1)])
    context = options(backend)["ctx"]["context"]
    return [
        (row["template"], await send_mail({"context": context, "job_try": 1}, mail_id=str(row["_id"])))
        async for row in rows
    ]


async def newest_mail(backend: Backend, address: str, letter: str) -> EmailMessage:
    """The newest mail of this kind to this address, sent and read from its file."""
    await outcomes(backend, address)
    query = {"to": address, "template": letter, "state": "SENT"}
    row = await OutgoingMail.get_pymongo_collection().find_one(query, sort=[("_id", -1)])
    assert row is not None, f"no {letter} for {address}"
    path = backend.settings.data_dir / "outbox-mail" / f"{row['_id']}.eml"
    return message_from_bytes(path.read_bytes(), policy=default)  # type: ignore[arg-type,return-value]


async def newest_code(backend: Backend, address: str, letter: str) -> str:
    """The code in the newest mail of this kind."""
    return code_in(await newest_mail(backend, address, letter))
