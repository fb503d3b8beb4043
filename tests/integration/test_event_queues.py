"""Events in queues of customers: moto's SQS, with EventBridge and SNS before it."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from app.wiring import Backend
from app.worker import options
from connectors.intake import sqs
from documents.account import AccountState
from documents.base import utc_now
from documents.intake_endpoint import IntakeEndpoint
from documents.intake_reading import take_reading
from documents.vault import SecretLost, Vault
from domain.facts.intake import IntakeWay
from jobs.tasks import pull_events as task
from tests.factories.backlog import is_asked
from tests.factories.event_queue import make_queue
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes.aws import ACCOUNT, Moto, credentials
from tests.fakes.genuine_clouds import EVENT
from tests.fakes.scripted import Scripted
from tests.fakes.sns_host import sns_host


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    with Moto().served() as account:
        account.reset()
        yield account


@pytest.fixture(scope="module")
def host(moto: Moto) -> Iterator[Scripted]:
    with sns_host(moto) as made:
        yield made


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job looks once, and does not wait for messages."""
    monkeypatch.setattr(sqs, "WAIT_SECONDS", 0)
    monkeypatch.setattr(task, "READ_FOR", timedelta(seconds=0.3))
    monkeypatch.setattr(task, "LEAST_SECONDS", 0.3)


@pytest.fixture
async def tenant(backend: Backend) -> AsyncIterator[Tenant]:
    made = await make_tenant(backend)
    yield made
    await backend.database["intake_endpoints"].delete_many({"org_id": made.organization.id})


class Queue:
    """A queue of SQS, the endpoint that reads it, and what came of it."""

    def __init__(self, backend: Backend, moto: Moto, host: Scripted, tenant: Tenant) -> None:
        self.backend, self.moto, self.tenant = backend, moto, tenant
        self.client = moto.client("sqs")
        self.url = self.client.create_queue(
            QueueName=f"events-{secrets.token_hex(4)}", Attributes={"VisibilityTimeout": "0"}
        )["QueueUrl"]
        context = replace(options(backend)["ctx"]["context"], authorities={"aws_sns": host.url})
        self.ctx: dict[str, Any] = {"context": context}
        self.endpoint: IntakeEndpoint

    async def open(self, **settings: Any) -> "Queue":
        given = {"queue_url": self.url, **settings}
        self.endpoint = await make_queue(
            self.backend, self.tenant, IntakeWay.AWS_SQS, credentials(self.moto.url), ACCOUNT, **given
        )
        return self

    @property
    def arn(self) -> str:
        found = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        return str(found["Attributes"]["QueueArn"])

    def put(self, body: Any) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.client.send_message(QueueUrl=self.url, MessageBody=text)

    def left(self) -> int:
        found = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])["Attributes"]
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return sum(int(found[name]) for name in names)

    async def read(self) -> int:
        return await task.pull_events(self.ctx, org_id=self.tenant.org_id, endpoint_id=str(self.endpoint.id))

    async def stored(self) -> list[dict[str, Any]]:
        rows = self.backend.database["received_events"].find({"endpoint_id": self.endpoint.id})
        return await rows.sort("_id").to_list()

    async def row(self) -> dict[str, Any]:
        found = await self.backend.database["intake_endpoints"].find_one({"_id": self.endpoint.id})
        assert found is not None
        return found

    async def alerts(self) -> list[tuple[str, str]]:
        rows = self.backend.database["alerts"].find({"fingerprint": f"intake:{self.endpoint.id}"})
        return [(row["state"], row["title"]) async for row in rows]


@pytest.fixture
async def queue(backend: Backend, moto: Moto, host: Scripted, tenant: Tenant) -> Queue:
    return await Queue(backend, moto, host, tenant).open()


def event(**changes: Any) -> dict[str, Any]:
    return {**EVENT, "account": ACCOUNT, "id": secrets.token_hex(8), **changes}


async def test_an_event_that_eventbridge_put_into_the_queue_is_stored_and_deleted(queue: Queue, moto: Moto) -> None:
    events = moto.client("events")
    name = queue.url.rpartition("/")[2]
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": queue.arn}])
    events.put_events(Entries=[{"Source": name, "DetailType": "GuardDuty Finding", "Detail": '{"severity": 8}'}])
    assert await queue.read() == 0
    # Moto leaves out whose event it is, which EventBridge never does: so it has not come in.
    (raw,) = queue.client.receive_message(QueueUrl=queue.url)["Messages"]
    queue.client.delete_message(QueueUrl=queue.url, ReceiptHandle=raw["ReceiptHandle"])
    queue.put({**json.loads(raw["Body"]), "account": ACCOUNT})

    fresh = await queue.read()

    (row,) = await queue.stored()
    body = json.loads(row["body"])
    assert (fresh, row["kind"], row["event_id"], row["state"]) == (1, "eventbridge", body["id"], "WAITING")
    assert (body["detail"], body["account"]) == ({"severity": 8}, ACCOUNT)
    assert queue.left() == 0


