"""No secret in plain text anywhere: stored, logged, answered or shown. Real processes at DEBUG, every file searched.

The probe is shown to work by a control: a text that is stored, queued and logged in plain on purpose.
"""

import asyncio
import base64
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from redis import Redis

from app.embedded.server import free_port
from app.embedded.servers import EmbeddedServers, ServerUrls
from tests.fakes.aws import Moto
from tests.fakes.canary import Canary, files_below, traces
from tests.fakes.mail_server import code_in
from tests.integration.embedded import mongo_client
from tests.integration.person_mutations import mutation, newcomer
from tests.integration.test_account_sync import CONNECT

ROOT = Path(__file__).parents[2]
PLAIN_FILES = ("--wiredTigerCollectionBlockCompressor", "none", "--wiredTigerJournalCompressor", "none")
PATIENCE_SECONDS = 120
SYNCS = "query($id: ID!) { syncs(accountId: $id, first: 1) { nodes { state step problem gaps } } }"
CREATE_CHANNEL = """mutation($input: CreateChannelInput!) { createChannel(input: $input) {
  ... on CreateChannelSuccess { created { channel { id shown } } } ... on UserError { message } } }"""
TEST_CHANNEL = "mutation($input: TestChannelInput!) { testChannel(input: $input) { __typename } }"
DELIVERIES = "{ deliveries { nodes { state answer problem channel { shown problem } } } }"
EVERYTHING = """{
  accounts(first: 50) { nodes { id name state nativeId roleArn endpointUrl regions problem } }
  alerts(first: 50) { nodes { title message } }
}"""


@dataclass
class Trail:
    """What a life with secrets has left behind: where, and what was written there."""

    canaries: list[Canary] = field(default_factory=list)
    master_key: bytes = field(default_factory=lambda: secrets.token_bytes(96))
    control: Canary = field(default_factory=lambda: Canary("control"))
    written: dict[str, bytes] = field(default_factory=dict)

    def canary(self, name: str) -> Canary:
        made = Canary(name)
        self.canaries.append(made)
        return made

    def write(self, place: str, content: bytes) -> None:
        self.written[place] = self.written.get(place, b"") + content

    def found(self, place: str) -> list[str]:
        """What gives a secret away in the places that begin like this."""
        return [
            f"{where}: {trace}"
            for where, content in self.written.items()
            if where.startswith(place)
            for trace in [*traces(self.canaries, content), *self._master_key_in(content)]
        ]

    def _master_key_in(self, content: bytes) -> list[str]:
        encoded = base64.b64encode(self.master_key)
        forms = {"raw": self.master_key[:24], "base64": encoded[:32], "hex": self.master_key.hex().encode()[:48]}
        return [f"master key ({form})" for form, part in forms.items() if part in content]


