"""Messages that moto's SNS signs and delivers, and tokens whose keys are served over HTTP, against the receivers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc.jwk import KeySet

from connectors.intake.keys import Keys
from connectors.intake.receiver import Endpoint, Incoming, Refusal, Surroundings, Taken
from connectors.intake.ways import aws_sns, azure_event_grid, gcp_pubsub_push
from domain.facts.intake import IntakeWay
from domain.facts.intake_settings import SnsSettings
from tests.fakes import genuine_clouds as genuine
from tests.fakes.aws import ACCOUNT, Moto
from tests.fakes.genuine_clouds import EVENT, NOW, token_key
from tests.fakes.scripted import Answered, Asked, Scripted, scripted
from tests.fakes.sns_host import sns_host


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    with Moto().served() as account:
        account.reset()
        yield account


@contextmanager
def subscribed(moto: Moto, name: str) -> Iterator[tuple[str, Scripted]]:
    """A topic that delivers to a server here; what it gets is in its `asked`."""
    sns = moto.client("sns")
    topic = sns.create_topic(Name=name, Attributes={"SignatureVersion": "2"})["TopicArn"]
    with scripted(lambda asked: Answered("")) as here:
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"{here.url}/events/aws/1")
        yield topic, here


def as_incoming(asked: Asked) -> Incoming:
    return Incoming(
        method=asked.method,
        url="https://cloudwatcher.example.com/events/aws/1",
        headers=asked.headers,
        query={},
        body=asked.text.encode(),
    )


async def receive(asked: Asked, topic: str, authority: str, keys: Keys | None = None) -> Taken:
    endpoint = Endpoint("1", IntakeWay.AWS_SNS, SnsSettings(topic_arns=(topic,)), None, frozenset({ACCOUNT}))
    around = Surroundings(
        now=datetime.now(UTC), allow_private=True, authorities={"aws_sns": authority}, keys=keys or Keys()
    )
    return await aws_sns.RECEIVER.receive(as_incoming(asked), endpoint, around)


def publish(moto: Moto, topic: str, message: Any) -> None:
    moto.client("sns").publish(TopicArn=topic, Message=message if isinstance(message, str) else json.dumps(message))


async def test_a_message_that_sns_signed_and_delivered_is_taken(moto: Moto) -> None:
    event = {**EVENT, "account": ACCOUNT}
    with sns_host(moto) as host, subscribed(moto, "taken") as (topic, here):
        publish(moto, topic, event)
        (asked,) = here.asked

        taken = await receive(asked, topic, host.url)

    (message,) = taken.messages
    assert (message.id, message.kind, message.body) == (EVENT["id"], "eventbridge", event)
    # The certificate came from the host of SNS, at the address in the message.
    assert host.paths() == [f"GET /{asked.json['SigningCertURL'].rpartition('/')[2]}"]


async def test_what_was_changed_on_the_way_is_refused(moto: Moto) -> None:
    with sns_host(moto) as host, subscribed(moto, "changed") as (topic, here):
        publish(moto, topic, "hello")
        (asked,) = here.asked
        forged = replace(asked, text=json.dumps({**asked.json, "Message": "goodbye"}))

        with pytest.raises(Refusal) as refusal:
            await receive(forged, topic, host.url)

    assert (refusal.value.status, refusal.value.reason) == (403, "Its signature does not hold.")


async def test_a_topic_of_the_same_account_that_is_not_on_the_list_is_refused(moto: Moto) -> None:
    with sns_host(moto) as host, subscribed(moto, "other") as (topic, here):
        publish(moto, topic, "hello")
        (asked,) = here.asked

        with pytest.raises(Refusal):
            await receive(asked, f"{topic}-of-ours", host.url)

    assert host.asked == []


@contextmanager
def serving_keys(keys: list[Any]) -> Iterator[Scripted]:
    """A key server; `keys` may change while it runs."""

    def script(_: Asked) -> Answered:
        return Answered({"keys": [key.as_dict(private=False) for key in keys]})

    with scripted(script) as server:
        yield server


async def test_event_grid_is_believed_by_keys_that_its_tenant_publishes() -> None:
    incoming, endpoint, _ = genuine.azure_event_grid_with_token()
    with serving_keys([token_key("entra")]) as server:
        around = Surroundings(now=NOW, allow_private=True, authorities={"entra": server.url}, keys=Keys())

        taken = await azure_event_grid.RECEIVER.receive(incoming, endpoint, around)
        await azure_event_grid.RECEIVER.receive(incoming, endpoint, around)

    assert len(taken.messages) == 1
    assert server.paths() == [f"GET /{genuine.TENANT}/discovery/v2.0/keys"]


async def test_pubsub_is_believed_by_keys_that_google_publishes() -> None:
    incoming, endpoint, _ = genuine.gcp_pubsub_push()
    with serving_keys([token_key("google")]) as server:
        around = Surroundings(now=NOW, allow_private=True, authorities={"google": server.url}, keys=Keys())

        taken = await gcp_pubsub_push.RECEIVER.receive(incoming, endpoint, around)

    assert len(taken.messages) == 1
    assert server.paths() == ["GET /oauth2/v3/certs"]


async def test_a_flood_of_unknown_keys_asks_for_keys_once() -> None:
    _, endpoint, _ = genuine.gcp_pubsub_push()
    with serving_keys([token_key("google")]) as server:
        around = Surroundings(now=NOW, allow_private=True, authorities={"google": server.url}, keys=Keys())
        for _ in range(20):
            bearer = f"Bearer {genuine.token(genuine.google_claims(), token_key('impostor'))}"
            forged = genuine.posted("gcp", genuine.pubsub_body(), authorization=bearer)
            with pytest.raises(Refusal):
                await gcp_pubsub_push.RECEIVER.receive(forged, endpoint, around)

    assert len(server.asked) == 1


async def test_a_key_that_its_issuer_has_begun_to_use_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    incoming, endpoint, _ = genuine.gcp_pubsub_push()
    monkeypatch.setattr("connectors.identity.metadata.ANEW_SECONDS", 0.0)
    keys = [token_key("older")]
    with serving_keys(keys) as server:
        around = Surroundings(now=NOW, allow_private=True, authorities={"google": server.url}, keys=Keys())
        with pytest.raises(Refusal):
            await gcp_pubsub_push.RECEIVER.receive(incoming, endpoint, around)
        keys.append(token_key("google"))

        taken = await gcp_pubsub_push.RECEIVER.receive(incoming, endpoint, around)

    assert len(taken.messages) == 1
    assert isinstance(await around.keys.key_set(f"{server.url}/oauth2/v3/certs", True), KeySet)


async def test_both_handshakes_of_event_grid_come_to_an_end() -> None:
    validation = genuine.grid_event(
        eventType="Microsoft.EventGrid.SubscriptionValidationEvent", data={"validationCode": "512d38b6"}
    )
    incoming, endpoint, _ = genuine.azure_event_grid_with_token(body=[validation])
    asking = replace(incoming, method="OPTIONS", headers={"webhook-request-origin": "eventgrid.azure.net"}, body=b"")
    with serving_keys([token_key("entra")]) as server:
        around = Surroundings(now=NOW, allow_private=True, authorities={"entra": server.url}, keys=Keys())

        by_event = await azure_event_grid.RECEIVER.receive(incoming, endpoint, around)
        by_options = await azure_event_grid.RECEIVER.receive(asking, endpoint, around)

    assert by_event.body == {"validationResponse": "512d38b6"}
    assert by_options.headers["WebHook-Allowed-Origin"] == "eventgrid.azure.net"
