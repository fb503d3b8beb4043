"""What credentials open in an account, and the credentials of each vendor as they are sent in."""

import strawberry
from pydantic import BaseModel, Field, SecretStr

from domain.facts import access, credentials
from schema.values import register_enum

register_enum(
    access.Readability,
    "How a read was answered when the credentials were tried.",
    {
        access.Readability.READABLE: "It works.",
        access.Readability.REFUSED: "A permission is missing.",
        access.Readability.PLAN: "The plan or a setting of the account does not offer it.",
        access.Readability.UNAVAILABLE: "It failed for another reason; a sync may fare better.",
        access.Readability.NOT_TRIED: "There was nothing to try it on, or no time.",
    },
)
strawberry.pydantic.type(access.OperationAccess, description="One read, and whether it works.")
strawberry.pydantic.type(access.ServiceAccess, description="The reads of one service.")
strawberry.pydantic.type(
    access.MissingAccess, description="A permission or plan that is missing, and what it would bring."
)
strawberry.pydantic.type(access.AccessReport, description="What the credentials of an account open, as last tried.")

for fact, name, description in (
    (credentials.AzureCredentials, "AzureAccessInput", "An application of Entra ID and the subscription it may read."),
    (credentials.GcpCredentials, "GcpAccessInput", "A service account and the project it may read."),
    (credentials.DigitalOceanCredentials, "DigitalOceanAccessInput", "A token of DigitalOcean, and a key of Spaces."),
    (credentials.GithubCredentials, "GithubAccessInput", "A token of GitHub, or an installed app with its key."),
    (credentials.OktaCredentials, "OktaAccessInput", "An API token of Okta, or a service app with its key."),
    (credentials.JiraCredentials, "JiraAccessInput", "An API token of a Jira user."),
    (credentials.SlackCredentials, "SlackAccessInput", "A bot token of Slack."),
):
    strawberry.pydantic.input(fact, name=name, description=description)


@strawberry.pydantic.input(description="Sign-in by assuming a role in the account. The usual and safer way.")
class AwsRoleInput(BaseModel):
    role_arn: str = Field(
        pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[A-Za-z0-9_+=,.@/-]{1,512}$",
        description="ARN of the role to assume.",
    )
    external_id: str | None = Field(
        default=None,
        min_length=2,
        max_length=1224,
        description="The external id its trust policy asks for: the organization's own, which `accountSetup` shows. "
        "It may be left out, and cannot be chosen.",
    )


@strawberry.pydantic.input(description="Sign-in with an access key.")
class AwsKeyInput(BaseModel):
    access_key_id: str = Field(min_length=16, max_length=128, pattern="^[A-Za-z0-9_]+$", description="The key's id.")
    secret_access_key: SecretStr = Field(min_length=8, max_length=256, description="The key itself; stored encrypted.")


@strawberry.pydantic.input(
    description="How to get into AWS: a role, or a key, or both, when the role is to be assumed with that key."
)
class AwsAccessInput(BaseModel):
    role: AwsRoleInput | None = Field(default=None, description="By role and external id.")
    key: AwsKeyInput | None = Field(default=None, description="By access key.")
    regions: list[str] = Field(
        default_factory=list, max_length=40, description="Regions to read; empty means every enabled region."
    )
    endpoint_url: str | None = Field(
        default=None, max_length=300, description="Address to call instead of AWS, for sovereign clouds and stand-ins."
    )
    all_accounts: bool = Field(
        default=False,
        description="Whether the other accounts of its AWS organization are connected, too, as far as they let it.",
    )


@strawberry.pydantic.input(description="The vendor and the credentials: exactly one of them.", one_of=True)
class AccessInput(BaseModel):
    aws: AwsAccessInput | None = Field(description="Amazon Web Services.")
    azure: credentials.AzureCredentials | None = Field(description="Microsoft Azure, one subscription.")
    gcp: credentials.GcpCredentials | None = Field(description="Google Cloud, one project.")
    digitalocean: credentials.DigitalOceanCredentials | None = Field(description="DigitalOcean, one team.")
    github: credentials.GithubCredentials | None = Field(description="GitHub, one organization.")
    okta: credentials.OktaCredentials | None = Field(description="Okta, one organization.")
    jira: credentials.JiraCredentials | None = Field(description="Jira Cloud, one site.")
    slack: credentials.SlackCredentials | None = Field(description="Slack, one workspace.")
