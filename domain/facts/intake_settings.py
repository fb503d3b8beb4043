"""What each way of intake must know beside the shared secret, to tell a genuine event of this tenant from any other."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from domain.facts.credentials import UUID
from domain.facts.intake import IntakeWay

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
# Microsoft's own application that delivers for Event Grid in the public cloud.
EVENT_GRID_APP = "4962773b-9cdb-44cf-a8bf-237846a00ab7"


class IntakeSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SnsSettings(IntakeSettings):
    """`topic_arns`: the topics that may send here, in a connected account.

    Signatures of version 1 are made with SHA-1, which can be forged with enough money: a topic is better set to 2.
    """

    topic_arns: tuple[Text, ...]
    allow_signature_version_1: bool = False


class SqsSettings(IntakeSettings):
    """`queue_url` is read with the account's own role. What SNS has put there is signed as for SnsSettings."""

    queue_url: Text
    allow_signature_version_1: bool = False


class EventGridSettings(IntakeSettings):
    """With `tenant_id` and `audience` a token of Microsoft Entra ID is asked for, else the shared secret."""

    tenant_id: Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=UUID)] | None = None
    audience: Text | None = None
    sender: Text = EVENT_GRID_APP


class PubsubPushSettings(IntakeSettings):
    """`service_account` is the e-mail address the token must be of; `audience` is the endpoint's address if None."""

    subscription: Text
    service_account: Text
    audience: Text | None = None


class PubsubPullSettings(IntakeSettings):
    """`subscription` is projects/<project>/subscriptions/<name>, read with the account's own key."""

    subscription: Text


class WebhookSettings(IntakeSettings):
    """Of GitHub and Jira: the signature says it all."""


class OktaSettings(IntakeSettings):
    """`header` is the header that carries the shared secret."""

    header: Text = "authorization"


class SlackSettings(IntakeSettings):
    """`team_id` is the workspace interactions must come from."""

    team_id: Text


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
