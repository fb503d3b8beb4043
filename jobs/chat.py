"""Who acts from a chat, and what that person may do: nothing more than with a session, and nothing elsewhere."""

from dataclasses import dataclass

import orjson

from auth.permission import Permission
from auth.scope import scope_of_job, scope_of_person
from auth.standing import Standing
from auth.standings import standing_without_session
from connectors.reading.source import Reach
from connectors.systems.slack import people
from documents.account import Account
from documents.received_event import ReceivedEvent
from documents.user import User, find_user, normal_email
from domain.errors import Forbidden, NotFound
from domain.facts.credentials import SlackCredentials
from domain.facts.provider import Provider
from domain.facts.scope import Scope
from jobs.context import JobContext
from jobs.opened_secret import opened_secret

JOB = "chat"
STRANGER = (
    "CloudWatcher does not know you in this organization. Your address in Slack must be the one you sign in with "
    "there, and an administrator must have invited you."
)
NOT_CONNECTED = (
    "CloudWatcher cannot ask Slack who you are: the Slack workspace is not connected. Tell an administrator."
)


@dataclass(frozen=True, slots=True)
class ChatPerson:
    """A person, and what they hold in the organization whose endpoint was called."""

    user: User
    org_id: str
    standing: Standing

    @property
    def actor(self) -> str:
        return f"user:{self.user.id}"

    def holds(self, permission: Permission) -> bool:
        """Whether they may do this."""
        return permission in self.standing.permissions

    def scope(self, permission: Permission) -> Scope:
        """What they may touch under this permission. Raises Forbidden without it."""
        if not self.holds(permission):
            raise Forbidden(self.standing.blocked or "Your role in CloudWatcher does not allow this.")
        return scope_of_person(self.user.id, self.org_id, self.standing, permission)


async def person_behind(context: JobContext, received: ReceivedEvent, slack_id: str) -> ChatPerson:
    """The person in CloudWatcher who has this id in Slack, by the address that Slack gives.

    Raises NotFound in plain words for anybody who is not known in the organization; ProviderError of Slack or vault.
    """
    credentials = await _credentials(context, received)
    reach = Reach(
        guard=context.guards.of(Provider.SLACK, str(received.account_id)),
        allow_private_endpoint=context.allow_private_endpoints,
        now=context.now,
    )
    found = await people.person_of(credentials, reach, slack_id)
    user = None if found is None else await find_user(normal_email(found.email))
    if user is None or user.deactivated_at is not None or user.email_verified_at is None:
        raise NotFound(STRANGER)
    standing = await standing_without_session(user, received.org_id, context.now())
    if standing is None:
        raise NotFound(STRANGER)
    return ChatPerson(user, str(received.org_id), standing)


async def _credentials(context: JobContext, received: ReceivedEvent) -> SlackCredentials:
    """Those of the connected workspace that the endpoint belongs to."""
    scope = scope_of_job(JOB, str(received.org_id))
    account = await Account.find_in(scope, {"_id": received.account_id, "provider": Provider.SLACK.value})
    if account is None or not account.is_connected or account.credentials is None:
        raise NotFound(NOT_CONNECTED)
    secret = await opened_secret(context.vault, account.credentials)
    return SlackCredentials.model_validate(orjson.loads(secret))
