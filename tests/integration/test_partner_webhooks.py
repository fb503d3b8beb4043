"""Events of the log on their way to partners: numbered in order, public fields alone, once each, own tenant only."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

import documents
from app.wiring import Backend
from documents.alert import AlertSource, Cause, raise_alert, resolve_alerts
from documents.base import utc_now
from documents.transaction import Transaction
from domain.facts.channel import ChannelKind, ChannelState
from domain.facts.channel_settings import WebhookSettings
from domain.facts.severity import Severity
from jobs.consumers import incidents, webhooks
from jobs.tasks import dispatch_events as task
from jobs.webhook_payload import global_id
from schema import node
from tests.factories.incidents import raise_all, the_example
from tests.fakes.message_server import MessageServer, message_server
from tests.integration.channel_house import House, open_house


@pytest.fixture
def server() -> Iterator[MessageServer]:
    with message_server() as running:
        yield running


@pytest.fixture
async def house(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> House:
    """Nobody but the webhooks reads the log."""
    monkeypatch.setattr(task, "consumers", lambda: (webhooks.CONSUMER,))
    return await open_house(backend)


async def partner(
    house: House, server: MessageServer, *topics: str, state: ChannelState = ChannelState.VERIFIED
) -> documents.Channel:
    settings = WebhookSettings(url=f"{server.url}/in", secret=SecretStr("s" * 43))
    return await house.channel(settings, ChannelKind.WEBHOOK, state, topics=list(topics))


async def happened(house: House, *names: str) -> None:
    async def change(tx: Transaction) -> None:
        for name in names:
            cause = Cause(
                name, AlertSource.EVENT, Severity.HIGH, name, "m", principal="somebody", tags={"secret": "tag"}
            )
            await raise_alert(tx, house.org_id, cause, utc_now())

    await house.backend.writer.commit(change)


async def dispatched(house: House) -> list[documents.Delivery]:
    """Everything that is asked for once the log was read, by number."""
    await task.dispatch_events({"context": house.context}, org_id=house.tenant.org_id)
    found = await documents.Delivery.list_in(house.tenant.scope, {"kind": "EVENT"})
    return sorted(found, key=lambda one: (str(one.channel_id), one.sequence or 0))


async def test_each_event_becomes_one_message_with_the_next_number(house: House, server: MessageServer) -> None:
    await partner(house, server, "alerts")
    await happened(house, "a", "b")
    await house.backend.writer.commit(lambda tx: resolve_alerts(tx, house.org_id, ["a"], utc_now()))

    first = await dispatched(house)
    again = await dispatched(house)
    for delivery in first:
        await house.run(str(delivery.id))

    assert [(one.sequence, one.title) for one in first] == [
        (1, "AlertRaised"),
        (2, "AlertRaised"),
        (3, "AlertResolved"),
    ]
    assert len(again) == 3
    told = [(one.json["sequence"], one.json["type"], one.json["data"]["state"]) for one in server.got]
    assert told == [(1, "AlertRaised", "OPEN"), (2, "AlertRaised", "OPEN"), (3, "AlertResolved", "RESOLVED")]
    assert len({one.json["id"] for one in server.got}) == 3
    assert {one.json["organizationId"] for one in server.got} == {house.tenant.org_id}


async def test_partners_are_told_public_fields_and_the_ids_of_the_graph(house: House, server: MessageServer) -> None:
    await partner(house, server, "alerts")
    await happened(house, "a")

    (delivery,) = await dispatched(house)
    await house.run(str(delivery.id))

    data = server.got[0].json["data"]
    (alert,) = await documents.Alert.list_in(house.tenant.scope, {})
    assert data["id"] == node.global_id("Alert", alert.id)
    assert (data["title"], data["severity"], data["principal"]) == ("a", "HIGH", "somebody")
    assert data["raisedAt"].endswith("Z")
    assert not {"tags", "fingerprint", "orgId", "_id", "mutedBy"} & data.keys()


async def test_partners_are_told_of_incidents_with_their_links(
    house: House, server: MessageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "consumers", lambda: (incidents.CONSUMER, webhooks.CONSUMER))
    await partner(house, server, "incidents")
    await raise_all(house.backend, house.tenant, the_example())

    await dispatched(house)
    delivery, *_ = await dispatched(house)
    await house.run(str(delivery.id))

    data = server.got[0].json["data"]
    (incident,) = await documents.Incident.list_in(house.tenant.scope, {})
    assert server.got[0].json["type"] == "IncidentOpened"
    assert data["id"] == node.global_id("Incident", incident.id)
    assert (data["number"], data["memberCount"], data["openCount"], data["resolvedAt"]) == (1, 3, 3, None)
    assert sorted(data["categories"]) == ["FINOPS", "SECOPS"]
    members = {node.global_id("Alert", alert.id) for alert in await documents.Alert.list_in(house.tenant.scope, {})}
    assert {link[side] for link in data["links"] for side in ("a", "b")} == members
    assert not {"decisions", "timeline", "coincidences", "orgId"} & data.keys()


async def test_only_the_topics_a_webhook_wants_are_told_and_only_while_it_is_used(
    house: House, server: MessageServer
) -> None:
    wanting = await partner(house, server, "alerts")
    await partner(house, server, "costs")
    await partner(house, server, "alerts", state=ChannelState.UNVERIFIED)
    await partner(house, server, "alerts", state=ChannelState.DISABLED)
    await happened(house, "a")

    found = await dispatched(house)

    assert [one.channel_id for one in found] == [wanting.id]


async def test_another_tenant_hears_nothing(house: House, server: MessageServer) -> None:
    await partner(house, server, "alerts")
    stranger = await open_house(house.backend)
    await partner(stranger, server, "alerts")
    await happened(stranger, "theirs")

    ours, theirs = await dispatched(house), await dispatched(stranger)

    assert ours == []
    assert len(theirs) == 1


async def test_what_is_older_than_a_day_is_not_told(house: House, server: MessageServer) -> None:
    channel = await partner(house, server, "alerts")
    await happened(house, "old")
    house.later(timedelta(hours=25))

    assert await dispatched(house) == []
    assert (await house.seen(channel)).sequence == 0


def test_ids_are_those_of_the_graph() -> None:
    assert global_id("Alert", "66b0f1c2d3e4f5a6b7c8d9e0") == node.global_id("Alert", "66b0f1c2d3e4f5a6b7c8d9e0")
