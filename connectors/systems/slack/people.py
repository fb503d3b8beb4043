"""Who somebody in a workspace is, for what they do there with our messages."""

from dataclasses import dataclass

from connectors.reading.listing import Operation, Place
from connectors.reading.source import Reach
from connectors.systems.slack import source
from domain.facts.credentials import SlackCredentials

INFO = Operation(
    name="users.info",
    service="users.info",
    permissions=("users:read", "users:read.email"),
    request="GET /users.info",
)


@dataclass(frozen=True, slots=True)
class SlackPerson:
    """`email` is the address that Slack holds to be theirs."""

    id: str
    email: str


async def person_of(credentials: SlackCredentials, reach: Reach, user_id: str) -> SlackPerson | None:
    """The full member of the workspace with this id; None for bots, guests, strangers and those who have left, and for
    an address that is not confirmed. Raises ProviderError. Source: Slack Web API, users.info.
    """
    place = Place(account_id=user_id, region=None, now=reach.now())
    async with source.open_source(credentials, reach) as slack:
        async for answer in slack.pages(INFO, place, {"user": user_id}):
            user = answer.get("user") or {}
            email = (user.get("profile") or {}).get("email")
            if user.get("id") == user_id and email and _is_full_member(user):
                return SlackPerson(user_id, str(email))
    return None


# What Slack says of those whose address proves nothing to us.
_OTHERS = ("deleted", "is_bot", "is_app_user", "is_restricted", "is_ultra_restricted", "is_stranger")


def _is_full_member(user: dict[str, object]) -> bool:
    return not any(user.get(name) for name in _OTHERS) and user.get("is_email_confirmed") is not False