class Client:
    """Asks the graph as people do and keeps every byte of the answers."""

    def __init__(self, trail: Trail, http: httpx2.AsyncClient) -> None:
        self.token = ""
        self._trail, self._http = trail, http

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        answer = await self._http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        self._trail.write("answers", answer.content + str(answer.headers).encode())
        body: dict[str, Any] = orjson.loads(answer.content)
        return body

    async def register(self, password: Canary, mail: Path) -> None:
        """Register, confirm the address with the code of the mail that the worker writes, and be signed in."""
        fields = newcomer(password=password.text)
        await self.ask(mutation("register"), input=fields)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (letters := [*mail.glob("*.eml")]):  # noqa: ASYNC110, ASYNC240 - another process writes it
                await asyncio.sleep(0.2)
        letter = message_from_bytes(letters[0].read_bytes(), policy=default)
        sent = {"token": code_in(letter), "password": password.text}
        answer = await self.ask(mutation("verifyEmail"), input=sent)
        self.token = answer["data"]["verifyEmail"]["session"]["accessToken"]

    async def connect(self, name: str, endpoint: str, aws: dict[str, Any]) -> str:
        """The id of the new account."""
        fields = {"name": name, "access": {"aws": {**aws, "regions": ["us-east-1"], "endpointUrl": endpoint}}}
        answer = await self.ask(CONNECT, input=fields)
        connected: str = answer["data"]["connectAccount"]["account"]["id"]
        return connected

    async def refused(self, endpoint: str, aws: dict[str, Any]) -> None:
        """Credentials that do not open an account are not kept."""
        fields = {"name": "x", "access": {"aws": {**aws, "regions": ["us-east-1"], "endpointUrl": endpoint}}}
        answer = await self.ask(CONNECT, input=fields)
        assert answer["data"]["connectAccount"]["__typename"] == "ValidationError", answer

    async def sync(self, account_id: str, words: str) -> None:
        """Read it again, until the sync says this."""
        fields = {"accountId": account_id}
        await self.ask(
            "mutation($input: SyncAccountInput!) { syncAccount(input: $input) { __typename } }", input=fields
        )
        await self.sync_told(account_id, words)

    async def sync_told(self, account_id: str, words: str) -> dict[str, Any]:
        """The newest sync once it says this."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                sync = (await self.ask(SYNCS, id=account_id))["data"]["syncs"]["nodes"][0]
                if words in str(sync):
                    return dict(sync)
                await asyncio.sleep(0.3)


def key(secret: str) -> dict[str, Any]:
    return {"key": {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": secret}}


async def lead_a_life(trail: Trail, client: Client, aws: Moto, mail: Path) -> None:
    """Accounts that work, that are refused and that fail; and what is refused at the door."""
    await client.register(trail.canary("password"), mail)
    good = await client.connect("good", aws.url, key(trail.canary("working key").text))
    await client.sync_told(good, "SUCCEEDED")
    await refuse_at_the_door(trail, client)
    await tell_channels(trail, client, aws.url)

    wrong, slow, odd = [await connected(trail, client, aws, name) for name in ("rejected", "throttled", "odd")]
    aws.refuse("sts", "GetCallerIdentity", 403, "InvalidClientTokenId")
    await client.sync(wrong, "FAILED")
    await client.refused(aws.url, key(trail.canary("key rejected at the door").text))
    aws.refuse("sts", "GetCallerIdentity", 400, "Throttling")
    await client.sync(slow, "Waiting to try again")
    await client.refused(aws.url, key(trail.canary("key throttled at the door").text))
    aws.answer("sts", "GetCallerIdentity", lambda: "<not<xml")
    await client.sync(odd, "'state': '")
    await client.refused(aws.url, key(trail.canary("key answered oddly at the door").text))
    aws.orders.clear()
    await client.ask(EVERYTHING)


async def connected(trail: Trail, client: Client, aws: Moto, name: str) -> str:
    """Another account, entered by a role that is assumed with a key of its own."""
    number = 200000000000 + len(trail.canaries)
    way = {**key(trail.canary(f"{name} key").text), "role": {"roleArn": f"arn:aws:iam::{number}:role/watch"}}
    aws.open_account(str(number))
    account = await client.connect(name, aws.url, way)
    await client.sync_told(account, "'problem': None")
    await client.sync_told(account, "SUCCEEDED")
    return account


async def refuse_at_the_door(trail: Trail, client: Client) -> None:
    """Secrets in requests that are wrong in every way that parsing, validation and the fields themselves know."""
    text = trail.canary("refused key").text
    fields = {"name": "x"}
    for wrong in (
        key(text * 9),
        key("short"),
        {"key": {**key(text)["key"], "unknown": text}},
        {"key": {"accessKeyId": text, "secretAccessKey": text}},
        {**key(text), "role": {"roleArn": text, "externalId": text}},
        {"role": {"roleArn": "arn:aws:iam::123456789012:role/watch", "externalId": text}},
        {"key": text},
        {"key": [text, text]},
        {"key": {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": {"is": text}}},
    ):
        await client.ask(CONNECT, input={**fields, "access": {"aws": {"regions": ["us-east-1"], **wrong}}})
    await client.ask(CONNECT, input={**fields, "access": {"aws": {"regions": ["mars-1"], **key(text)}}})
    await client.ask(CONNECT, input={**fields, "access": {"aws": {"endpointUrl": "ftp://example.com", **key(text)}}})
    for vendor in ({"slack": {"token": text * 90}}, {"github": {"organization": "-", "token": text}}):
        await client.ask(CONNECT, input={**fields, "access": vendor})


async def tell_channels(trail: Trail, client: Client, elsewhere: str) -> None:
    """Channels that are refused at the door, and others that are tested against a server that knows nothing of them."""
    bot, hook, card, pager = (trail.canary(name).word for name in ("bot", "hook", "card", "pager"))
    routing = trail.canary("routing key").core
    for wrong in (
        {"slackBot": {"token": bot, "channel": "#a"}},
        {"slackWebhook": {"url": f"ftp://{hook}"}},
        {"teams": {"url": f"{elsewhere}/{card}"}},
        {"pagerduty": {"routingKey": pager}},
    ):
        await client.ask(CREATE_CHANNEL, input={"name": "x", "settings": wrong})
    for name, settings in (
        ("bot", {"slackBot": {"token": f"xoxb-{bot}", "channel": "#a", "endpointUrl": elsewhere}}),
        ("hook", {"slackWebhook": {"url": f"{elsewhere}/services/{hook}"}}),
        ("card", {"teams": {"url": f"http://127.0.0.1:9/?sig={card}"}}),
        ("pager", {"pagerduty": {"routingKey": routing, "endpointUrl": elsewhere}}),
    ):
        made = await client.ask(CREATE_CHANNEL, input={"name": name, "settings": settings})
        channel = made["data"]["createChannel"]["created"]["channel"]["id"]
        await client.ask(TEST_CHANNEL, input={"channelId": channel})
    async with asyncio.timeout(PATIENCE_SECONDS):
        while "problem': None" in str(await client.ask(DELIVERIES)):  # noqa: ASYNC110 - another process sends
            await asyncio.sleep(0.3)


async def lose_the_key(trail: Trail, client: Client, aws: Moto, urls: ServerUrls) -> None:
    """Shred the organization while its account waits for a sync."""
    secret = trail.canary("shredded key")
    way = {**key(secret.text), "role": {"roleArn": "arn:aws:iam::300000000000:role/watch"}}
    aws.open_account("300000000000")
    lost = await client.connect("lost", aws.url, way)
    await client.sync_told(lost, "SUCCEEDED")
    with mongo_client(urls) as mongo:
        mongo.canaries.key_vault.delete_many({})
    await client.sync(lost, "its key was deleted")


@asynccontextmanager
async def process(trail: Trail, environment: dict[str, str], place: str, *command: str) -> AsyncIterator[None]:
    """A process of ours; what it writes goes onto the trail."""
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *command, env=environment, cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    reading = asyncio.create_task(started.communicate())
    try:
        yield
    finally:
        if started.returncode is None:
            started.terminate()
        trail.write(place, (await reading)[0])


async def command(trail: Trail, environment: dict[str, str], *arguments: str) -> None:
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.cli.main", *arguments, env=environment, cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    trail.write(f"commands {' '.join(arguments)}", (await started.communicate())[0])


def environment_of(trail: Trail, urls: ServerUrls, folder: Path, port: int) -> dict[str, str]:
    assert urls.mongodb_url is not None
    assert urls.redis_url is not None
    return os.environ | {
        "MONGODB_URL": urls.mongodb_url,
        "REDIS_URL": urls.redis_url,
        "CLOUDWATCHER_MONGODB_DATABASE": "canaries",
        "CLOUDWATCHER_DATA_DIR": str(folder / "data"),
        "CLOUDWATCHER_MASTER_KEY": base64.b64encode(trail.master_key).decode(),
        "CLOUDWATCHER_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CLOUDWATCHER_BCRYPT_ROUNDS": "4",
        "CLOUDWATCHER_LOG_LEVEL": "DEBUG",
        "PORT": str(port),
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": trail.canary("our own AWS key").word,
    }


def leave_control(trail: Trail, urls: ServerUrls) -> None:
    with mongo_client(urls) as mongo:
        mongo.canaries.control.insert_one({"text": trail.control.text})
    assert urls.redis_url is not None
    with Redis.from_url(urls.redis_url) as redis:
        redis.set("control", trail.control.text)


def collect(trail: Trail, urls: ServerUrls, servers: Path) -> None:
    """What lies in the servers: their files after a checkpoint, and every value of Redis."""
    with mongo_client(urls) as mongo:
        mongo.admin.command("fsync")
    assert urls.redis_url is not None
    with Redis.from_url(urls.redis_url) as redis:
        redis.bgrewriteaof()
        for name in redis.scan_iter():
            trail.write("redis values", name + b" " + (redis.dump(name) or b""))
    for path, content in files_below(servers):
        trail.write(f"files {path.relative_to(servers)}", content)


async def until_ready(http: httpx2.AsyncClient) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                if (await http.get("/readyz")).status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            await asyncio.sleep(0.2)


@pytest.fixture(scope="module")
async def trail(tmp_path_factory: pytest.TempPathFactory) -> Trail:
    trail, folder, port = Trail(), tmp_path_factory.mktemp("canaries"), free_port()
    servers = EmbeddedServers(folder / "servers", mongod_args=PLAIN_FILES)
    aws = Moto()
    urls = await asyncio.to_thread(servers.start)
    try:
        environment = environment_of(trail, urls, folder, port)
        await command(trail, environment, "migrate")
        leave_control(trail, urls)
        async with AsyncExitStack() as stack:
            stack.enter_context(aws.served())
            aws.reset()
            await stack.enter_async_context(process(trail, environment, "logs web", "app.web"))
            await stack.enter_async_context(process(trail, environment, "logs worker", "app.worker"))
            http = await stack.enter_async_context(httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60))
            await until_ready(http)
            client = Client(trail, http)
            await lead_a_life(trail, client, aws, folder / "data" / "outbox-mail")
            for arguments in (["list"], ["rotate", "--grace", "1"], ["rewrap", "--all"]):
                await command(trail, environment, "keys", *arguments)
            await command(trail, environment, "doctor")
            await lose_the_key(trail, client, aws, urls)
            trail.write("metrics", (await http.get("/metrics")).content)
            collect(trail, urls, folder / "servers")
        for path, content in files_below(folder / "servers"):
            trail.write(f"files once more {path.name}", content)
    finally:
        await asyncio.to_thread(servers.stop)
    return trail


@pytest.mark.parametrize(
    "place", ["files", "redis values", "logs web", "logs worker", "commands", "answers", "metrics"]
)
async def test_no_secret_is_found_in_any_form(trail: Trail, place: str) -> None:
    assert any(trail.written[where] for where in trail.written if where.startswith(place)), (
        "there is something to search"
    )
    assert trail.found(place) == []


async def test_the_probe_finds_what_is_there_in_plain_text(trail: Trail) -> None:
    control = [where for where, content in trail.written.items() if traces([trail.control], content)]

    assert any("mongodb/collection" in where for where in control), "collections are searched as they are on disk"
    assert any("mongodb/journal" in where for where in control), "and the journal"
    assert any("appendonly" in where for where in control), "and the append-only file of Redis"
    assert "redis values" in control


async def test_the_life_was_led(trail: Trail) -> None:
    """Each kind of failure was told of, so each had its chance to tell too much."""
    answers = trail.written["answers"].decode()

    assert "Check the key or role and the external id" in answers
    assert "Waiting to try again" in answers
    assert "its key was deleted" in answers
    assert "BAD_USER_INPUT" in answers
    assert b"debug" in trail.written["logs web"] + trail.written["logs worker"]
