"""Event endpoints and what they have received, as they are shown."""

from datetime import datetime
from typing import Any

import strawberry

import documents
from documents.received_event import ReceivedState
from domain.facts.intake import IntakeWay
from domain.facts.provider import Provider
from domain.setup.event_place import EventPlace
from domain.setup.event_setup import EventSetup, event_setup_of
from schema.account import Account
from schema.connecting import SetupSnippet
from schema.context import SchemaContext
from schema.node import Node, derived, said, view
from schema.relation import organization_id_of, related
from schema.scalars import BigInt
from schema.values import register_enum

register_enum(
    IntakeWay,
    "A way in which events come in.",
    {
        IntakeWay.AWS_SNS: "Topics of AWS SNS call us. Carries EventBridge, alarms and budgets.",
        IntakeWay.AZURE_EVENT_GRID: "Azure Event Grid calls us.",
        IntakeWay.GCP_PUBSUB_PUSH: "A subscription of Google Cloud Pub/Sub calls us.",
        IntakeWay.GITHUB_WEBHOOK: "A webhook of GitHub.",
        IntakeWay.OKTA_EVENT_HOOK: "An event hook of Okta.",
        IntakeWay.JIRA_WEBHOOK: "A webhook of Jira.",
        IntakeWay.SLACK_INTERACTION: "Buttons and commands of Slack.",
        IntakeWay.AWS_SQS: "A queue of AWS SQS that we read.",
        IntakeWay.GCP_PUBSUB_PULL: "A subscription of Google Cloud Pub/Sub that we read.",
    },
)
register_enum(
    ReceivedState,
    "What became of a received event.",
    {
        ReceivedState.WAITING: "It waits to be looked at.",
        ReceivedState.PROCESSED: "It was looked at.",
        ReceivedState.UNREADABLE: "It is genuine, and not of a shape that is known; `problem` says more.",
    },
)


@strawberry.type(description="What an endpoint knows besides its secret. What its way has no use for is null.")
class EventSettings:
    topic_arns: list[str] | None = said("Topics of SNS that may send here.")
    allow_signature_version_1: bool | None = said("Whether SNS may sign with SHA-1.")
    queue_url: str | None = said("The queue of SQS that is read.")
    subscription: str | None = said("The subscription of Pub/Sub that pushes here, or is read.")
    service_account: str | None = said("The service account that Pub/Sub signs as.")
    audience: str | None = said("Who tokens of Entra ID or of Google must be for.")
    tenant_id: str | None = said("The tenant of Entra ID whose tokens are taken.")
    sender: str | None = said("The application that delivers for Event Grid.")
    header: str | None = said("The header of Okta that carries the secret.")
    team_id: str | None = said("The workspace of Slack.")


@strawberry.type(description="How to have a provider send events to an endpoint, or to make a queue ready to be read.")
class EventEndpointSetup:
    steps: list[str] = said("What to do, in order.")
    snippets: list[SetupSnippet] = said("Texts to copy. None holds the secret, which is shown once.")


NAMES = tuple(field.python_name for field in EventSettings.__strawberry_definition__.fields)  # type: ignore[attr-defined]  # of strawberry


@view(documents.IntakeEndpoint, description="An address that a provider sends events to, or a queue that is read.")
class EventEndpoint(Node):
    way: IntakeWay = said("How events come in.")
    is_paused: bool = said("Whether it takes nothing for now: a paused address looks as if it did not exist.")
    confirmed_at: datetime | None = said("When the provider first proved that it sends here; null before.")
    last_received_at: datetime | None = said("When an event came last.")
    last_refused_at: datetime | None = said("When a request was refused last.")
    last_refusal: str | None = said("Why it was refused, for who sets the provider up. Its sender is not told.")
    previous_until: datetime | None = said("Until when the secret before the present one is taken, too.")
    version: int = said("Rises with every change.")
    created_at: datetime = said("When it was made.")
    account: Account | None = related("account_id", "The account whose events it takes.")
    settings: strawberry.Private[dict[str, Any]]
    received: strawberry.Private[int]
    refused: strawberry.Private[int]

    @derived("Whose events it takes.", reads=("way",))
    def provider(self) -> Provider:
        return IntakeWay(self.way).provider

    @derived("Where the provider sends to; null for what is read by us.", reads=("way", "id"))
    def address(self, info: strawberry.Info) -> str | None:
        context: SchemaContext = info.context
        return IntakeWay(self.way).address(context.public_url, self.id)

    @derived("What it knows besides its secret.", reads=("settings",), name="settings")
    def told_settings(self) -> EventSettings:
        return EventSettings(**{name: (self.settings or {}).get(name) for name in NAMES})

    @derived("How many events it has taken, a few seconds late.", reads=("received",), name="received")
    def told_received(self) -> BigInt:
        return BigInt(self.received or 0)

    @derived("How many requests it has refused, a few seconds late.", reads=("refused",), name="refused")
    def told_refused(self) -> BigInt:
        return BigInt(self.refused or 0)

    @derived("How to set it up at the provider.", reads=("way", "id", "settings", "account_id"))
    async def setup(self, info: strawberry.Info) -> EventEndpointSetup:
        context: SchemaContext = info.context
        assert context.loaders is not None  # noqa: S101 - who sees an endpoint is signed in
        account = await context.loaders.of(documents.Account).load(str(self.account_id))  # type: ignore[attr-defined]  # of the document
        way = IntakeWay(self.way)
        address = way.address(context.public_url, self.id) or ""
        place = EventPlace(address=address, account=(account and account.native_id) or "YOUR-ACCOUNT")
        made: EventSetup = event_setup_of(way, place, self.settings or {})
        return made  # type: ignore[return-value]  # read like the type that it is shown as

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@view(documents.ReceivedEvent, description="An event as it came in, without its content.")
class ReceivedEvent(Node):
    event_id: str = said("The provider's own id, or one made of its content: what comes twice is stored once.")
    kind: str = said("What the provider calls such an event.")
    state: ReceivedState = said("What became of it.")
    sent_at: datetime | None = said("When the provider says it was sent.")
    received_at: datetime = said("When it came in.")
    processed_at: datetime | None = said("When it was looked at.")
    problem: str | None = said("Why it could not be read.")
    endpoint: EventEndpoint | None = related("endpoint_id", "Where it came in; null when that is gone.")

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.type(description="An endpoint, and its secret where it has one that we make.")
class IssuedEventEndpoint:
    secret: str | None = said("What to give to the provider. Copy it now: it is shown this once.")
    endpoint: EventEndpoint = said("What is stored of it.")
