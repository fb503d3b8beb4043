"""Channels over the graph: made, tested, changed, switched, replayed; secrets shown once or never."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

import documents
from app.wiring import Backend
from documents import Role
from documents.base import utc_now
from domain.facts.notice import NoticeKind
from schema.node import global_id
from tests.factories.graph import Graph, messages, socket, subscribe
from tests.factories.notices import make_notice
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.fakes.message_server import MessageServer, Ordered, message_server
from tests.integration.channel_house import House, open_house

CHANNEL = "id name kind shown state problem version topics templates { kind text } quiet { hours { zone begins } }"
DELIVERY = "id state tries answer problem sequence kind channel { name }"


def change(name: str, success: str) -> str:
    kind = f"{name[0].upper()}{name[1:]}"
    input = "Channel" if name in ("deleteChannel", "disableChannel", "enableChannel") else kind
    return f"""mutation($input: {input}Input!) {{ {name}(input: $input) {{ __typename
      ... on {kind}Success {{ {success} }}
      ... on UserError {{ message path code }} }} }}"""


ISSUED = {"createChannel": "created", "rotateWebhookSecret": "rotated"}
DELIVERED = {"testChannel", "replayDelivery"}


async def done(graph: Graph, tenant: Tenant, mutation: str, /, **input: Any) -> dict[str, Any]:
    """The payload of a mutation."""
    success = f"channel {{ {CHANNEL} }}"
    if mutation in ISSUED:
        success = f"{ISSUED[mutation]} {{ secret channel {{ {CHANNEL} }} }}"
    if mutation in DELIVERED:
        success = f"delivery {{ {DELIVERY} }}"
    answer = await graph.ask(change(mutation, success), tenant.token, input=input)
    payload: dict[str, Any] = answer[mutation]
    return payload


@pytest.fixture
def server() -> Iterator[MessageServer]:
    with message_server() as running:
        yield running


@pytest.fixture
async def house(backend: Backend) -> House:
    return await open_house(backend)


async def webhook(graph: Graph, house: House, server: MessageServer, **more: Any) -> dict[str, Any]:
    settings = {"webhook": {"url": f"{server.url}/in"}}
    payload = await done(graph, house.tenant, "createChannel", name="Partner", settings=settings, **more)
    created: dict[str, Any] = payload["created"]
    return created


def local(id: str) -> str:
    return base64.b64decode(id + "==").decode().partition(":")[2]


async def test_a_channel_is_used_once_a_test_message_has_reached_it(
    graph: Graph, house: House, server: MessageServer
) -> None:
    created = await webhook(graph, house, server)
    id = created["channel"]["id"]

    tested = await done(graph, house.tenant, "testChannel", channelId=id)
    await house.run(local(tested["delivery"]["id"]))
    query = f"query($id: ID!) {{ node(id: $id) {{ ... on Delivery {{ {DELIVERY} channel {{ state }} }} }} }}"
    node = (await graph.ask(query, house.tenant.token, id=tested["delivery"]["id"]))["node"]

    assert created["channel"]["state"] == "UNVERIFIED"
    assert tested["delivery"]["state"] == "WAITING"
    assert (node["state"], node["tries"], node["channel"]["state"]) == ("SENT", 1, "VERIFIED")
    assert server.got[0].json["type"] == "NoticeTest"


async def test_a_test_that_fails_says_why_and_the_channel_stays_unused(
    graph: Graph, house: House, server: MessageServer
) -> None:
    server.usual = Ordered(410)
    id = (await webhook(graph, house, server))["channel"]["id"]

    tested = await done(graph, house.tenant, "testChannel", channelId=id)
    await house.run(local(tested["delivery"]["id"]))
    query = f"{{ channels {{ nodes {{ {CHANNEL} }} }} deliveries(states: [FAILED]) {{ nodes {{ {DELIVERY} }} }} }}"
    seen = await graph.ask(query, house.tenant.token)

    (channel,) = seen["channels"]["nodes"]
    assert channel["state"] == "UNVERIFIED"
    assert "410" in channel["problem"]
    (delivery,) = seen["deliveries"]["nodes"]
    assert "410" in delivery["problem"]


async def test_the_secret_of_a_webhook_is_shown_once_and_read_nowhere(
    graph: Graph, house: House, server: MessageServer
) -> None:
    created = await webhook(graph, house, server, idempotencyKey="made-once")
    again = await done(
        graph,
        house.tenant,
        "createChannel",
        name="Partner",
        settings={"webhook": {"url": f"{server.url}/in"}},
        idempotencyKey="made-once",
    )

    assert len(created["secret"]) == 43  # 256 bits in base64
    assert again["__typename"] == "ConflictError"
    rows = await documents.Channel.rows().find({"org_id": house.org_id}).to_list()
    audit = await documents.AuditEntry.rows().find({"org_id": house.org_id}).to_list()
    events = await documents.Event.rows().find({"org_id": house.org_id}).to_list()
    assert created["secret"] not in f"{rows} {audit} {events}"
    assert "'settings'" not in str(events)


async def test_a_rotated_secret_signs_beside_the_old_one_for_a_day(
    graph: Graph, house: House, server: MessageServer
) -> None:
    created = await webhook(graph, house, server)
    id = created["channel"]["id"]

    rotated = (await done(graph, house.tenant, "rotateWebhookSecret", channelId=id))["rotated"]
    for _ in range(2):
        tested = await done(graph, house.tenant, "testChannel", channelId=id)
        await house.run(local(tested["delivery"]["id"]))
        house.later(timedelta(hours=25))

    assert rotated["secret"] != created["secret"]
    first, second = (one.headers["cloudwatcher-signature"].split(",") for one in server.got)
    assert (len(first), len(second)) == (2, 1)


async def test_other_settings_take_another_test_and_a_webhook_keeps_its_secret(
    graph: Graph, house: House, server: MessageServer
) -> None:
    created = await webhook(graph, house, server)
    id = created["channel"]["id"]
    tested = await done(graph, house.tenant, "testChannel", channelId=id)
    await house.run(local(tested["delivery"]["id"]))

    settings = {"webhook": {"url": f"{server.url}/other"}}
    changed = await done(graph, house.tenant, "updateChannel", channelId=id, settings=settings)
    tested = await done(graph, house.tenant, "testChannel", channelId=id)
    await house.run(local(tested["delivery"]["id"]))

    assert changed["channel"]["state"] == "UNVERIFIED"
    assert [one.path for one in server.got] == ["/in", "/other"]
    got = server.got[1]
    text = got.headers["cloudwatcher-timestamp"].encode() + b"." + got.body
    mac = hmac.new(created["secret"].encode(), text, hashlib.sha256).hexdigest()
    assert got.headers["cloudwatcher-signature"] == f"v1={mac}"


async def test_a_name_alone_changes_nothing_about_being_verified_and_versions_are_held(
    graph: Graph, house: House, server: MessageServer
) -> None:
    created = await webhook(graph, house, server)
    id = created["channel"]["id"]
    tested = await done(graph, house.tenant, "testChannel", channelId=id)
    await house.run(local(tested["delivery"]["id"]))

    changed = await done(graph, house.tenant, "updateChannel", channelId=id, name="New", expectedVersion=1)
    stale = await done(graph, house.tenant, "updateChannel", channelId=id, name="Newer", expectedVersion=1)
    nothing = await done(graph, house.tenant, "updateChannel", channelId=id)

    assert (changed["channel"]["name"], changed["channel"]["state"]) == ("New", "VERIFIED")
    assert stale["__typename"] == "ConflictError"
    assert nothing["__typename"] == "ValidationError"


async def test_two_channels_of_one_name_are_refused(graph: Graph, house: House, server: MessageServer) -> None:
    await webhook(graph, house, server)
    settings = {"email": {"addresses": ["on-call@example.com"]}}
    other = await done(graph, house.tenant, "createChannel", name="Other", settings=settings)

    same = await done(graph, house.tenant, "createChannel", name="Partner", settings=settings)
    renamed = await done(
        graph, house.tenant, "updateChannel", channelId=other["created"]["channel"]["id"], name="Partner"
    )

    assert other["created"]["secret"] is None
    assert (same["__typename"], renamed["__typename"]) == ("ConflictError", "ConflictError")


@pytest.mark.parametrize(
    ("input", "path"),
    [
        ({"settings": {"teams": {"url": "https://example.com/no-signature"}}}, "url"),
        ({"settings": {"email": {"addresses": ["nobody"]}}}, None),
        ({"settings": {"slackBot": {"token": "xoxp-not-a-bot", "channel": "#a"}}}, None),
        ({"settings": {"webhook": {"url": "http://169.254.169.254/"}}}, "url"),
        ({"settings": {"email": {"addresses": ["a@example.com"]}}, "topics": ["ALERTS"]}, "topics"),
        (
            {
                "settings": {"email": {"addresses": ["a@example.com"]}},
                "quiet": {"hours": [{"begins": "22:00", "ends": "06:00", "zone": "Nowhere/Town"}]},
            },
            "zone",
        ),
    ],
)
async def test_what_cannot_work_is_refused_with_its_field(
    graph: Graph, house: House, input: dict[str, Any], path: str | None
) -> None:
    answer = await done(graph, house.tenant, "createChannel", name="x", **input)

    assert answer["__typename"] == "ValidationError"
    assert path is None or answer["path"][-1] == path
    assert "xoxp" not in answer["message"]


async def test_hours_that_never_end_are_refused_with_their_field(
    graph: Graph, house: House, server: MessageServer
) -> None:
    always = {"hours": [{"begins": "00:00", "ends": "00:00"}]}
    id = (await webhook(graph, house, server))["channel"]["id"]

    created = await done(
        graph,
        house.tenant,
        "createChannel",
        name="Never",
        settings={"email": {"addresses": ["a@example.com"]}},
        quiet=always,
    )
    updated = await done(graph, house.tenant, "updateChannel", channelId=id, quiet=always)

    refused = {
        "__typename": "ValidationError",
        "message": "These hours never end: switch the channel off instead.",
        "path": ["input", "quiet", "hours"],
        "code": "BAD_USER_INPUT",
    }
    assert (created, updated) == (refused, refused)
    channels = (await graph.ask(f"{{ channels {{ nodes {{ {CHANNEL} }} }} }}", house.tenant.token))["channels"]
    assert [(one["name"], one["quiet"]) for one in channels["nodes"]] == [("Partner", None)]


async def test_quiet_hours_and_words_of_ones_own_are_kept_and_taken_away(
    graph: Graph, house: House, server: MessageServer
) -> None:
    quiet = {"hours": [{"begins": "22:00", "ends": "06:00", "zone": "Europe/Berlin"}]}
    id = (await webhook(graph, house, server, quiet=quiet))["channel"]["id"]

    words = [{"kind": "RAISED", "text": "{{ title }}"}, {"kind": "RESOLVED", "text": "{{ message }}"}]
    kept = await done(graph, house.tenant, "updateChannel", channelId=id, templates=words)
    none = [{"kind": "RAISED", "text": None}]
    fewer = await done(graph, house.tenant, "updateChannel", channelId=id, templates=none, quiet={"hours": []})
    bad = [{"kind": "RAISED", "text": "{{ 2 ** 99 }}"}]
    refused = await done(graph, house.tenant, "updateChannel", channelId=id, templates=bad)

    assert kept["channel"]["quiet"] == {"hours": [{"zone": "Europe/Berlin", "begins": "22:00"}]}
    assert [one["kind"] for one in kept["channel"]["templates"]] == ["RAISED", "RESOLVED"]
    assert [one["kind"] for one in fewer["channel"]["templates"]] == ["RESOLVED"]
    assert fewer["channel"]["quiet"] is None
    assert refused["path"] == ["input", "templates", "0", "text"]


async def test_a_template_is_tried_without_storing_it(graph: Graph, house: House) -> None:
    query = "query($text: String!) { previewTemplate(kind: RAISED, text: $text) { text problem } }"

    good = (await graph.ask(query, house.tenant.token, text="{{ title | upper }}"))["previewTemplate"]
    bad = (await graph.ask(query, house.tenant.token, text="{{ nothing }}"))["previewTemplate"]

    assert good == {"text": "TRAIL IS STOPPED: EXAMPLE-TRAIL", "problem": None}
    assert bad["text"] is None
    assert "nothing" in bad["problem"]


async def test_a_channel_is_switched_off_and_on_and_deleted(graph: Graph, house: House, server: MessageServer) -> None:
    id = (await webhook(graph, house, server))["channel"]["id"]
    tested = await done(graph, house.tenant, "testChannel", channelId=id)
    await house.run(local(tested["delivery"]["id"]))

    off = await done(graph, house.tenant, "disableChannel", channelId=id)
    refused = await done(graph, house.tenant, "testChannel", channelId=id)
    on = await done(graph, house.tenant, "enableChannel", channelId=id)
    twice = await done(graph, house.tenant, "enableChannel", channelId=id)
    gone = await done(graph, house.tenant, "deleteChannel", channelId=id)
    left = await graph.ask(
        f"{{ channels {{ nodes {{ id }} }} deliveries {{ nodes {{ {DELIVERY} }} }} }}", house.tenant.token
    )

    assert (off["channel"]["state"], on["channel"]["state"]) == ("DISABLED", "VERIFIED")
    assert (refused["__typename"], twice["__typename"]) == ("ConflictError", "ConflictError")
    assert gone["__typename"] == "DeleteChannelSuccess"
    assert left["channels"]["nodes"] == []
    assert [one["channel"] for one in left["deliveries"]["nodes"]] == [None]


async def test_an_untested_channel_that_is_switched_on_is_still_unused(
    graph: Graph, house: House, server: MessageServer
) -> None:
    id = (await webhook(graph, house, server))["channel"]["id"]
    await done(graph, house.tenant, "disableChannel", channelId=id)

    on = await done(graph, house.tenant, "enableChannel", channelId=id)

    assert on["channel"]["state"] == "UNVERIFIED"


async def test_a_message_is_delivered_once_more_with_the_id_it_had(
    graph: Graph, house: House, server: MessageServer
) -> None:
    id = (await webhook(graph, house, server))["channel"]["id"]
    tested = await done(graph, house.tenant, "testChannel", channelId=id)
    delivery_id = tested["delivery"]["id"]

    early = await done(graph, house.tenant, "replayDelivery", deliveryId=delivery_id)
    await house.run(local(delivery_id))
    again = await done(graph, house.tenant, "replayDelivery", deliveryId=delivery_id)
    await house.run(local(delivery_id))

    assert early["__typename"] == "ConflictError"
    assert again["delivery"]["state"] == "WAITING"
    first, second = server.got
    assert first.headers["cloudwatcher-id"] == second.headers["cloudwatcher-id"]
    assert first.body == second.body


async def test_a_webhook_is_replayed_from_a_number_on(graph: Graph, house: House, server: MessageServer) -> None:
    id = (await webhook(graph, house, server))["channel"]["id"]
    ids = []
    for _ in range(3):
        tested = await done(graph, house.tenant, "testChannel", channelId=id)
        ids.append(local(tested["delivery"]["id"]))
        await house.run(ids[-1])

    await done(graph, house.tenant, "replayWebhook", channelId=id, fromSequence=2)

    states = [(await house.delivery(one)).state.value for one in ids]
    assert states == ["SENT", "WAITING", "WAITING"]
    assert [(await house.delivery(one)).sequence for one in ids] == [1, 2, 3]


async def test_what_happens_to_a_channel_is_followed_live(
    graph: Graph, house: House, server: MessageServer, address: str
) -> None:
    query = "subscription { channelChanged { __typename ... on ChannelChanged { isDeleted channel { name state } } } }"
    created = await webhook(graph, house, server)
    id = created["channel"]["id"]
    stranger = await make_tenant(house.backend)

    async with socket(address, house.tenant.token) as ours, socket(address, stranger.token) as theirs:
        await subscribe(ours, query)
        await subscribe(theirs, query)
        feed = messages(ours)
        told = []
        tested = await done(graph, house.tenant, "testChannel", channelId=id)
        await house.run(local(tested["delivery"]["id"]))
        await done(graph, house.tenant, "deleteChannel", channelId=id)
        while len(told) < 2:
            told.append((await anext(feed))["payload"]["data"]["channelChanged"])
        await webhook(graph, replace_tenant(house, stranger), server)
        other = await anext(messages(theirs))

    assert [(one["channel"]["state"], one["isDeleted"]) for one in told] == [("VERIFIED", False), ("VERIFIED", True)]
    assert other["payload"]["data"]["channelChanged"]["channel"] == {"name": "Partner", "state": "UNVERIFIED"}


def replace_tenant(house: House, tenant: Tenant) -> House:
    return House(house.backend, tenant, house.context)


async def test_members_see_channels_and_do_not_change_them_and_strangers_see_nothing(
    graph: Graph, house: House, server: MessageServer
) -> None:
    id = (await webhook(graph, house, server))["channel"]["id"]
    member = await add_member(house.backend, house.tenant.organization, Role.USER)
    stranger = await make_tenant(house.backend)

    seen = await graph.ask("{ channels { nodes { id } } }", member.token)
    (refused,) = await graph.refused(change("deleteChannel", "channel { id }"), member.token, input={"channelId": id})
    unseen = await done(graph, stranger, "deleteChannel", channelId=id)

    assert seen["channels"]["nodes"] == [{"id": id}]
    assert refused["extensions"]["code"] == "FORBIDDEN"
    assert unseen["__typename"] == "NotFoundError"


async def test_the_log_tells_the_newest_first_and_of_one_channel(
    graph: Graph, house: House, server: MessageServer
) -> None:
    id = (await webhook(graph, house, server))["channel"]["id"]
    channel = await documents.Channel.get_in(house.tenant.scope, local(id))
    await house.ask(channel, make_notice(title="first"), "1")
    await house.ask(channel, make_notice(NoticeKind.RESOLVED, title="second"), "2")
    await documents.Delivery.rows().update_one(
        {"org_id": house.org_id, "key": "2"}, {"$set": {"created_at": utc_now() + timedelta(seconds=1)}}
    )
    query = "query($id: ID!) { deliveries(channelId: $id) { nodes { title } } }"

    nodes = (await graph.ask(query, house.tenant.token, id=id))["deliveries"]["nodes"]
    (missing,) = await graph.refused(query, house.tenant.token, id=global_id("Channel", ObjectId()))

    assert [node["title"] for node in nodes] == ["second", "first"]
    assert missing["extensions"]["code"] == "NOT_FOUND"
