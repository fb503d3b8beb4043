"""A vendor of our own: a small HTTP server that lists what it is told to, and fails where and how it is told to.

Its resources are of AWS kinds, because there are rules about these.
"""

import asyncio
import contextlib
import re
import sys
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from pydantic import SecretStr

from connectors.reading.listing import COST, Answer, Arguments, Detail, Item, Listing, Operation, Place, at, first
from connectors.reading.source import Identity, Reach, Registration
from connectors.rest.client import RestClient, Vendor, open_http, translate
from connectors.rest.paging import body_link
from domain.facts.credentials import Credentials
from domain.facts.provider import Provider
from domain.facts.resource import Resource, ResourceKind

REGIONS = ("us-east-1", "eu-west-1")
TOKEN = "synthetic-token"
PER_PAGE = 100


class Fault(Enum):
    """What goes wrong with a call."""

    REFUSE = "403"
    EXPIRE = "401"
    THROTTLE = "429"
    FAIL = "500"
    OFF = "402"
    REPEAT = "the next page is this one"
    TEAR = "the connection ends in the middle of the body"
    GARBLE = "half a JSON"
    SHAPE = "no list where the list should be"
    SPOIL = "one item without an id"
    HUGE = "a number of more than 64 bits"
    HANG = "no answer"


STATUS = {Fault.REFUSE: 403, Fault.EXPIRE: 401, Fault.THROTTLE: 429, Fault.FAIL: 500, Fault.OFF: 402}


class SyntheticCredentials(Credentials):
    token: SecretStr


def _operation(name: str, *, plan: str | None = None, **options: str) -> Operation:
    service, last = name.split("/")[2], name.rsplit("/", 1)[-1]
    off = frozenset({"402"})
    return Operation(name=name, service=service, permissions=(f"{last}:read",), plan=plan, off=off, options=options)


ACCOUNT = _operation("GET /v1/account")
VOLUMES = _operation("GET /v1/volumes")
INSTANCES = _operation("GET /v1/instances")
GROUPS = _operation("GET /v1/groups", plan="Groups Pro")
BUCKETS = _operation("GET /v1/buckets")
GRANTS = _operation("GET /v1/buckets/{bucket}/grants")
BILLS = _operation("GET /v1/bills", cadence=COST)
REGIONS_OPERATION = _operation("GET /v1/regions")


def _parse(kind: ResourceKind) -> Any:
    def parse(item: Item, details: Mapping[str, Any], _: Place) -> Resource:
        made = item.get("made")
        return Resource(
            kind=kind,
            native_id=item["id"],
            name=item["name"],
            region=item["region"],
            tags=item["tags"],
            config={**item["config"], **details},
            created_at=None if made is None else datetime.fromisoformat(made),
        )

    return parse


def _listing(operation: Operation, kind: ResourceKind, **options: Any) -> Listing:
    return Listing(operation=operation, items=at("items"), kind=kind, parse=_parse(kind), **options)


def _in_region(place: Place) -> Arguments:
    return {"region": place.region}


LISTINGS = (
    _listing(VOLUMES, ResourceKind.AWS_EBS_VOLUME, volatile=frozenset({"LastUsed"})),
    _listing(INSTANCES, ResourceKind.AWS_EC2_INSTANCE),
    _listing(GROUPS, ResourceKind.AWS_SECURITY_GROUP, is_regional=True, arguments=_in_region),
    _listing(
        BUCKETS,
        ResourceKind.AWS_S3_BUCKET,
        details=(
            Detail(
                key="Grants",
                operation=GRANTS,
                arguments=lambda item, _: {"bucket": item["id"]},
                pick=first("items"),
            ),
        ),
    ),
    Listing(operation=BILLS, items=at("items")),
)


