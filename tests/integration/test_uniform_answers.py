"""Nobody learns who has an account: the same answer, the same work, and mail that is sent elsewhere and later."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo.monitoring import CommandStartedEvent

from app.wiring import Backend
from auth import password
from documents.database import connect, migrate, open_database
from documents.mail import OutgoingMail
from tests.factories.graph import Graph
from tests.factories.tenant import make_tenant
from tests.integration.person_mutations import NEW_PASSWORD, call, newcomer, refused
from tests.integration.recorded import Commands

# Read by the relay, whenever it comes.
NOT_COUNTED = {"outbox"}


class Everything(Commands):
    """Records every command that names a collection."""

    def started(self, event: CommandStartedEvent) -> None:
        if self._seen is not None and isinstance(event.command.get(event.command_name), str):
            self._seen.append({"name": event.command_name, "collection": event.command[event.command_name]})


@pytest.fixture
async def commands(backend: Backend) -> AsyncIterator[Commands]:
    """The documents bound to a database of their own, whose every command is recorded."""
    url, name, commands = backend.settings.mongodb_url, "cloudwatcher_uniform", Everything()
    assert url is not None
    client = connect(url.get_secret_value(), listeners=[commands])
    await migrate(client, name)
    yield commands
    await client.drop_database(name)
    await client.close()
    await open_database(backend.client, backend.settings.mongodb_database)


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each function of bcrypt that takes long is called."""
    counted: Counter[str] = Counter()
    for name in ("hashpw", "checkpw"):
        real = getattr(password.bcrypt, name)

        def count(*arguments: Any, name: str = name, real: Any = real) -> Any:
            counted[name] += 1
            return real(*arguments)

        monkeypatch.setattr(password.bcrypt, name, count)
    return counted


async def work(commands: Commands, hashes: Counter[str], graph: Graph, verb: str, **fields: Any) -> dict[str, Any]:
    """What one call answers and does."""
    hashes.clear()
    with commands.recording() as seen:
        answer = await call(graph, verb, **fields)
        await asyncio.sleep(0.1)  # what follows the answer, if anything does
    asked = Counter(f"{one['name']} {one['collection']}" for one in seen if one["collection"] not in NOT_COUNTED)
    return {"kind": answer["__typename"], "hashes": dict(hashes), "asked": asked}


@pytest.mark.parametrize(
    ("verb", "fields", "hashed"),
    [
        ("register", newcomer(), {"hashpw": 1}),
        ("signIn", {"password": NEW_PASSWORD}, {"checkpw": 1}),
        ("requestPasswordReset", {}, {}),
        ("resendVerification", {}, {}),
    ],
)
async def test_a_known_address_costs_the_same_work_as_an_unknown_one(
    graph: Graph, backend: Backend, commands: Commands, hashes: Counter[str], verb: str, fields: Any, hashed: Any
) -> None:
    known = (await make_tenant(backend)).user.email
    await work(commands, hashes, graph, verb, **{**fields, "email": newcomer()["email"]})  # warms up what is cached

    for_known = await work(commands, hashes, graph, verb, **{**fields, "email": known})
    for_unknown = await work(commands, hashes, graph, verb, **{**fields, "email": newcomer()["email"]})

    assert for_known == for_unknown
    assert for_known["hashes"] == hashed
    assert sum(for_known["asked"].values()) > 0


async def test_a_request_sends_no_mail_by_itself(graph: Graph, backend: Backend) -> None:
    email = (await make_tenant(backend)).user.email

    await call(graph, "requestPasswordReset", email=email)

    rows = await OutgoingMail.get_pymongo_collection().find({"to": email}).to_list()
    assert [row["state"] for row in rows] == ["WAITING"]


async def test_a_refusal_for_being_too_fast_says_the_same_of_both(graph: Graph, backend: Backend) -> None:
    told = []
    for email in ((await make_tenant(backend)).user.email, newcomer()["email"]):
        for _ in range(3):
            await call(graph, "signIn", email=email, password=NEW_PASSWORD)
        extensions = await refused(graph, "signIn", email=email, password=NEW_PASSWORD)
        told.append({name: extensions[name] for name in ("code", "retryAfter")})

    assert told[0] == told[1]
