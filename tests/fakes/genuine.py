"""Genuine requests of every way of intake, as its provider sends them. Each pushed way registers a builder here."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

import orjson
from pydantic import SecretStr

from connectors.intake.receiver import Endpoint, Incoming, Surroundings
from domain.facts.intake import IntakeWay
from domain.facts.intake_settings import OktaSettings, SlackSettings, WebhookSettings
from tests.fakes import genuine_clouds as clouds

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
SECRET = "a-secret-of-32-letters-for-tests"
ID = "64b7f0c2a1d3e4f5a6b7c8d9"


@dataclass(frozen=True, kw_only=True)
class Genuine:
    """A request that must be taken, and what its receiver is told.

    `proof` are the headers that carry the proof, or fields of the body where it `is_in_body`. Where it `covers_body`,
    no other body goes with it; else whoever has it may send anything, and only requests without it are forged.
    `covered` gives what of a body the proof covers, for those that leave some of it open: bodies of which it gives the
    same are one.
    """

    incoming: Incoming
    endpoint: Endpoint
    around: Surroundings
    proof: tuple[str, ...]
    covers_body: bool = True
    is_in_body: bool = False
    covered: Callable[[bytes], object] = bytes


# Takes a number, so that two requests tell of two events, and gives a request of NOW.
Builder = Callable[[int], Genuine]
BUILDERS: dict[IntakeWay, Builder] = {}


def genuine_of(way: IntakeWay) -> Callable[[Builder], Builder]:
    """Registers the builder of a way."""

    def register(builder: Builder) -> Builder:
        BUILDERS[way] = builder
        return builder

    return register


def endpoint_of(way: IntakeWay, settings: Any, secret: str | None = SECRET, *accounts: str) -> Endpoint:
    """An endpoint as its way sees it."""
    sealed = None if secret is None else SecretStr(secret)
    return Endpoint(id=ID, way=way, settings=settings, secret=sealed, accounts=frozenset(accounts))


def posted(way: IntakeWay, body: bytes, headers: dict[str, str], query: dict[str, str] | None = None) -> Incoming:
    """A POST to the endpoint; the type of the body is JSON unless the headers say otherwise."""
    url = way.address("https://watch.example.com", ID)
    assert url is not None
    sent = {"host": "watch.example.com", "content-type": "application/json", "user-agent": "genuine/1", **headers}
    return Incoming(method="POST", url=url, headers=sent, query=query or {}, body=body)


def surroundings(now: datetime = NOW) -> Surroundings:
    """Those of a production process."""
    return Surroundings(now=now, allow_private=False)


def signature(content: bytes, secret: str = SECRET) -> str:
    """Hex HMAC-SHA256, worked out beside the product."""
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def github_request(body: dict[str, Any], kind: str, secret: str = SECRET) -> Incoming:
    """A delivery of GitHub."""
    content = orjson.dumps(body)
    headers = {
        "x-github-event": kind,
        "x-github-delivery": "5a1c7e52-0000-4000-8000-000000000001",
        "x-github-hook-id": "42",
        "x-hub-signature-256": f"sha256={signature(content, secret)}",
    }
    return posted(IntakeWay.GITHUB_WEBHOOK, content, headers)


@genuine_of(IntakeWay.GITHUB_WEBHOOK)
def github(number: int) -> Genuine:
    body = {
        "action": "publicized",
        "repository": {"id": number, "full_name": "octo/secret", "updated_at": "2026-11-26T11:59:58Z"},
        "organization": {"login": "octo"},
        "sender": {"login": "mona"},
    }
    return Genuine(
        incoming=github_request(body, "repository"),
        endpoint=endpoint_of(IntakeWay.GITHUB_WEBHOOK, WebhookSettings()),
        around=surroundings(),
        proof=("x-hub-signature-256",),
    )


def jira_request(body: dict[str, Any], secret: str = SECRET) -> Incoming:
    """A delivery of Jira Cloud."""
    content = orjson.dumps(body)
    headers = {
        "x-atlassian-webhook-identifier": "wh-1",
        "x-hub-signature": f"sha256={signature(content, secret)}",
    }
    return posted(IntakeWay.JIRA_WEBHOOK, content, headers)


@genuine_of(IntakeWay.JIRA_WEBHOOK)
def jira(number: int) -> Genuine:
    body = {
        "timestamp": int(NOW.timestamp() * 1000) - 1500,
        "webhookEvent": "jira:issue_updated",
        "issue": {"id": str(number), "key": f"OPS-{number}", "fields": {"status": {"name": "Done"}}},
    }
    return Genuine(
        incoming=jira_request(body),
        endpoint=endpoint_of(IntakeWay.JIRA_WEBHOOK, WebhookSettings()),
        around=surroundings(),
        proof=("x-hub-signature",),
    )


def okta_request(*events: dict[str, Any], secret: str = SECRET) -> Incoming:
    """A delivery of an Okta event hook."""
    body = {
        "eventType": "com.okta.event_hook",
        "eventTypeVersion": "1.0",
        "eventTime": "2026-11-26T11:59:59.000Z",
        "eventId": "b5a188b9-5ece-4636-b041-482ffda96311",
        "data": {"events": list(events)},
    }
    return posted(IntakeWay.OKTA_EVENT_HOOK, orjson.dumps(body), {"authorization": secret})


def okta_event(number: int, published: str = "2026-11-26T11:59:58.123Z") -> dict[str, Any]:
    """An event in the shape of the system log."""
    return {
        "uuid": f"b5a188b9-0000-4636-b041-{number:012}",
        "published": published,
        "eventType": "user.mfa.factor.deactivate",
        "severity": "INFO",
    }


@genuine_of(IntakeWay.OKTA_EVENT_HOOK)
def okta(number: int) -> Genuine:
    return Genuine(
        incoming=okta_request(okta_event(number)),
        endpoint=endpoint_of(IntakeWay.OKTA_EVENT_HOOK, OktaSettings()),
        around=surroundings(),
        proof=("authorization",),
        covers_body=False,
    )


def slack_request(fields: dict[str, str], secret: str = SECRET, at: datetime = NOW) -> Incoming:
    """A form as Slack posts it."""
    content, seconds = urlencode(fields).encode(), str(int(at.timestamp()))
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": seconds,
        "x-slack-signature": f"v0={signature(b'v0:' + seconds.encode() + b':' + content, secret)}",
    }
    return posted(IntakeWay.SLACK_INTERACTION, content, headers)


def pressed(number: int, team: str = "T0001") -> dict[str, str]:
    """The form of a button that was pressed."""
    payload = {
        "type": "block_actions",
        "token": "an-older-proof",
        "team": {"id": team, "domain": "acme"},
        "user": {"id": "U1"},
        "trigger_id": f"{number}.2.abc",
        "actions": [{"action_id": "acknowledge", "value": "v"}],
    }
    return {"payload": orjson.dumps(payload).decode()}


@genuine_of(IntakeWay.SLACK_INTERACTION)
def slack(number: int) -> Genuine:
    return Genuine(
        incoming=slack_request(pressed(number)),
        endpoint=endpoint_of(IntakeWay.SLACK_INTERACTION, SlackSettings(team_id="T0001")),
        around=surroundings(),
        proof=("x-slack-signature", "x-slack-request-timestamp"),
    )


# SNS Developer Guide, "Verifying the signatures of Amazon SNS messages": these of a notification are signed, as text;
# the white space between them, UnsubscribeURL and anything else are not.
SIGNED_BY_SNS = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
PROOF_OF_SNS = ("Signature", "SignatureVersion", "SigningCertURL")


def covered_by_sns(body: bytes) -> object:
    """The signed fields and the proof itself; the bytes where there are no fields."""
    try:
        found = json.loads(body)
    except ValueError:
        return body
    return [found.get(name) for name in (*SIGNED_BY_SNS, *PROOF_OF_SNS)] if isinstance(found, dict) else body


def of_cloud(genuine: clouds.Genuine, proof: tuple[str, ...], **more: Any) -> Genuine:
    """With the headers that every request has."""
    incoming, endpoint, around = genuine
    headers = {"host": "watch.example.com", "user-agent": "genuine/1", **incoming.headers}
    return Genuine(incoming=replace(incoming, headers=headers), endpoint=endpoint, around=around, proof=proof, **more)


@genuine_of(IntakeWay.AWS_SNS)
@cache
def aws_sns(number: int) -> Genuine:
    event = {**clouds.EVENT, "id": f"e1e1e1e1-0000-0000-0000-{number:012}"}
    message = clouds.sns_message(MessageId=f"22b80b92-fdea-4c2c-8f9d-{number:012}", Message=json.dumps(event))
    genuine = clouds.aws_sns(clouds.sns_signed(message))
    return of_cloud(genuine, PROOF_OF_SNS, is_in_body=True, covered=covered_by_sns)


@genuine_of(IntakeWay.AZURE_EVENT_GRID)
@cache
def azure_event_grid(number: int) -> Genuine:
    event = clouds.grid_event(id=f"831e1650-001e-001b-66ab-{number:012}")
    return of_cloud(clouds.azure_event_grid([event]), ("x-cloudwatcher-secret",), covers_body=False)


@genuine_of(IntakeWay.GCP_PUBSUB_PUSH)
@cache
def gcp_pubsub_push(number: int) -> Genuine:
    body = clouds.pubsub_body(messageId=str(2070443601311540 + number))
    return of_cloud(clouds.gcp_pubsub_push(body=body), ("authorization",), covers_body=False)


def later(genuine: Genuine, now: datetime) -> Genuine:
    """The same request when it comes at another time."""
    return replace(genuine, around=replace(genuine.around, now=now))
