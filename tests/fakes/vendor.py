"""A made-up vendor behind a real HTTP server: two lists, one detail, a plan, and accounts under an account."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.reading.listing import Answer, Arguments, Detail, Item, Listing, Operation, Place, at
from connectors.reading.source import Identity, Member, Reach, Registration, Source
from connectors.rest.client import RestClient, Vendor, open_http, translate
from connectors.rest.paging import one_page
from domain.facts.credentials import DigitalOceanCredentials
from domain.facts.provider import Provider
from domain.facts.resource import Resource, ResourceKind
from tests.fakes.scripted import Answered, Asked

DROPLETS = Operation(name="GET /v2/droplets", service="droplets", permissions=("droplet:read",))
BACKUPS = Operation(name="GET /v2/droplets/{id}/backups", service="droplets", permissions=("image:read",))
VOLUMES = Operation(name="GET /v2/volumes", service="volumes", permissions=("block_storage:read",))
POSTURE = Operation(
    name="GET /v2/posture",
    service="security",
    permissions=("security:read",),
    plan="Posture Management",
    off=frozenset({"402"}),
)
MEMBERS = Operation(name="GET /v2/members", service="account", permissions=("account:read",))
NOW = datetime(2026, 11, 26, tzinfo=UTC)
WHO = Operation(name="GET /v2/account", service="account", permissions=("account:read",))


def _parse(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    return Resource(
        kind=ResourceKind.DIGITALOCEAN_DROPLET, native_id=str(item["id"]), name=item["name"], config=dict(details)
    )


LISTINGS = (
    Listing(
        operation=DROPLETS,
        items=at("droplets"),
        kind=ResourceKind.DIGITALOCEAN_DROPLET,
        parse=_parse,
        details=(Detail(key="backups", operation=BACKUPS, arguments=lambda item, _: {"id": item["id"]}),),
    ),
    Listing(operation=VOLUMES, items=at("volumes")),
    Listing(operation=POSTURE, items=at("findings")),
)


class _Source:
    def __init__(self, client: RestClient, url: str) -> None:
        self._client, self.endpoint = client, url

    async def identity(self) -> Identity:
        async for body in self._client.pages(WHO, {}):
            return Identity(native_id=body["account"]["uuid"], name=body["account"]["name"], principal="reader")
        raise AssertionError("no page")

    async def regions(self) -> tuple[str, ...]:
        return ()

    def pages(self, operation: Operation, place: Place, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        return self._client.pages(operation, arguments)


@asynccontextmanager
async def _open(credentials: DigitalOceanCredentials, reach: Reach) -> AsyncIterator[Source]:
    async def authorize() -> Mapping[str, str]:
        return {"authorization": f"Bearer {credentials.token.get_secret_value()}"}

    url = credentials.endpoint_url or "https://vendor.example"
    async with open_http(reach.allow_private_endpoint) as http:
        vendor = Vendor(name="The vendor", base_url=url, next_page=one_page, authorize=authorize)
        yield _Source(RestClient(http, reach.guard(translate), vendor), url)


async def _members(source: Any, credentials: DigitalOceanCredentials) -> tuple[Member, ...]:
    own = (await source.identity()).native_id
    listing = [body async for body in source.pages(MEMBERS, Place(account_id=own, region=None, now=NOW), {})]
    return tuple(
        Member(one["uuid"], one["name"], credentials.model_copy(update={"token": _secret(f"token-of-{one['uuid']}")}))
        for one in listing[0]["members"]
    )


def _secret(text: str) -> Any:
    return DigitalOceanCredentials.model_validate({"token": text}).token


REGISTRATION = Registration(
    provider=Provider.DIGITALOCEAN,
    credentials=DigitalOceanCredentials,
    listings=LISTINGS,
    identity_operation=WHO,
    open=_open,
    members=_members,
)


@dataclass
class Account:
    """What the server knows: one account for each token. `odd` answers a path otherwise, for whoever asks."""

    tokens: dict[str, str]
    odd: dict[str, Answered] = field(default_factory=dict)
    members: list[dict[str, str]] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answered:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if asked.path in self.odd:
            return self.odd[asked.path]
        if token not in self.tokens:
            return Answered({"message": "Unable to authenticate you."}, status=401)
        number = self.tokens[token]
        return Answered(
            {
                "/v2/account": {"account": {"uuid": number, "name": f"Team {number}"}},
                "/v2/droplets": {"droplets": [{"id": 1, "name": "web"}, {"id": 2, "name": "db"}]},
                "/v2/droplets/1/backups": {"backups": []},
                "/v2/volumes": {"volumes": []},
                "/v2/posture": {"findings": []},
                "/v2/members": {"members": self.members},
            }[asked.path]
        )
