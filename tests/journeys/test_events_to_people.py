"""What happens in three clouds, told for real: from the provider's own sender to an open subscriber and to people.

Moto signs and delivers what SNS would; a certified OpenID provider issues the token that Pub/Sub would send. Mail goes
over SMTP. Prism holds what PagerDuty and Slack are sent against their descriptions; Teams has cards with a schema.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from inspect import isawaitable
from pathlib import Path
from typing import Any

import httpx2
import jsonschema
import pytest
from bson import ObjectId
from pydantic import SecretStr

from app.web import Web, serving
from app.wiring import Backend
from app.worker import work
from documents.alert import AlertSource, Cause, raise_alert
from documents.base import utc_now
from documents.transaction import Transaction
from domain.facts.intake import IntakeWay
from domain.facts.severity import Severity
from schema.node import global_id
from tests.factories.backlog import forget_backlog
from tests.factories.event_endpoint import make_account
from tests.factories.graph import Graph, messages, socket, subscribe
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes.adaptive_card import MESSAGE
from tests.fakes.aws import ACCOUNT, Moto
from tests.fakes.genuine_clouds import PROJECT, PUBSUB, PUSHER, SUBSCRIPTION, pubsub_body, written
from tests.fakes.google_issuer import GoogleIssuer, google_issuer
from tests.fakes.mail_server import MailServer, mail_server, text_of
from tests.fakes.message_server import Got, MessageServer, message_server
from tests.fakes.node import NoPeer
from tests.fakes.prism import prism, refused_requests
from tests.fakes.scripted import Answered, Asked, Scripted, scripted
from tests.fakes.sns_host import sns_host

PUBLIC = "https://watch.example.com"
PATIENCE = 60
# A description of hundreds of operations is slow to answer from on a busy machine.
FORWARDED_WITHIN = 30
VAULT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/prod/providers/Microsoft.KeyVault/vaults/keys"

FEED = """
subscription($after: Cursor) { alertRaised(after: $after, filter: { sources: [EVENT] }) {
  ... on AlertRaised { alert { id title severity } }
} }
"""
ENDPOINT = """
mutation($input: CreateEventEndpointInput!) { createEventEndpoint(input: $input) {
  ... on CreateEventEndpointSuccess { issued { secret endpoint { address } } }
  ... on UserError { message path }
} }
"""
CHANNEL = """
mutation($input: CreateChannelInput!) { createChannel(input: $input) {
  ... on CreateChannelSuccess { created { channel { id state } } }
  ... on UserError { message path }
} }
"""
SEND_TEST = """
mutation($input: TestChannelInput!) { testChannel(input: $input) {
  ... on TestChannelSuccess { delivery { id } }
  ... on UserError { message path }
} }
"""
STATES = "{ channels(first: 20) { nodes { name state problem } } }"
CHANGE = """
mutation($input: %s) { %s(input: $input) { ... on %s { alert { state } } ... on UserError { message } } }
"""
ACKNOWLEDGE = CHANGE % ("AcknowledgeAlertInput!", "acknowledgeAlert", "AcknowledgeAlertSuccess")
RESOLVE = CHANGE % ("ResolveAlertInput!", "resolveAlert", "ResolveAlertSuccess")
TRAIL, ROOT = "A trail has ceased to record", "The root user is at work"


@dataclass(frozen=True)
class House:
    """A web process and a worker, and where providers send to: `address` stands for the public address."""

    backend: Backend
    address: str
    graph: Graph

    async def endpoint(self, tenant: Tenant, way: IntakeWay, native_id: str, **settings: Any) -> tuple[str, str | None]:
        """(address as the provider knows it, secret) of an endpoint made over the graph."""
        account = await make_account(tenant, way, native_id)
        given = {"accountId": global_id("Account", account.id), "way": way.value, "settings": settings}
        issued = (await self.graph.ask(ENDPOINT, tenant.token, input=given))["createEventEndpoint"]["issued"]
        return issued["endpoint"]["address"], issued["secret"]

    def here(self, address: str) -> str:
        """The public address as it is reached in this test."""
        assert address.startswith(f"{PUBLIC}/events/")
        return address.replace(PUBLIC, self.address)


@asynccontextmanager
async def house_of(backend: Backend, smtp_url: str | None = None, **authorities: str) -> AsyncIterator[House]:
    """`authorities` stand for the hosts that keys and certificates are fetched from."""
    changes = {
        "public_url": PUBLIC,
        "key_authorities": authorities,
        "smtp_url": None if smtp_url is None else SecretStr(smtp_url),
    }
    own = replace(backend, settings=backend.settings.model_copy(update=changes))
    stop = asyncio.Event()
    await forget_backlog(own)
    worker = asyncio.create_task(work(own, stop))
    try:
        async with serving(Web(own)) as address, Graph.connected(address) as graph:
            yield House(own, address, graph)
    finally:
        stop.set()
        await worker


@asynccontextmanager
async def watching(house: House, tenant: Tenant) -> AsyncIterator[list[dict[str, Any]]]:
    """The alerts that an open subscriber of the tenant is given, as they come."""
    after = (await house.graph.ask("{ liveCursor }", tenant.token))["liveCursor"]
    heard: list[dict[str, Any]] = []

    async def listen() -> None:
        async with socket(house.address, tenant.token) as opened:
            await subscribe(opened, FEED, after=after)
            async for message in messages(opened):
                assert message["type"] == "next", message
                heard.append(message["payload"]["data"]["alertRaised"]["alert"])

    task = asyncio.create_task(listen())
    try:
        yield heard
        assert not task.done(), "the subscription has ended"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], Any], told: Callable[[], Any] = lambda: "nothing more is known") -> None:
    """Wait until it holds; `told` says what there is when it does not."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not (await found if isawaitable(found := condition()) else found):
        assert asyncio.get_running_loop().time() < deadline, f"it did not come true: {told()}"
        await asyncio.sleep(0.05)