async def test_what_sns_put_there_is_proven_by_its_signature(queue: Queue, moto: Moto) -> None:
    sns = moto.client("sns")
    topic = sns.create_topic(Name=f"t-{secrets.token_hex(4)}")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    alarm = {"AlarmName": "cpu", "AWSAccountId": ACCOUNT, "NewStateValue": "ALARM"}
    sns.publish(TopicArn=topic, Message=json.dumps(alarm))

    await queue.read()

    (row,) = await queue.stored()
    assert (row["kind"], json.loads(row["body"])) == ("alarm", alarm)
    assert row["sent_at"] is not None
    assert queue.left() == 0


async def test_a_forged_envelope_of_sns_is_left_to_the_dead_letter_queue_and_counted_once(queue: Queue) -> None:
    forged = {
        "Type": "Notification",
        "MessageId": "m1",
        "TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:alarms",
        "Message": json.dumps(event()),
        "Timestamp": "2026-11-20T12:00:00.000Z",
        "SignatureVersion": "2",
        "Signature": "AAAA",
        "SigningCertURL": "https://evil.example/x.pem",
    }
    queue.put(forged)
    for _ in range(8):
        await queue.read()

    row = await queue.row()
    assert (await queue.stored(), queue.left()) == ([], 1)
    assert (row["received"], row["refused"]) == (0, 1)
    assert row["last_refusal"] == "The signing certificate is not at an address of SNS."
    assert row["confirmed_at"] is None


async def test_one_that_cannot_be_read_keeps_no_other_from_coming_in(queue: Queue) -> None:
    queue.put("no JSON")
    queue.put(event(account="999999999999"))
    queue.put(event())

    fresh = await queue.read()

    row = await queue.row()
    assert (fresh, queue.left(), row["received"]) == (1, 2, 1)
    assert row["confirmed_at"] == row["last_received_at"]


async def test_a_certificate_that_is_nowhere_keeps_no_other_from_coming_in(queue: Queue) -> None:
    away = {
        "Type": "Notification",
        "MessageId": "m1",
        "TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:alarms",
        "Message": "x",
        "Timestamp": "2026-11-20T12:00:00.000Z",
        "SignatureVersion": "2",
        "Signature": "AAAA",
        "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
    }
    queue.put(away)
    queue.put(event())

    assert await queue.read() == 1
    assert await queue.alerts() == []


async def test_an_event_that_comes_twice_is_stored_once(queue: Queue) -> None:
    same = event()
    queue.put(same)
    await queue.read()
    queue.put(same)

    again = await queue.read()

    assert (again, len(await queue.stored()), queue.left()) == (0, 1, 0)


