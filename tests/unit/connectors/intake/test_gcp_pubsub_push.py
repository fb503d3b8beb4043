"""What Pub/Sub pushes is taken with the token of our service account, for our subscription, and not otherwise."""

import base64
from dataclasses import replace

import pytest

from connectors.intake.receiver import Refusal
from connectors.intake.ways import gcp_pubsub_push
from tests.fakes import genuine_clouds as genuine
from tests.fakes.genuine_clouds import ADDRESS, GOOGLE_KEYS, NOW, PROJECT

receive = gcp_pubsub_push.RECEIVER.receive


async def refused(incoming, endpoint, around):
    with pytest.raises(Refusal) as refusal:
        await receive(incoming, endpoint, around)
    return refusal.value.status


async def test_a_message_is_taken_with_its_data_and_attributes():
    incident = {"incident": {"incident_id": "0.abc", "state": "open"}, "version": "1.2"}

    incoming, endpoint, around = genuine.gcp_pubsub_push()
    taken = await receive(incoming, endpoint, around)

    (message,) = taken.messages
    assert (message.id, message.kind) == ("2070443601311540", "monitoring")
    assert message.body == {
        "data": incident,
        "attributes": {},
        "messageId": "2070443601311540",
        "publishTime": "2026-11-20T11:59:58.123000+00:00",
        "subscription": genuine.PUBSUB,
    }
    assert message.sent_at == NOW.replace(hour=11, minute=59, second=58, microsecond=123_000)
    assert (taken.status, taken.is_confirmed) == (202, True)
    assert around.keys.fetched == [GOOGLE_KEYS]


@pytest.mark.parametrize(
    ("data", "attributes", "kind"),
    [
        ({"budgetDisplayName": "monthly", "costAmount": 10}, {}, "budget"),
        ({"costAmount": 10}, {"budgetId": "b1", "billingAccountId": "01AB"}, "budget"),
        ({"notificationConfigName": "n", "finding": {"category": "PUBLIC_BUCKET"}}, {}, "scc"),
        ({"protoPayload": {"methodName": "SetIamPolicy"}}, {}, "audit"),
        ({"message": "hello"}, {}, "other"),
        (["budgetDisplayName"], {"budgetId": "b1"}, "other"),
    ],
)
async def test_messages_are_told_apart_by_what_stands_in_them(data, attributes, kind):
    taken = await receive(*genuine.gcp_pubsub_push(body=genuine.pubsub_body(data, attributes=attributes)))

    (message,) = taken.messages
    assert (message.kind, message.body["data"], message.body["attributes"]) == (kind, data, attributes)


@pytest.mark.parametrize(("data", "shown"), [(b"hello", "hello"), (b"\xff", "\ufffd"), (b"", "")])
async def test_data_that_is_no_json_is_text(data, shown):
    body = genuine.pubsub_body(data=base64.b64encode(data).decode(), attributes=None)

    taken = await receive(*genuine.gcp_pubsub_push(body=body))

    assert [(one.kind, one.body["data"]) for one in taken.messages] == [("other", shown)]


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://accounts.google.com.evil.example"},
        {"iss": "https://securetoken.google.com/x"},
        {"aud": "https://another.example"},
        {"aud": ADDRESS.format(way="gcp")[:-1]},
        {"email": f"other@{PROJECT}.iam.gserviceaccount.com"},
        {"email": None},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"iat": int(NOW.timestamp()) - 3631},
        {"iat": int(NOW.timestamp()) + 31},
        {"iat": None},
        {"exp": int(NOW.timestamp()) - 30},
        {"exp": None},
        {"exp": True},
        {"exp": "2099-01-01"},
        {"nbf": int(NOW.timestamp()) + 31},
        {"nbf": "x"},
    ],
)
async def test_a_token_that_says_something_else_proves_nothing(changes):
    assert await refused(*genuine.gcp_pubsub_push(genuine.google_claims(**changes))) == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "accounts.google.com"},
        {"iat": int(NOW.timestamp()) - 3629},
        {"iat": int(NOW.timestamp()) + 29},
        {"exp": int(NOW.timestamp()) - 29},
        {"nbf": int(NOW.timestamp())},
    ],
)
async def test_both_spellings_of_the_issuer_and_clocks_that_differ_a_little_are_taken(changes):
    assert len((await receive(*genuine.gcp_pubsub_push(genuine.google_claims(**changes)))).messages) == 1


async def test_the_audience_may_be_one_of_the_settings():
    incoming, endpoint, around = genuine.gcp_pubsub_push(genuine.google_claims(aud="cloudwatcher"))
    settings = endpoint.settings.model_copy(update={"audience": "cloudwatcher"})

    taken = await receive(incoming, replace(endpoint, settings=settings), around)

    assert len(taken.messages) == 1


async def test_what_stands_behind_the_address_does_not_change_the_audience():
    incoming, endpoint, around = genuine.gcp_pubsub_push()

    taken = await receive(replace(incoming, url=f"{incoming.url}?x=1"), endpoint, around)

    assert len(taken.messages) == 1


@pytest.mark.parametrize(
    "subscription", ["projects/other/subscriptions/cloudwatcher", f"{genuine.PUBSUB}2", "", None, 5]
)
async def test_other_subscriptions_are_refused(subscription):
    body = {**genuine.pubsub_body(), "subscription": subscription}

    assert await refused(*genuine.gcp_pubsub_push(body=body)) in (400, 403)


@pytest.mark.parametrize("subscription", [genuine.PUBSUB, "cloudwatcher", "projects//subscriptions/x", "a/b/c/d"])
async def test_a_subscription_of_a_project_that_is_not_connected_is_refused(subscription):
    incoming, endpoint, around = genuine.gcp_pubsub_push(body={**genuine.pubsub_body(), "subscription": subscription})
    settings = endpoint.settings.model_copy(update={"subscription": subscription})

    assert await refused(incoming, replace(endpoint, settings=settings, accounts=frozenset({"another"})), around) == 403


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"data": "not base64!"}, 400),
        ({"data": 5}, 400),
        ({"data": "A" * 1_400_000}, 413),
        ({"attributes": ["x"]}, 400),
        ({"attributes": {"x": 5}}, 400),
        ({"messageId": ""}, 400),
        ({"messageId": 7}, 400),
        ({"publishTime": "now"}, 400),
        ({"publishTime": "2026-10-19T00:00:00Z"}, 403),
        ({"publishTime": "2026-11-21T00:00:00Z"}, 403),
    ],
)
async def test_a_message_that_is_none_is_refused(changes, status):
    assert await refused(*genuine.gcp_pubsub_push(body=genuine.pubsub_body(**changes))) == status


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"subscription": "%s"}' % genuine.PUBSUB.encode()])
async def test_what_is_no_envelope_is_refused(content):
    incoming, endpoint, around = genuine.gcp_pubsub_push()

    assert await refused(replace(incoming, body=content), endpoint, around) == 400


async def test_events_are_posted():
    incoming, endpoint, around = genuine.gcp_pubsub_push()

    assert await refused(replace(incoming, method="GET"), endpoint, around) == 405


async def test_nothing_is_read_without_a_token():
    incoming, endpoint, around = genuine.gcp_pubsub_push()

    assert await refused(replace(incoming, headers={}, body=b"{"), endpoint, around) == 401