def titles(heard: list[dict[str, Any]]) -> list[str]:
    return sorted(alert["title"] for alert in heard)


async def strike(house: House, tenant: Tenant) -> None:
    """An alert of this tenant alone: who hears it first has heard nothing before it."""
    cause = Cause(
        fingerprint=f"journey:{ObjectId()}",
        source=AlertSource.EVENT,
        severity=Severity.HIGH,
        title="Theirs",
        message="m",
    )

    async def change(tx: Transaction) -> None:
        await raise_alert(tx, tenant.organization.id, cause, utc_now())

    await house.backend.writer.commit(change)


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    with Moto().served() as account:
        account.reset()
        yield account


@dataclass
class Places:
    """Where people are told: a mailbox, and recording servers in the places of the vendors'."""

    mails: MailServer
    slack: MessageServer
    teams: MessageServer
    pagerduty: Scripted
    bot: Scripted
    logs: Mapping[str, Path] = field(default_factory=dict)

    @property
    def smtp_url(self) -> str:
        return f"smtp://localhost:{self.mails.port}?starttls=off"

    def settings(self, mark: str) -> dict[str, dict[str, Any]]:
        """Settings of one channel of each kind, with the tenant's mark in them, by its name."""
        return {
            "Mail": {"email": {"addresses": [f"{mark}@example.com"]}},
            "Slack": {"slackWebhook": {"url": f"{self.slack.url}/services/T/B/{mark}"}},
            "Bot": {"slackBot": {"token": f"xoxb-{mark}", "channel": "#alerts", "endpointUrl": self.bot.url}},
            "Teams": {"teams": {"url": f"{self.teams.url}/workflows/{mark}?sig=s"}},
            "PagerDuty": {"pagerduty": {"routingKey": routing_key(mark), "endpointUrl": self.pagerduty.url}},
        }

    def count(self, mark: str) -> dict[str, int]:
        """How many messages came for a tenant, by the name of the channel."""
        return {
            "Mail": len(self.mails.to(f"{mark}@example.com")),
            "Slack": len(self.slacked(mark)),
            "Bot": sum(f"xoxb-{mark}" in one.headers["authorization"] for one in self.bot.asked),
            "Teams": len(self.teamed(mark)),
            "PagerDuty": len(self.paged(mark)),
        }

    def slacked(self, mark: str) -> list[Got]:
        return [got for got in self.slack.got if got.path.endswith(f"/{mark}")]

    def teamed(self, mark: str) -> list[Got]:
        return [got for got in self.teams.got if got.path.startswith(f"/workflows/{mark}?")]

    def paged(self, mark: str) -> list[dict[str, Any]]:
        return [one.json for one in self.pagerduty.asked if one.json["routing_key"] == routing_key(mark)]


def routing_key(mark: str) -> str:
    return mark.ljust(32, "0")


