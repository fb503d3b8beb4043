"""The whole of an AWS account is read: every call answered, everything parsed, no secret kept."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import moto.moto_proxy
import orjson
import pytest

from connectors.clouds.aws import fields, registration
from connectors.guard import Guard
from connectors.reading.listing import Listing, Operation, Place, at
from connectors.reading.survey import Survey
from domain.errors import CredentialsRejected, Unavailable
from domain.facts.aws_credentials import AwsCredentials
from domain.facts.inventory import GapCause
from domain.facts.resource import Resource, ResourceKind
from domain.resource_content import without
from tests.factories.aws_account import fill_everything
from tests.fakes.aws import Moto, credentials
from tests.fakes.collecting import NOW, Collected, reach, read, survey
from tests.fakes.peers import aws as peers
from tests.fakes.peers import aws_governance

# What `fill_everything` puts where nobody but the account may see it.
SECRETS = ("c2VjcmV0LXN0YXJ0", "secret-start", "Stand-in-only-1", "origin-secret")
OURS = tuple(one for one in registration.REGISTRATION.listings if one.operation.name in peers.OWN)
VOLUMES = Listing(
    operation=fields.call("ec2.describe_volumes", "ec2:DescribeVolumes"), items=at("Volumes"), is_regional=True
)
PRICES = Listing(
    operation=fields.call("pricing.describe_services", "pricing:DescribeServices"),
    items=at("Services"),
    is_regional=True,
)
ROLE = {"role_arn": "arn:aws:iam::111122223333:role/CloudWatcher", "external_id": "tenant-42"}


@pytest.fixture(scope="module")
def filled() -> Iterator[Moto]:
    with pytest.MonkeyPatch.context() as patch, Moto().served() as account:
        # moto validates a certificate by itself after a minute, in the middle of a slow run
        patch.setattr("moto.settings.ACM_VALIDATION_WAIT", 3600)
        account.reset()
        fill_everything(account)
        yield account


@pytest.fixture
def empty() -> Iterator[Moto]:
    with Moto().served() as account:
        account.reset()
        yield account


def by_id(collected: Collected) -> dict[tuple[str, str], Resource]:
    return {(one.kind, one.native_id): one for one in collected.found}


def settled(collected: Collected) -> dict[tuple[str, str], Resource]:
    """The same without what moves by itself."""
    moving = {kind: paths for one in registration.REGISTRATION.listings for kind, paths in one.volatile_of.items()}
    return {
        key: one.model_copy(update={"config": without(one.config, moving.get(one.kind, ()))})
        for key, one in by_id(collected).items()
    }


async def test_every_call_is_answered_and_everything_is_parsed(filled: Moto):
    collected, report = await survey(registration.REGISTRATION, credentials(filled.url), OURS)

    assert report.gaps == ()
    # what others add to the account itself is theirs to hold
    assert set(report.answered) - set(aws_governance.PEERS) == set(peers.OWN)
    assert {one.kind for one in collected.found} == {kind for one in OURS for kind in one.kinds}
    scripted = {name for name, peer in peers.OWN.items() if peer == peers.SCRIPTED}
    assert {named(filled, name) for name in scripted} == {
        operation for operation in filled.wire if operation in {named(filled, name) for name in peers.OWN}
    }


def named(account: Moto, name: str) -> str:
    service, _, method = name.partition(".")
    return f"{service}.{account.client(service).meta.method_to_api_mapping[method]}"


async def test_no_secret_is_kept(filled: Moto):
    collected, _ = await survey(registration.REGISTRATION, credentials(filled.url))

    kept = b"".join(orjson.dumps(raw.answer) for raw in collected.answers)
    kept += b"".join(one.model_dump_json().encode() for one in collected.found)
    assert [secret for secret in SECRETS if secret.encode() in kept] == []
    (function,) = [one for one in collected.found if one.name == "resize"]
    assert function.config["Environment"]["Variables"] == {"MODE": "hidden", "DB": "hidden; it looks like a secret"}


async def test_account_in_which_nothing_changed_is_the_same_when_it_is_read_again(filled: Moto):
    first, _ = await survey(registration.REGISTRATION, credentials(filled.url))
    await asyncio.sleep(1.1)  # what moves on by itself has moved on

    again, _ = await survey(registration.REGISTRATION, credentials(filled.url))

    assert settled(again) == settled(first)


async def test_keys_of_a_role_are_renewed_before_they_end(empty: Moto):
    soon = datetime.now(UTC) + timedelta(minutes=5)
    empty.say("sts.AssumeRole", {"Credentials": role_keys(soon)})
    async with registration.REGISTRATION.open(credentials(empty.url, **ROLE), reach()) as source:
        empty.wire.pop("sts.AssumeRole")  # from now on moto gives keys for an hour

        await source.identity()
        await source.identity()

    assert empty.asked.count("sts.AssumeRole") == 2


async def test_role_that_is_taken_back_while_it_is_used_is_rejected(empty: Moto):
    empty.say("sts.AssumeRole", {"Credentials": role_keys(datetime.now(UTC) + timedelta(minutes=5))})
    async with registration.REGISTRATION.open(credentials(empty.url, **ROLE), reach()) as source:
        empty.fail("sts.AssumeRole", 403, "AccessDenied")

        with pytest.raises(CredentialsRejected, match="trust policy"):
            await source.identity()


def role_keys(until: datetime) -> dict[str, object]:
    return {
        "AccessKeyId": "ASIAROLEOFCUSTOMER01",
        "SecretAccessKey": "of the role",
        "SessionToken": "token",
        "Expiration": until,
    }


async def test_service_that_a_region_does_not_have_is_no_gap(monkeypatch: pytest.MonkeyPatch):
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    given = AwsCredentials.model_validate(
        {"access_key_id": "AKIATEST", "secret_access_key": "test", "regions": ("eu-west-2",)}
    )
    place = Place(account_id="123456789012", region=None, now=NOW)
    collected = Collected()

    async with registration.REGISTRATION.open(given, reach()) as source:
        report = await Survey(source, collected, place).read([PRICES, VOLUMES])

    assert [(gap.operation, gap.cause) for gap in report.gaps] == [("ec2.describe_volumes", GapCause.UNAVAILABLE)]
    assert collected.answers == []


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """From here on calls to AWS by its real names, over TLS, end in moto."""
    port = free_port()
    # Without them no account has the snapshots of Amazon's own images.
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    command = [sys.executable, "-c", "from moto.proxy import main; main()", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("AWS_CA_BUNDLE", str(Path(moto.moto_proxy.__file__).with_name("ca.crt")))
        wait_for(port)
        yield
        proxy.terminate()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("moto's proxy does not start")


async def test_account_is_read_by_the_names_and_certificates_that_aws_has(proxied: None):
    keys = {"aws_access_key_id": "AKIATEST", "aws_secret_access_key": "test"}
    s3 = await asyncio.to_thread(boto3.client, "s3", region_name="us-east-1", **keys)
    await asyncio.to_thread(lambda: s3.create_bucket(Bucket="cedar-named"))
    given = AwsCredentials.model_validate(
        {"access_key_id": "AKIATEST", "secret_access_key": "test", "regions": ("us-east-1",)}
    )

    way = replace(
        reach(), guard=lambda means: Patient(concurrency=1, time_limit=timedelta(seconds=60), translate=means)
    )

    async with registration.REGISTRATION.open(given, way) as source:
        collected, report = await read(source, one_of_each_service())

    assert report.gaps == ()
    (account,) = collected.of(ResourceKind.AWS_ACCOUNT)
    assert account.config["PublicAccessBlockConfiguration"] is None  # asked at 123456789012.s3-control...
    assert [bucket.name for bucket in collected.of(ResourceKind.AWS_S3_BUCKET)] == ["cedar-named"]


async def test_certificate_of_somebody_else_is_not_accepted_behind_a_proxy(
    proxied: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("AWS_CA_BUNDLE")
    given = AwsCredentials.model_validate({"access_key_id": "AKIATEST", "secret_access_key": "test"})

    async with registration.REGISTRATION.open(given, reach()) as source:
        with pytest.raises(Unavailable, match=r"(?i)certificate"):
            await source.identity()


class Patient(Guard):
    """Tries again what the proxy drops: it closes connections that are kept for the next call."""

    async def call(
        self, service: str, operation: str, send: Callable[[], Awaitable[Any]], *, region: str | None = None
    ) -> Any:
        for _ in range(4):
            with suppress(Unavailable):
                return await super().call(service, operation, send, region=region)
        return await super().call(service, operation, send, region=region)


def one_of_each_service() -> list[Listing]:
    """A list of each service that moto by itself can answer, the account and the buckets whole."""
    every = reversed(registration.REGISTRATION.listings)
    first = {one.operation.service: one for one in every if is_of_moto(one.operation)}
    whole = ("sts", "s3")
    return [
        replace(one, details=tuple(detail for detail in one.details if is_of_moto(detail.operation)))
        if name in whole
        else replace(one, details=(), batches=(), children=())
        for name, one in first.items()
    ]


def is_of_moto(operation: Operation) -> bool:
    return peers.PEERS[operation.name] != peers.SCRIPTED
