"""What event endpoints are made from, and what comes back."""

import strawberry
from pydantic import BaseModel, Field, SecretStr

from domain.facts import intake_settings
from domain.facts.intake import IntakeWay
from schema.errors import payload
from schema.event_endpoint import EventEndpoint, IssuedEventEndpoint
from schema.organization import IDEMPOTENCY_KEY

for fact, name, description in (
    (intake_settings.SqsSettings, "AwsSqsEventsInput", "A queue of SQS."),
    (intake_settings.EventGridSettings, "AzureEventGridEventsInput", "What proves a call of Event Grid."),
    (intake_settings.PubsubPushSettings, "GcpPubsubPushEventsInput", "A subscription of Pub/Sub that pushes."),
    (intake_settings.PubsubPullSettings, "GcpPubsubPullEventsInput", "A subscription of Pub/Sub to read."),
    (intake_settings.OktaSettings, "OktaEventsInput", "Where Okta writes the secret."),
    (intake_settings.SlackSettings, "SlackEventsInput", "The workspace of Slack."),
):
    strawberry.pydantic.input(fact, name=name, description=description)

strawberry.pydantic.input(intake_settings.SnsSettings, name="AwsSnsEventsInput", description="Topics of SNS.")


@strawberry.pydantic.input(
    description="The settings of a way: the one that is the endpoint's. GitHub and Jira have none.", one_of=True
)
class EventSettingsInput(BaseModel):
    aws_sns: intake_settings.SnsSettings | None = Field(description="Of AWS_SNS.")
    aws_sqs: intake_settings.SqsSettings | None = Field(description="Of AWS_SQS.")
    azure_event_grid: intake_settings.EventGridSettings | None = Field(description="Of AZURE_EVENT_GRID.")
    gcp_pubsub_push: intake_settings.PubsubPushSettings | None = Field(description="Of GCP_PUBSUB_PUSH.")
    gcp_pubsub_pull: intake_settings.PubsubPullSettings | None = Field(description="Of GCP_PUBSUB_PULL.")
    okta_event_hook: intake_settings.OktaSettings | None = Field(description="Of OKTA_EVENT_HOOK.")
    slack_interaction: intake_settings.SlackSettings | None = Field(description="Of SLACK_INTERACTION.")


SETTINGS = Field(default=None, description="What the way has to know; left out where it has no settings, or defaults.")
SECRET = Field(
    default=None,
    min_length=8,
    max_length=200,
    description="The signing secret of Slack's app, stored encrypted. Other secrets are made here.",
)


@strawberry.pydantic.input(description="An endpoint to make.")
class CreateEventEndpointInput(BaseModel):
    account_id: strawberry.ID = Field(description="Global id of the account whose events it takes.")
    way: IntakeWay = Field(description="How events come in; the account's provider must offer it.")
    settings: EventSettingsInput | None = SETTINGS
    secret: SecretStr | None = SECRET
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="What to change of an endpoint; what is left out stays.")
class UpdateEventEndpointInput(BaseModel):
    id: strawberry.ID = Field(description="Global id of the endpoint.")
    expected_version: int | None = Field(default=None, description="Refused when it has another version by now.")
    settings: EventSettingsInput | None = SETTINGS
    is_paused: bool | None = Field(default=None, description="Whether it takes nothing from now on.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="An endpoint that is to have another secret.")
class RotateEventEndpointSecretInput(BaseModel):
    id: strawberry.ID = Field(description="Global id of the endpoint.")
    secret: SecretStr | None = SECRET
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="The endpoint that is meant.")
class EventEndpointInput(BaseModel):
    id: strawberry.ID = Field(description="Global id of the endpoint.")


CreateEventEndpointPayload = payload("CreateEventEndpoint", "issued", IssuedEventEndpoint, "The new endpoint.")
UpdateEventEndpointPayload = payload("UpdateEventEndpoint", "endpoint", EventEndpoint, "It, changed.")
RotateEventEndpointSecretPayload = payload(
    "RotateEventEndpointSecret", "issued", IssuedEventEndpoint, "It, with the new secret."
)
DeleteEventEndpointPayload = payload("DeleteEventEndpoint", "endpoint", EventEndpoint, "As it was.")