@contextmanager
def described(description: Path, log: Path) -> Iterator[Scripted]:
    """Records what comes and has Prism answer it. Raises NoPeer."""
    with prism(description, log) as url, httpx2.Client(timeout=FORWARDED_WITHIN, verify=False) as http:

        def forward(asked: Asked) -> Answered:
            kept = {name: asked.headers[name] for name in ("authorization", "content-type") if name in asked.headers}
            answer = http.request(asked.method, f"{url}{asked.target}", content=asked.text, headers=kept)
            return Answered(answer.json() if answer.content else None, answer.status_code)

        with scripted(forward) as server:
            yield server


@pytest.fixture(scope="module")
def places(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    folder = tmp_path_factory.mktemp("prism")
    logs = {name: folder / name for name in ("pagerduty-events", "slack")}
    with ExitStack() as stack:
        try:
            pagerduty, bot = (
                stack.enter_context(described(shared / "specs" / f"{name}.json", log)) for name, log in logs.items()
            )
        except NoPeer as missing:
            pytest.skip(f"needs Prism: {missing}")
        mails = stack.enter_context(mail_server(offers_tls=False))
        slack, teams = (stack.enter_context(message_server()) for _ in range(2))
        yield Places(mails, slack, teams, pagerduty, bot, logs)


async def open_channels(house: House, tenant: Tenant, places: Places, mark: str) -> dict[str, int]:
    """A channel of each kind, each proven by a test; how many messages those tests were."""
    for name, settings in places.settings(mark).items():
        made = (await house.graph.ask(CHANNEL, tenant.token, input={"name": name, "settings": settings}))[
            "createChannel"
        ]
        channel = made["created"]["channel"]
        assert channel["state"] == "UNVERIFIED"
        tested = (await house.graph.ask(SEND_TEST, tenant.token, input={"channelId": channel["id"]}))["testChannel"]
        assert "delivery" in tested, tested
    seen: list[Any] = []

    async def are_verified() -> bool:
        seen[:] = (await house.graph.ask(STATES, tenant.token))["channels"]["nodes"]
        return {one["state"] for one in seen} == {"VERIFIED"}

    await until(are_verified, lambda: seen)
    assert sorted(one["name"] for one in seen) == sorted(places.settings(mark))
    return places.count(mark)


def stopped_trail() -> dict[str, Any]:
    """What EventBridge says when the root user stops a trail."""
    now, id = datetime.now(UTC), str(ObjectId())
    detail = {
        "eventID": id,
        "eventName": "StopLogging",
        "eventSource": "cloudtrail.amazonaws.com",
        "eventTime": now.isoformat(),
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.7",
        "userIdentity": {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT},
        "recipientAccountId": ACCOUNT,
        "requestParameters": {"name": "audit-of-all"},
    }
    # The event has the account synced, which has no credentials here: an alert of another source, which is told too.
    return {
        "id": id,
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.cloudtrail",
        "account": ACCOUNT,
        "time": written(now),
        "region": "us-east-1",
        "detail": detail,
    }


async def subscribe_topic(house: House, tenant: Tenant, moto: Moto, name: str) -> str:
    """A topic, signed with SHA-256, that delivers to an endpoint of the tenant."""
    sns = moto.client("sns")
    topic: str = sns.create_topic(Name=name, Attributes={"SignatureVersion": "2"})["TopicArn"]
    address, _ = await house.endpoint(tenant, IntakeWay.AWS_SNS, ACCOUNT, awsSns={"topicArns": [topic]})
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=house.here(address))
    return topic


async def publish(moto: Moto, topic: str, event: dict[str, Any]) -> None:
    """Moto posts to the web process of this very loop before it answers."""
    await asyncio.to_thread(moto.client("sns").publish, TopicArn=topic, Message=json.dumps(event))


async def test_a_trail_that_root_stops_is_told_at_once_wherever_people_are(
    backend: Backend, moto: Moto, places: Places
) -> None:
    with sns_host(moto) as host:
        async with house_of(backend, places.smtp_url, aws_sns=host.url) as house:
            ours, theirs = await make_tenant(house.backend), await make_tenant(house.backend)
            async with watching(house, ours) as heard, watching(house, theirs) as overheard:
                await open_channels(house, ours, places, "ours")
                tests = await open_channels(house, theirs, places, "theirs")
                topic = await subscribe_topic(house, ours, moto, "told")

                await publish(moto, topic, stopped_trail())

                await until(lambda: len(heard) == 2, lambda: heard)
                await check_everybody_was_told(places, heard)
                await check_pagerduty_keeps_step(house, ours, places, heard)
                await check_the_others_heard_nothing(house, theirs, places, overheard, tests)
    assert {name: refused_requests(log) for name, log in places.logs.items()} == {"pagerduty-events": [], "slack": []}