class SyntheticSource:
    endpoint = "Synthetic"

    def __init__(self, client: RestClient) -> None:
        self._client = client

    async def identity(self) -> Identity:
        async for account in self._client.pages(ACCOUNT, {}):
            return Identity(account["id"], account["name"], "synthetic")
        raise AssertionError("an answer has a page")

    async def regions(self) -> tuple[str, ...]:
        return tuple([name async for page in self._client.pages(REGIONS_OPERATION, {}) for name in page["items"]])

    async def pages(self, operation: Operation, place: Place, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        async with contextlib.aclosing(self._client.pages(operation, arguments)) as pages:
            async for page in pages:
                yield page


@asynccontextmanager
async def open_synthetic(credentials: SyntheticCredentials, reach: Reach) -> AsyncIterator[SyntheticSource]:
    async def authorize() -> Mapping[str, str]:
        return {"authorization": f"Bearer {credentials.token.get_secret_value()}"}

    async with open_http(reach.allow_private_endpoint) as http:
        vendor = Vendor(
            name="Synthetic",
            base_url=credentials.endpoint_url or "",
            next_page=body_link("next"),
            authorize=authorize,
        )
        yield SyntheticSource(RestClient(http, reach.guard(translate), vendor))


REGISTRATION = Registration(
    provider=Provider.DIGITALOCEAN,
    credentials=SyntheticCredentials,
    listings=LISTINGS,
    identity_operation=ACCOUNT,
    open=open_synthetic,
)


def item_of(resource: Resource) -> dict[str, Any]:
    """The resource as the vendor lists it."""
    made = None if resource.created_at is None else resource.created_at.isoformat()
    plain = {"id": resource.native_id, "name": resource.name, "region": resource.region, "tags": resource.tags}
    return {**plain, "config": resource.config, "made": made}


@dataclass
class Synthetic:
    """What the vendor has, and what goes wrong: `lists` by the last part of their path, `faults` by operation.

    A fault named "*" is everybody's. It begins with the call that `begins` numbers for its operation (from 0). `calls`
    counts what was asked, by operation.
    """

    lists: dict[str, Sequence[Any]] = field(default_factory=dict)
    grants: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    begins: dict[str, int] = field(default_factory=dict)
    account_id: str = "synthetic-1"
    retry_after: int = 0
    pause: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)
    url: str = ""

    def credentials(self) -> SyntheticCredentials:
        return SyntheticCredentials(token=SecretStr(TOKEN), endpoint_url=self.url)

    def fault_of(self, operation: str) -> Fault | None:
        """What goes wrong with this call, which is counted."""
        number = self.calls[operation]
        self.calls[operation] += 1
        fault = self.faults.get(operation) or self.faults.get("*")
        return fault if number >= self.begins.get(operation, 0) else None

    def answer(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        name = path.rsplit("/", 1)[-1]
        if name == "account":
            return {"id": self.account_id, "name": "Synthetic"}
        if name == "regions":
            return {"items": list(REGIONS)}
        if name == "grants":
            return {"items": self.grants.get(path.split("/")[3], [])}
        listed = self.lists.get(name, ())
        if "region" in query:
            listed = [item for item in listed if item["region"] == query["region"]]
        page = int(query.get("page", "0"))
        more = (page + 1) * PER_PAGE < len(listed)
        region = f"&region={query['region']}" if "region" in query else ""
        next_link = f"{path}?page={page + 1}{region}" if more else None
        return {"items": list(listed[page * PER_PAGE : (page + 1) * PER_PAGE]), "next": next_link}


@asynccontextmanager
async def serving(vendor: Synthetic) -> AsyncIterator[Synthetic]:
    """The vendor on loopback; its `url` is filled in."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while await _reply(vendor, reader, writer):
                pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    vendor.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield vendor
    finally:
        server.close()


async def _reply(vendor: Synthetic, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Answers one request; False when the connection is over."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    target = urlsplit(head.split(" ", 2)[1])
    query = {key: values[0] for key, values in parse_qs(target.query).items()}
    fault = vendor.fault_of(_operation_of(target.path))
    await asyncio.sleep(vendor.pause)
    if fault is Fault.HANG:
        await reader.read()
        return False
    if f"Bearer {TOKEN}" not in head:
        fault = Fault.EXPIRE
    status = STATUS.get(fault, 200) if fault else 200
    body = _body(vendor, target.path, query, fault)
    more = f"retry-after: {vendor.retry_after}\r\n" if status == 429 else ""
    writer.write(f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{more}".encode())
    writer.write(f"content-length: {len(body)}\r\n\r\n".encode())
    writer.write(body[: len(body) // 2] if fault is Fault.TEAR else body)
    await writer.drain()
    return fault is not Fault.TEAR


def _operation_of(path: str) -> str:
    return "GET " + re.sub(r"/buckets/[^/]+/", "/buckets/{bucket}/", path)


def _body(vendor: Synthetic, path: str, query: Mapping[str, str], fault: Fault | None) -> bytes:
    if fault in STATUS:
        return orjson.dumps({"message": f"The fault {fault.name} was ordered."})
    answer = vendor.answer(path, query)
    if fault is Fault.REPEAT:
        answer["next"] = f"{path}?page=0" + (f"&region={query['region']}" if "region" in query else "")
    if fault is Fault.SHAPE:
        answer["items"] = "none of these is a list"
    if fault is Fault.SPOIL:
        answer["items"] = [*answer["items"][:-1], {"name": "spoiled"}]
    if fault is Fault.HUGE:
        return orjson.dumps({**answer, "huge": 0}).replace(b'"huge":0', b'"huge":123456789012345678901234567890')
    body = orjson.dumps(answer)
    return body[: len(body) // 2] if fault is Fault.GARBLE else body


class Made(Sequence[dict[str, Any]]):
    """A long list whose items are made when they are asked for, the same each time."""

    def __init__(self, name: str, count: int, config: Mapping[str, Any], region: str | None = None) -> None:
        self._name, self._count, self._config, self._region = name, count, config, region

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, wanted: Any) -> Any:
        if isinstance(wanted, slice):
            return [self._item(number) for number in range(*wanted.indices(self._count))]
        return self._item(wanted)

    def _item(self, number: int) -> dict[str, Any]:
        id = f"{self._name}-{number:06}"
        plain = {"id": id, "name": id, "region": self._region, "tags": {"team": f"team {number % 40}"}}
        return {**plain, "config": {**self._config, "Number": number, "Description": f"made {number} " * 12}}


def large(count: int) -> Synthetic:
    """A vendor with so many resources: of fifty 36 are volumes, 12 instances, and 2 buckets with a call for each."""
    attached = {"State": "in-use", "Attachments": [{"InstanceId": "instances-000000"}], "VolumeType": "gp3", "Size": 8}
    shares = {"volumes": (36, attached), "instances": (12, {"State": {"Name": "running"}}), "buckets": (2, {})}
    lists: dict[str, Sequence[Any]] = {
        name: Made(name, count * share // 50, config) for name, (share, config) in shares.items()
    }
    return Synthetic(lists=lists)


async def _main(count: int) -> None:
    async with serving(large(count)) as vendor:
        print(vendor.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