async def test_nothing_is_deleted_before_it_is_stored(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.put(event())

    async def dies(*_: Any) -> int:
        raise RuntimeError("the database is away")

    with monkeypatch.context() as patched:
        patched.setattr(task, "store_received", dies)
        with pytest.raises(RuntimeError):
            await queue.read()
    assert (queue.left(), await queue.stored()) == (1, [])

    assert await queue.read() == 1


async def test_what_another_was_faster_with_is_known_at_the_second_look(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.put(event())
    store, tries = task.store_received, []

    async def late(*given: Any) -> int:
        tries.append(given)
        if len(tries) == 1:
            raise DuplicateKeyError("E11000")
        return await store(*given)

    monkeypatch.setattr(task, "store_received", late)

    assert (await queue.read(), queue.left()) == (1, 0)


async def test_a_queue_that_cannot_be_read_raises_an_alert_until_it_can(queue: Queue, moto: Moto) -> None:
    moto.fail("sqs.ReceiveMessage", 400, "AccessDeniedException", "not authorized to perform: sqs:receivemessage")
    try:
        await queue.read()
        await leave(queue)
        await queue.read()
    finally:
        del moto.wire["sqs.ReceiveMessage"]
    assert await queue.alerts() == [("OPEN", "Events of Production cannot be fetched")]
    row = await queue.row()
    assert row["read_until"] > row["created_at"]

    await leave(queue)
    await queue.read()

    assert [state for state, _ in await queue.alerts()] == ["RESOLVED"]


async def test_a_queue_whose_credentials_are_lost_raises_an_alert(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: object) -> str:
        raise SecretLost("its key was deleted")

    monkeypatch.setattr(Vault, "open", lost)

    await queue.read()

    assert await queue.alerts() == [("OPEN", "Events of Production cannot be fetched")]


async def being_read(queue: Queue) -> None:
    async with asyncio.timeout(10):
        while True:
            if (await queue.row()).get("reader") is not None:
                return
            await asyncio.sleep(0.05)


async def held(queue: Queue, number: int) -> None:
    """Wait until so many events are stored."""
    async with asyncio.timeout(30):
        while True:
            if len(await queue.stored()) >= number:
                return
            await asyncio.sleep(0.1)


async def leave(queue: Queue) -> None:
    """As if the pause were over."""
    await queue.backend.database["intake_endpoints"].update_one(
        {"_id": queue.endpoint.id}, {"$set": {"read_until": None}}
    )


@pytest.mark.parametrize("url", ["https://evil.example/1", "http://169.254.169.254/123456789012/x", "{other}"])
async def test_a_queue_of_somebody_else_is_not_read(
    backend: Backend, moto: Moto, host: Scripted, tenant: Tenant, url: str
) -> None:
    made = Queue(backend, moto, host, tenant)
    address = url.format(other="https://sqs.us-east-1.amazonaws.com/999999999999/events")
    await made.open(queue_url=address)
    moto.asked.clear()

    if url.startswith("http://169"):
        # The address is no more than a name to a stand-in: the call goes to its own.
        await made.read()
        assert all(asked.startswith("sqs.") for asked in moto.asked)
    else:
        assert await made.read() == 0
        assert moto.asked == []
    assert [state for state, _ in await made.alerts()] == ["OPEN"]


async def test_one_worker_reads_a_queue_at_a_time(queue: Queue) -> None:
    queue.put(event())
    assert await take_reading(ObjectId(queue.endpoint.id), "another", utc_now())

    assert (await queue.read(), queue.left()) == (0, 1)
    assert (await queue.row())["reader"] == "another"


async def test_readers_that_come_together_store_each_event_once(queue: Queue) -> None:
    for _ in range(25):
        queue.put(event())

    fresh = await asyncio.gather(*(queue.read() for _ in range(4)))
    while queue.left():
        fresh.append(await queue.read())

    assert sum(fresh) == 25
    assert len(await queue.stored()) == 25


async def test_a_reader_that_is_stopped_lets_others_read_at_once(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task, "READ_FOR", timedelta(seconds=60))
    reading = asyncio.create_task(queue.read())
    await being_read(queue)

    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)

    row = await queue.row()
    assert (row["reader"], row["read_until"]) == (None, None)


async def test_a_queue_is_not_read_while_it_is_paused_or_its_account_is_not_connected(queue: Queue) -> None:
    queue.put(event())
    endpoints, accounts = (queue.backend.database[name] for name in ("intake_endpoints", "accounts"))
    await endpoints.update_one({"_id": queue.endpoint.id}, {"$set": {"is_paused": True}})
    assert await queue.read() == 0

    await endpoints.update_one({"_id": queue.endpoint.id}, {"$set": {"is_paused": False}})
    gone = {"$set": {"state": AccountState.DISCONNECTED.value}}
    await accounts.update_one({"_id": queue.endpoint.account_id}, gone)
    assert (await queue.read(), queue.left()) == (0, 1)


async def test_pausing_ends_a_reading(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task, "READ_FOR", timedelta(seconds=60))
    reading = asyncio.create_task(queue.read())
    await being_read(queue)
    await queue.backend.database["intake_endpoints"].update_one(
        {"_id": queue.endpoint.id}, {"$set": {"is_paused": True}}
    )

    async with asyncio.timeout(10):
        assert await reading == 0


async def test_the_tick_asks_for_queues_that_nobody_reads(queue: Queue, backend: Backend) -> None:
    job = f"pull_events:{queue.endpoint.id}"
    busy = IntakeEndpoint(
        org_id=queue.tenant.organization.id, account_id=queue.endpoint.account_id, way=IntakeWay.AWS_SQS
    )
    await busy.insert()
    assert await take_reading(ObjectId(busy.id), "another", utc_now())

    asked = await task.ask_for_unread(queue.ctx)

    assert asked >= 1
    assert await is_asked(backend, job)
    assert not await is_asked(backend, f"pull_events:{busy.id}")


async def test_a_worker_reads_the_queue_again_and_again(
    backend: Backend, queue: Queue, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await task.ask_for_unread(queue.ctx)
    for number in (1, 2, 3):
        queue.put(event())
        await held(queue, number)
    # What is stored is deleted from the queue just after.
    async with asyncio.timeout(30):
        while queue.left():  # noqa: ASYNC110 - the queue is another process's
            await asyncio.sleep(0.1)
    await backend.database["intake_endpoints"].update_one({"_id": queue.endpoint.id}, {"$set": {"is_paused": True}})
