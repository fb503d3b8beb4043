"""What is read of a Slack workspace. Source: the Slack Web API reference."""

from collections.abc import Mapping
from typing import Any

from connectors.reading.listing import Detail, Item, Listing, Operation, Place, at, first
from connectors.systems.slack import source
from domain.facts.resource import Resource, ResourceKind

PAGE_SIZE = 200
# What controls compare of a person: the address with the directory's. Telephone numbers and pictures stay there.
PROFILE = ("email", "real_name", "display_name")


def method(name: str, *scopes: str, **more: Any) -> Operation:
    return Operation(name=name, service=name, permissions=scopes, request=f"GET /{name}", **more)


def slim(answer: Any) -> Any:
    """Members with no more of their profile than PROFILE."""
    members = [
        {**member, "profile": {key: member["profile"][key] for key in PROFILE if key in (member.get("profile") or {})}}
        for member in answer.get("members") or []
    ]
    return {**answer, "members": members}


def parse_user(item: Item, _: Mapping[str, Any], __: Place) -> Resource:
    """A person or bot by id."""
    name = item.get("real_name") or item.get("name") or item["id"]
    return Resource(kind=ResourceKind.SLACK_USER, native_id=item["id"], name=name, config=item)


def parse_channel(item: Item, details: Mapping[str, Any], _: Place) -> Resource:
    """A channel by id, without its topic, purpose and last message."""
    kept = {key: value for key, value in item.items() if key.startswith("is_") or key in ("id", "name", "created")}
    return Resource(
        kind=ResourceKind.SLACK_CHANNEL,
        native_id=item["id"],
        name=item.get("name") or item["id"],
        config={**kept, **details},
    )


def parse_team(item: Item, _: Mapping[str, Any], __: Place) -> Resource:
    return Resource(
        kind=ResourceKind.SLACK_WORKSPACE, native_id=item["id"], name=item.get("name") or item["id"], config=item
    )


LISTINGS = (
    # That the token is valid.
    Listing(operation=source.TEST, items=lambda answer: [answer]),
    Listing(
        operation=method("team.info", "team:read"),
        items=lambda answer: [answer["team"]],
        kind=ResourceKind.SLACK_WORKSPACE,
        parse=parse_team,
    ),
    Listing(
        operation=method("users.list", "users:read", "users:read.email", hidden=slim),
        items=at("members"),
        kind=ResourceKind.SLACK_USER,
        parse=parse_user,
        arguments=lambda _: {"limit": PAGE_SIZE},
    ),
    Listing(
        operation=method("conversations.list", "channels:read"),
        items=at("channels"),
        kind=ResourceKind.SLACK_CHANNEL,
        parse=parse_channel,
        arguments=lambda _: {"limit": PAGE_SIZE, "types": "public_channel", "exclude_archived": "false"},
        details=(
            # Only where CloudWatcher was invited, which is where it may be told to write.
            Detail(
                key="is_archived_now",
                operation=method("conversations.info", "channels:read"),
                arguments=lambda item, _: {"channel": item["id"]},
                pick=first("channel.is_archived"),
                applies=lambda item: bool(item.get("is_member")),
            ),
        ),
    ),
    Listing(
        operation=method("team.integrationLogs", "admin", plan="a paid plan of Slack", options={"is_numbered": True}),
        items=at("logs"),
        arguments=lambda _: {"count": 100},
        is_window=True,
    ),
)
