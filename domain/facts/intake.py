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

    @property
    def makes_secret(self) -> bool:
        """Whether we make the secret that is shared with the provider."""
        return self in {
            IntakeWay.AZURE_EVENT_GRID,
            IntakeWay.GITHUB_WEBHOOK,
            IntakeWay.OKTA_EVENT_HOOK,
            IntakeWay.JIRA_WEBHOOK,
        }

    @property
    def takes_secret(self) -> bool:
        """Whether the provider makes it, and we are told."""
        return self is IntakeWay.SLACK_INTERACTION

    def address(self, public_url: str, id: object) -> str | None:
        """Where the provider sends to; None for what is pulled."""
        return None if self.is_pulled else f"{public_url.rstrip('/')}/events/{self.provider.value.lower()}/{id}"
