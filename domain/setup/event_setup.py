"""How a provider is told to send events to an endpoint, or how a queue is made ready to be read: by way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from domain.facts.intake import IntakeWay
from domain.facts.intake_settings import SETTINGS_OF
from domain.setup import event_aws, event_azure, event_gcp, event_systems
from domain.setup.event_place import EventPlace
from domain.setup.guide import Snippet


@dataclass(frozen=True, kw_only=True)
class EventSetup:
    steps: list[str]
    snippets: list[Snippet]


Made = tuple[list[str], list[Snippet]]
WAYS: dict[IntakeWay, Callable[[EventPlace, Any], Made]] = {
    IntakeWay.AWS_SNS: event_aws.sns,
    IntakeWay.AWS_SQS: event_aws.sqs,
    IntakeWay.AZURE_EVENT_GRID: event_azure.event_grid,
    IntakeWay.GCP_PUBSUB_PUSH: event_gcp.push,
    IntakeWay.GCP_PUBSUB_PULL: event_gcp.pull,
    IntakeWay.GITHUB_WEBHOOK: event_systems.github,
    IntakeWay.OKTA_EVENT_HOOK: event_systems.okta,
    IntakeWay.JIRA_WEBHOOK: event_systems.jira,
    IntakeWay.SLACK_INTERACTION: event_systems.slack,
}


def event_setup_of(way: IntakeWay, place: EventPlace, settings: dict[str, Any]) -> EventSetup:
    """Steps and texts to copy for an endpoint. `settings` are those it is stored with."""
    steps, snippets = WAYS[way](place, SETTINGS_OF[way].model_validate(settings))
    return EventSetup(steps=steps, snippets=snippets)
