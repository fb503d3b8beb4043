"""What Event Grid posts is taken with the right token or secret and of a connected subscription, and not otherwise."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from joserfc.jwk import KeySet
from pydantic import SecretStr, ValidationError

from connectors.intake.receiver import Refusal
from connectors.intake.ways import azure_event_grid
from domain.errors import Unavailable
from domain.facts.intake_settings import EventGridSettings
from tests.fakes import genuine_clouds as genuine
from tests.fakes.genuine_clouds import AUDIENCE, ENTRA_KEYS, NOW, SECRET, SUBSCRIPTION, TENANT, token_key

receive = azure_event_grid.RECEIVER.receive


async def refused(incoming, endpoint, around):
    with pytest.raises(Refusal) as refusal:
        await receive(incoming, endpoint, around)
    return refusal.value.status


async def test_events_of_its_own_schema_are_taken():
    taken = await receive(*genuine.azure_event_grid())

    (message,) = taken.messages
    assert (message.id, message.kind) == ("831e1650-001e-001b-66ab-eeb76e069631", "event_grid")
    assert message.body == genuine.grid_event()
    assert message.sent_at == NOW.replace(hour=11, minute=59, second=55, microsecond=123_000)
    assert (taken.status, taken.is_confirmed) == (202, True)


@pytest.mark.parametrize("is_alone", [True, False])
async def test_events_of_the_schema_of_cloud_events_are_taken(is_alone):
    event = genuine.cloud_event()

    taken = await receive(*genuine.azure_event_grid(event if is_alone else [event]))

    assert [(message.kind, message.body) for message in taken.messages] == [("cloud_event", event)]


async def test_a_batch_is_taken_as_a_whole():
    batch = [genuine.cloud_event(id="a"), genuine.grid_event(id="b")]

    taken = await receive(*genuine.azure_event_grid(batch))

    assert [message.id for message in taken.messages] == ["a", "b"]


@pytest.mark.parametrize("event", [genuine.grid_event, genuine.cloud_event])
@pytest.mark.parametrize(
    "topic",
    [
        f"/subscriptions/{SUBSCRIPTION[:-1]}6",
        f"/subscriptions/{SUBSCRIPTION}0",
        f"/other/subscriptions/{SUBSCRIPTION}",
        f"https://evil.example/subscriptions/{SUBSCRIPTION}",
        "/subscriptions/",
        SUBSCRIPTION,
    ],
)
async def test_one_event_of_another_subscription_has_all_refused(event, topic):
    stranger = event(topic=topic) if event is genuine.grid_event else event(source=topic)

    assert await refused(*genuine.azure_event_grid([event(), stranger])) == 403


async def test_what_is_in_a_subscription_belongs_to_it_however_it_is_written():
    topic = f"/Subscriptions/{SUBSCRIPTION.upper()}/resourceGroups/prod"

    taken = await receive(*genuine.azure_event_grid([genuine.grid_event(topic=topic)]))

    assert len(taken.messages) == 1


@pytest.mark.parametrize(
    "given", ["", "wrong", SECRET[:-1], f"{SECRET}x", SECRET.upper(), "\udcff", f"{SECRET}é"], ids=ascii
)
async def test_another_secret_proves_nothing(given):
    incoming, endpoint, around = genuine.azure_event_grid()
    headers = {**incoming.headers, "x-cloudwatcher-secret": given}

    assert await refused(replace(incoming, headers=headers), endpoint, around) == 401
    del headers["x-cloudwatcher-secret"]
    assert await refused(replace(incoming, headers=headers, query={"secret": given}), endpoint, around) == 401


async def test_the_secret_may_stand_in_the_address():
    incoming, endpoint, around = genuine.azure_event_grid()

    taken = await receive(replace(incoming, headers={}, query={"secret": SECRET}), endpoint, around)

    assert len(taken.messages) == 1


@pytest.mark.parametrize("secret", [None, SecretStr("")])
async def test_an_endpoint_without_a_secret_takes_nothing(secret):
    incoming, endpoint, around = genuine.azure_event_grid()
    headers = {"x-cloudwatcher-secret": ""}

    assert await refused(replace(incoming, headers=headers), replace(endpoint, secret=secret), around) == 401


def validation(**changes):
    code = {"validationCode": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6", "validationUrl": "https://evil.example"}
    return genuine.grid_event(eventType="Microsoft.EventGrid.SubscriptionValidationEvent", **{"data": code, **changes})


async def test_the_handshake_of_its_own_schema_is_answered_with_the_code():
    taken = await receive(*genuine.azure_event_grid([validation()]))

    assert (taken.status, taken.body) == (200, {"validationResponse": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"})
    assert (taken.messages, taken.is_confirmed) == ((), True)


async def test_the_handshake_asks_for_the_same_proof():
    incoming, endpoint, around = genuine.azure_event_grid([validation()])
    stranger = genuine.azure_event_grid([validation(topic="/subscriptions/another")])

    assert await refused(replace(incoming, headers={}), endpoint, around) == 401
    assert await refused(*stranger) == 403


@pytest.mark.parametrize(
    "body",
    [[validation(), genuine.grid_event()], [validation(data={})], [validation(data="x")], [validation(data=None)]],
)
async def test_a_handshake_comes_alone_and_with_a_code(body):
    assert await refused(*genuine.azure_event_grid(body)) == 400


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [("120", "120"), ("100000", "1000"), ("*", "1000"), ("", "1000"), ("0", "1"), ("-5", "1000"), ("9" * 5000, "1000")],
)
async def test_the_handshake_of_cloud_events_names_origin_and_rate(asked, allowed):
    incoming, endpoint, around = genuine.azure_event_grid()
    headers = {"webhook-request-origin": "eventgrid.azure.net", "webhook-request-rate": asked}

    taken = await receive(replace(incoming, method="OPTIONS", headers=headers, body=b""), endpoint, around)

    assert (taken.status, taken.messages, taken.is_confirmed) == (200, (), False)
    assert taken.headers == {"WebHook-Allowed-Origin": "eventgrid.azure.net", "WebHook-Allowed-Rate": allowed}


@pytest.mark.parametrize("origin", ["evil.example", "eventgrid.azure.net.evil.example", "*", ""])
async def test_nobody_else_is_allowed_to_send(origin):
    incoming, endpoint, around = genuine.azure_event_grid()
    asking = replace(incoming, method="OPTIONS", headers={"webhook-request-origin": origin})

    assert await refused(asking, endpoint, around) == 403


async def test_events_are_posted():
    incoming, endpoint, around = genuine.azure_event_grid()

    assert await refused(replace(incoming, method="PUT"), endpoint, around) == 405


async def test_the_end_of_a_subscription_is_noted():
    event = genuine.grid_event(eventType="Microsoft.EventGrid.SubscriptionDeletedEvent")

    taken = await receive(*genuine.azure_event_grid([event]))

    assert [message.body for message in taken.messages] == [event]


@pytest.mark.parametrize(
    "body",
    [
        [[]],
        ["x"],
        "x",
        5,
        [{}],
        [genuine.grid_event(id=None)],
        [genuine.grid_event(id=5)],
        [genuine.grid_event(id="x" * 257)],
        [genuine.grid_event(eventType=None)],
        [genuine.grid_event(eventTime="now")],
        [genuine.cloud_event(specversion="0.3")],
        [genuine.cloud_event(specversion=None)],
    ],
)
async def test_what_is_no_event_is_refused(body):
    assert await refused(*genuine.azure_event_grid(body)) == 400


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff"])
async def test_what_is_no_list_of_events_is_refused(content):
    incoming, endpoint, around = genuine.azure_event_grid()

    assert await refused(replace(incoming, body=content), endpoint, around) == 400


async def test_events_are_of_the_last_two_days():
    incoming, endpoint, around = genuine.azure_event_grid([genuine.grid_event(eventTime="2026-11-18T12:00:00Z")])

    assert len((await receive(incoming, endpoint, around)).messages) == 1
    later = replace(around, now=NOW + timedelta(milliseconds=1))
    assert await refused(incoming, endpoint, later) == 403
    earlier = replace(around, now=NOW - timedelta(days=2, minutes=5, milliseconds=1))
    assert await refused(incoming, endpoint, earlier) == 403


V2 = {"iss": f"https://login.microsoftonline.com/{TENANT}/v2.0", "appid": None, "azp": genuine.EVENT_GRID_APP}


@pytest.mark.parametrize("changes", [{}, V2, {"tid": None}])
async def test_tokens_of_both_versions_are_taken(changes):
    taken = await receive(*genuine.azure_event_grid_with_token(genuine.entra_claims(**changes)))

    assert len(taken.messages) == 1


OTHER_TENANT = "22222222-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"iss": f"https://sts.windows.net/{OTHER_TENANT}/"}, 401),
        ({"iss": f"https://login.microsoftonline.com/{OTHER_TENANT}/v2.0"}, 401),
        ({"iss": "https://sts.windows.net/common/"}, 401),
        ({"iss": None}, 401),
        ({"iss": ["x"]}, 401),
        ({"tid": OTHER_TENANT}, 401),
        ({"aud": "api://another"}, 401),
        ({"aud": [AUDIENCE, "api://another"]}, 401),
        ({"aud": None}, 401),
        ({"appid": OTHER_TENANT}, 401),
        ({"appid": None}, 401),
        ({"appid": OTHER_TENANT, "azp": genuine.EVENT_GRID_APP}, 401),
        ({"roles": []}, 403),
        ({"roles": None}, 403),
        ({"roles": "AzureEventGridSecureWebhookSubscriber"}, 403),
    ],
)
async def test_a_token_that_says_something_else_proves_nothing(changes, status):
    assert await refused(*genuine.azure_event_grid_with_token(genuine.entra_claims(**changes))) == status


async def test_where_a_token_is_asked_for_a_secret_is_not_enough():
    incoming, endpoint, around = genuine.azure_event_grid_with_token()
    with_secret = replace(incoming, headers={"x-cloudwatcher-secret": SECRET})

    assert await refused(with_secret, replace(endpoint, secret=SecretStr(SECRET)), around) == 401


async def test_keys_are_those_of_the_tenant_in_the_settings():
    incoming, endpoint, around = genuine.azure_event_grid_with_token()

    await receive(incoming, endpoint, around)

    assert around.keys.fetched == [ENTRA_KEYS]


async def test_a_key_that_is_not_known_yet_is_looked_for_once_more_and_no_more():
    incoming, endpoint, around = genuine.azure_event_grid_with_token()
    around.keys.held = {ENTRA_KEYS: KeySet([token_key("another")])}

    assert await refused(incoming, endpoint, around) == 401
    assert around.keys.fetched == [ENTRA_KEYS, ENTRA_KEYS]


async def test_while_keys_cannot_be_had_nothing_is_said_of_the_event():
    incoming, endpoint, around = genuine.azure_event_grid_with_token()
    around.keys.held = {}

    with pytest.raises(Unavailable):
        await receive(incoming, endpoint, around)


@pytest.mark.parametrize("tenant", ["common", "../evil", f"{TENANT}/../x", "", f"{TENANT}\n.evil"])
def test_a_tenant_is_named_by_its_id(tenant):
    with pytest.raises(ValidationError):
        EventGridSettings(tenant_id=tenant, audience=AUDIENCE)


async def test_no_secret_is_shown():
    incoming, endpoint, around = genuine.azure_event_grid()

    assert SECRET not in repr(replace(incoming, query={"secret": SECRET}, headers={})) + repr(endpoint)
    with pytest.raises(Refusal) as refusal:
        await receive(replace(incoming, headers={"x-cloudwatcher-secret": f"{SECRET}x"}), endpoint, around)
    assert SECRET not in json.dumps([refusal.value.reason, str(refusal.value)])
