"""The ways in which events come in."""

from enum import StrEnum

from domain.facts.provider import Provider


class IntakeWay(StrEnum):
    """The last two are pulled by us; the others are pushed to /events/<provider>/<endpoint id>."""

    AWS_SNS = "AWS_SNS"
    AZURE_EVENT_GRID = "AZURE_EVENT_GRID"
    GCP_PUBSUB_PUSH = "GCP_PUBSUB_PUSH"
    GITHUB_WEBHOOK = "GITHUB_WEBHOOK"
    OKTA_EVENT_HOOK = "OKTA_EVENT_HOOK"
    JIRA_WEBHOOK = "JIRA_WEBHOOK"
    SLACK_INTERACTION = "SLACK_INTERACTION"
    AWS_SQS = "AWS_SQS"
    GCP_PUBSUB_PULL = "GCP_PUBSUB_PULL"

    @property
    def provider(self) -> Provider:
        """Whose events these are."""
        return Provider(self.value.partition("_")[0])

    @property
    def is_pulled(self) -> bool:
        """Whether we go and fetch them."""
        return self in {IntakeWay.AWS_SQS, IntakeWay.GCP_PUBSUB_PULL}