async def check_everybody_was_told(places: Places, heard: list[dict[str, Any]]) -> None:
    """Both alerts, in every channel."""
    assert titles(heard) == [TRAIL, ROOT]
    everywhere = {title: dict.fromkeys(places.settings("ours"), True) for title in (TRAIL, ROOT)}
    await until(lambda: told(places) == everywhere, lambda: told(places))
    for got in places.slacked("ours"):
        headers = {"authorization": "Bearer xoxb-checked"}
        same = {"channel": "#alerts", **got.json}
        async with httpx2.AsyncClient(timeout=FORWARDED_WITHIN, verify=False) as http:
            answer = await http.post(f"{places.bot.url}/chat.postMessage", json=same, headers=headers)
        assert answer.status_code == 200, answer.text
    for got in places.teamed("ours"):
        jsonschema.Draft202012Validator(MESSAGE).validate(got.json)
    (mail,) = [mail for mail in places.mails.to("ours@example.com") if TRAIL in str(mail["Subject"])]
    assert "audit-of-all" in text_of(mail)
    assert f"{PUBLIC}/" in text_of(mail)


def told(places: Places) -> dict[str, dict[str, bool]]:
    """Whether each alert has come through each channel."""
    texts = {
        "Mail": [str(mail["Subject"]) for mail in places.mails.to("ours@example.com")],
        "Slack": [got.json["text"] for got in places.slacked("ours")],
        "Bot": [one.json["text"] for one in places.bot.asked if "xoxb-ours" in one.headers["authorization"]],
        "Teams": [json.dumps(got.json) for got in places.teamed("ours")],
        "PagerDuty": [one["payload"]["summary"] for one in triggers(places)],
    }
    return {title: {name: any(title in text for text in of) for name, of in texts.items()} for title in (TRAIL, ROOT)}


def triggers(places: Places) -> list[dict[str, Any]]:
    return [one for one in places.paged("ours") if one["event_action"] == "trigger"]


async def check_pagerduty_keeps_step(house: House, tenant: Tenant, places: Places, heard: list[dict[str, Any]]) -> None:
    """What is acknowledged and resolved here is so there, under the key of that alert and of no other."""
    trail = next(alert for alert in heard if alert["title"] == TRAIL)
    (key,) = {one["dedup_key"] for one in triggers(places) if TRAIL in one["payload"]["summary"]}

    def steps() -> list[str]:
        return [one["event_action"] for one in places.paged("ours") if one["dedup_key"] == key]

    assert steps() == ["trigger"]
    done = await house.graph.ask(ACKNOWLEDGE, tenant.token, input={"alertId": trail["id"]})
    assert done["acknowledgeAlert"]["alert"]["state"] == "ACKNOWLEDGED"
    await until(lambda: steps() == ["trigger", "acknowledge"], steps)
    done = await house.graph.ask(RESOLVE, tenant.token, input={"alertId": trail["id"], "reason": "It records again."})
    assert done["resolveAlert"]["alert"]["state"] == "RESOLVED"
    await until(lambda: steps() == ["trigger", "acknowledge", "resolve"], steps)
    tested = places.paged("ours")[0]["dedup_key"]
    others = {one["event_action"] for one in places.paged("ours") if one["dedup_key"] not in (key, tested)}
    assert others == {"trigger"}


async def check_the_others_heard_nothing(
    house: House, tenant: Tenant, places: Places, overheard: list[dict[str, Any]], tests: dict[str, int]
) -> None:
    """Their next alert is the first thing that they hear of after their tests."""
    assert places.count("theirs") == tests
    await strike(house, tenant)
    await until(lambda: overheard and all(places.count("theirs")[name] > tests[name] for name in tests))
    assert titles(overheard) == ["Theirs"]
    told = [got.json["text"] for got in places.slacked("theirs")[tests["Slack"] :]]
    assert len(told) == 1
    assert "Theirs" in told[0]


