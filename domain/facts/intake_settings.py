"""What each way of intake must know beside the shared secret, to tell a genuine event of this tenant from any other."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from domain.facts.credentials import UUID
from domain.facts.intake import IntakeWay

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
# Microsoft's own application that delivers for Event Grid in the public cloud.
EVENT_GRID_APP = "4962773b-9cdb-44cf-a8bf-237846a00ab7"
SUBSCRIPTION = "projects/<project>/subscriptions/<name>"


class IntakeSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SnsSettings(IntakeSettings):
    """`topic_arns`: the topics that may send here, in a connected account.

    Signatures of version 1 are made with SHA-1, which can be forged with enough money: a topic is better set to 2.
    """

    topic_arns: tuple[Text, ...] = Field(
        min_length=1, max_length=20, description="ARNs of the topics that may send here, in a connected account."
    )
    allow_signature_version_1: bool = Field(
        default=False, description="Whether signatures with SHA-1 are taken, too. Better set the topics to version 2."
    )


class SqsSettings(IntakeSettings):
    """`queue_url` is read with the account's own role. What SNS has put there is signed as for SnsSettings."""

    queue_url: Text = Field(description="Address of the queue, which is read with the account's own role.")
    allow_signature_version_1: bool = Field(
        default=False, description="Whether signatures with SHA-1 are taken, too. Better set the topics to version 2."
    )


class EventGridSettings(IntakeSettings):
    """With `tenant_id` and `audience` a token of Microsoft Entra ID is asked for, else the shared secret."""

    tenant_id: Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=UUID)] | None = Field(
        default=None, description="Tenant of Entra ID whose tokens are taken; goes with audience."
    )
    audience: Text | None = Field(
        default=None, description="The application that tokens must be for. Without it a shared secret is asked for."
    )
    sender: Text = Field(
        default=EVENT_GRID_APP, description="The application that delivers for Event Grid, in a cloud apart."
    )

    @property
    def has_tokens(self) -> bool:
        """Whether tokens are asked for instead of the secret."""
        return self.tenant_id is not None and self.audience is not None


class PubsubPushSettings(IntakeSettings):
    """`service_account` is the e-mail address the token must be of; `audience` is the endpoint's address if None."""

    subscription: Text = Field(description=f"The subscription that pushes: {SUBSCRIPTION}.")
    service_account: Text = Field(description="E-mail address of the service account that pushes are signed as.")
    audience: Text | None = Field(default=None, description="Audience of the tokens; the endpoint's address if left.")


class PubsubPullSettings(IntakeSettings):
    """`subscription` is projects/<project>/subscriptions/<name>, read with the account's own key."""

    subscription: Text = Field(description=f"The subscription to read, with the account's own key: {SUBSCRIPTION}.")


class WebhookSettings(IntakeSettings):
    """Of GitHub and Jira: the signature says it all."""


class OktaSettings(IntakeSettings):
    """`header` is the header that carries the shared secret."""

    header: Text = Field(default="authorization", description="The header that carries the shared secret.")


class SlackSettings(IntakeSettings):
    """`team_id` is the workspace interactions must come from."""

    team_id: Text = Field(description="Id of the workspace that interactions must come from, such as T0123ABCD.")


SETTINGS_OF: dict[IntakeWay, type[IntakeSettings]] = {
    IntakeWay.AWS_SNS: SnsSettings,
    IntakeWay.AWS_SQS: SqsSettings,
    IntakeWay.AZURE_EVENT_GRID: EventGridSettings,
    IntakeWay.GCP_PUBSUB_PUSH: PubsubPushSettings,
    IntakeWay.GCP_PUBSUB_PULL: PubsubPullSettings,
    IntakeWay.GITHUB_WEBHOOK: WebhookSettings,
    IntakeWay.OKTA_EVENT_HOOK: OktaSettings,
    IntakeWay.JIRA_WEBHOOK: WebhookSettings,
    IntakeWay.SLACK_INTERACTION: SlackSettings,
}
