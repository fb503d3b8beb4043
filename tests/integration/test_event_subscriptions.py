"""Events in subscriptions of customers: drongo's Pub/Sub over gRPC."""

import json
import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from drongo.services.pubsub.emulator import PubSubEmulator
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from grpc import insecure_channel

from app.wiring import Backend
from app.worker import options
from domain.facts.intake import IntakeWay
from jobs.tasks import pull_events as task
from tests.factories.event_queue import make_queue
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes import google


@pytest.fixture(scope="module")
def pubsub() -> Iterator[str]:
    """The address of a Pub/Sub."""
    emulator = PubSubEmulator()
    emulator.start()
    yield f"localhost:{emulator._port}"
    emulator.stop()
    emulator._server.stop(0)


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job looks once."""
    monkeypatch.setattr(task, "READ_FOR", timedelta(seconds=0.3))
    monkeypatch.setattr(task, "LEAST_SECONDS", 0.3)


@pytest.fixture
async def tenant(backend: Backend) -> AsyncIterator[Tenant]:
    made = await make_tenant(backend)
    yield made
    await backend.database["intake_endpoints"].delete_many({"org_id": made.organization.id})


class Topic:
    """A topic of Pub/Sub with one subscription, and the endpoint that pulls it."""

    def __init__(self, backend: Backend, tenant: Tenant, address: str) -> None:
        self.backend, self.tenant, self.address = backend, tenant, address
        mark = secrets.token_hex(4)
        self.topic = f"projects/{google.PROJECT}/topics/t-{mark}"
        self.subscription = f"projects/{google.PROJECT}/subscriptions/s-{mark}"
        self.ctx = options(backend)["ctx"]

    async def open(self, **settings: Any) -> "Topic":
        given = {"subscription": self.subscription, **settings}
        access = google.credentials(f"http://{self.address}")
        self.endpoint = await make_queue(
            self.backend, self.tenant, IntakeWay.GCP_PUBSUB_PULL, access, google.PROJECT, **given
        )
        return self

    def create(self) -> None:
        with insecure_channel(self.address) as channel:
            PublisherClient(transport=PublisherGrpcTransport(channel=channel)).create_topic(name=self.topic)
            SubscriberClient(transport=SubscriberGrpcTransport(channel=channel)).create_subscription(
                name=self.subscription, topic=self.topic
            )

    def publish(self, data: Any, **attributes: str) -> None:
        content = data if isinstance(data, bytes) else json.dumps(data).encode()
        with insecure_channel(self.address) as channel:
            PublisherClient(transport=PublisherGrpcTransport(channel=channel)).publish(
                topic=self.topic, messages=[{"data": content, "attributes": attributes}]
            )

    async def read(self) -> int:
        return await task.pull_events(self.ctx, org_id=self.tenant.org_id, endpoint_id=str(self.endpoint.id))

    async def stored(self) -> list[dict[str, Any]]:
        rows = self.backend.database["received_events"].find({"endpoint_id": self.endpoint.id})
        return await rows.sort("_id").to_list()


@pytest.fixture
async def topic(backend: Backend, tenant: Tenant, pubsub: str) -> Topic:
    return await Topic(backend, tenant, pubsub).open()


async def test_messages_of_a_subscription_are_stored_and_acknowledged(topic: Topic) -> None:
    topic.create()
    topic.publish({"protoPayload": {"methodName": "SetIamPolicy"}})
    topic.publish({"costAmount": 10}, budgetId="b1")

    fresh = await topic.read()

    rows = await topic.stored()
    assert (fresh, [row["kind"] for row in rows]) == (2, ["audit", "budget"])
    assert json.loads(rows[0]["body"])["data"] == {"protoPayload": {"methodName": "SetIamPolicy"}}
    assert json.loads(rows[1]["body"])["attributes"] == {"budgetId": "b1"}
    assert json.loads(rows[0]["body"])["subscription"] == topic.subscription
    backlog = PubSubEmulator()._backend().get_subscription(topic.subscription)
    assert (list(backlog.backlog), dict(backlog.outstanding)) == ([], {})


async def test_a_message_that_is_too_long_is_not_acknowledged(topic: Topic) -> None:
    topic.create()
    topic.publish(b"x" * (1024 * 1024 + 1))

    assert await topic.read() == 0
    assert len(PubSubEmulator()._backend().get_subscription(topic.subscription).outstanding) == 1


async def test_a_subscription_that_is_not_there_raises_an_alert_until_it_is(topic: Topic) -> None:
    await topic.read()
    rows = topic.backend.database["alerts"]
    query = {"fingerprint": f"intake:{topic.endpoint.id}"}
    assert [row["state"] async for row in rows.find(query)] == ["OPEN"]

    topic.create()
    await topic.backend.database["intake_endpoints"].update_one(
        {"_id": topic.endpoint.id}, {"$set": {"read_until": None}}
    )
    await topic.read()

    assert [row["state"] async for row in rows.find(query)] == ["RESOLVED"]


async def test_a_subscription_of_a_project_that_is_not_connected_is_not_pulled(
    backend: Backend, tenant: Tenant, pubsub: str
) -> None:
    made = await Topic(backend, tenant, pubsub).open(subscription="projects/another/subscriptions/x")

    assert await made.read() == 0
    row = await backend.database["alerts"].find_one({"fingerprint": f"intake:{made.endpoint.id}"})
    assert row is not None
    assert row["message"] == "The subscription is of a project that is not connected."