def expired_certificate(**changes: Any) -> dict[str, Any]:
    """In the schema of Event Grid."""
    made = {
        "id": str(ObjectId()),
        "topic": VAULT,
        "subject": "storefront",
        "eventType": "Microsoft.KeyVault.CertificateExpired",
        "eventTime": written(datetime.now(UTC)),
        "data": {"VaultName": "keys", "ObjectType": "Certificate", "ObjectName": "storefront"},
        "dataVersion": "1",
        "metadataVersion": "1",
    }
    return {**made, **changes}


async def test_event_grid_shakes_hands_in_both_ways_and_then_tells(backend: Backend) -> None:
    code = {"validationCode": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}
    asks = expired_certificate(eventType="Microsoft.EventGrid.SubscriptionValidationEvent", data=code)
    async with house_of(backend) as house, httpx2.AsyncClient(timeout=30, verify=False) as http:
        ours, theirs = await make_tenant(house.backend), await make_tenant(house.backend)
        address, secret = await house.endpoint(ours, IntakeWay.AZURE_EVENT_GRID, SUBSCRIPTION, azureEventGrid={})
        url, proof = house.here(address), {"x-cloudwatcher-secret": secret or ""}
        async with watching(house, ours) as heard, watching(house, theirs) as overheard:
            origin = {"webhook-request-origin": "eventgrid.azure.net", "webhook-request-rate": "120"}
            agreed = await http.request("OPTIONS", url, headers=origin)
            validated = await http.post(url, json=[asks], headers={**proof, "aeg-event-type": "SubscriptionValidation"})
            unproven = await http.post(url, json=[expired_certificate()])
            taken = await http.post(
                url, json=[expired_certificate()], headers={**proof, "aeg-event-type": "Notification"}
            )

            await until(lambda: heard, lambda: taken.text)
            await strike(house, theirs)
            await until(lambda: overheard)

    allowed = [agreed.headers[f"webhook-allowed-{what}"] for what in ("origin", "rate")]
    assert allowed == ["eventgrid.azure.net", "120"]
    assert validated.json() == {"validationResponse": code["validationCode"]}
    assert (agreed.status_code, validated.status_code, unproven.status_code, taken.status_code) == (200, 200, 401, 202)
    assert titles(heard) == ["Certificate storefront of key vault keys has expired"]
    assert titles(overheard) == ["Theirs"]


def incident() -> dict[str, Any]:
    """What Cloud Monitoring publishes when a policy is violated."""
    opened = int((datetime.now(UTC) - timedelta(seconds=5)).timestamp())
    told = {
        "incident_id": f"0.{ObjectId()}",
        "scoping_project_id": PROJECT,
        "state": "open",
        "severity": "Critical",
        "started_at": opened,
        "ended_at": None,
        "policy_name": "Checkout is slow",
        "summary": "Latency of checkout is above 2 s.",
        "resource": {"type": "cloud_run_revision", "labels": {"project_id": PROJECT, "location": "europe-west1"}},
    }
    return {"incident": told, "version": "1.2"}


@pytest.fixture
def issuer() -> Iterator[GoogleIssuer]:
    try:
        with google_issuer(PUSHER) as running:
            yield running
    except NoPeer as missing:
        pytest.skip(f"needs the certified provider: {missing}")


async def test_what_pubsub_pushes_with_a_token_of_its_issuer_is_told(backend: Backend, issuer: GoogleIssuer) -> None:
    at = written(datetime.now(UTC))
    body = pubsub_body(incident(), publishTime=at, publish_time=at)
    settings = {"subscription": PUBSUB, "serviceAccount": PUSHER}
    async with house_of(backend, google=issuer.url) as house, httpx2.AsyncClient(timeout=30, verify=False) as http:
        ours, theirs = await make_tenant(house.backend), await make_tenant(house.backend)
        address, _ = await house.endpoint(ours, IntakeWay.GCP_PUBSUB_PUSH, PROJECT, gcpPubsubPush=settings)
        url = house.here(address)
        async with watching(house, ours) as heard, watching(house, theirs) as overheard:
            answers = [
                await http.post(url, json=body, headers={"authorization": f"Bearer {await issuer.token(audience)}"})
                for audience in (f"{PUBLIC}/events/gcp/of-somebody-else", address)
            ]

            await until(lambda: heard, lambda: answers[1].text)
            await strike(house, theirs)
            await until(lambda: overheard)

    assert [answer.status_code for answer in answers] == [401, 202]
    assert titles(heard) == ["Alarm Checkout is slow"]
    assert heard[0]["severity"] == "CRITICAL"
    assert titles(overheard) == ["Theirs"]
