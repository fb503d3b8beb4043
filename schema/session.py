"""Signing in: what one gets, and the sessions one has open."""

from datetime import datetime
from enum import StrEnum

import strawberry
from pydantic import BaseModel, Field, SecretStr

import documents
from documents import AuthMethod, SessionEnd
from schema.errors import payload
from schema.node import Node, said, view
from schema.organization import Organization, User
from schema.values import register_enum


class TokenDelivery(StrEnum):
    BODY = "BODY"
    COOKIE = "COOKIE"


register_enum(
    TokenDelivery,
    "Where the tokens of a session are put.",
    {
        TokenDelivery.BODY: "Into the answer: for programs.",
        TokenDelivery.COOKIE: "Into cookies that scripts cannot read: for pages of the allowed origins. Requests then "
        "carry the header X-CloudWatcher-CSRF with any value.",
    },
)


DELIVERY = Field(default=TokenDelivery.BODY, description="Where to put the tokens.")


@strawberry.type(description="Fresh tokens of a session.")
class Session:
    access_token: str | None = said(
        "Send it as `Authorization: Bearer …`, or as `accessToken` in connection_init. Null when it is in a cookie."
    )
    expires_at: datetime = said("When the access token ends; use `refreshSession` before.")
    refresh_token: str | None = said("Exchange it once, with `refreshSession`. Null when it is in a cookie.")
    refresh_expires_at: datetime = said("When the session ends, unless it is refreshed before.")
    user: User = said("Who signed in.")


@strawberry.type(
    description="It worked, but no session begins here: the organization that owns the domain of the address has its "
    "people sign in through its own provider."
)
class ProviderSignInRequired:
    provider_name: str = said("What the provider is called; `signInOptions` of the address leads there.")


@view(documents.Session, description="One sign-in of the viewer on one device.")
class DeviceSession(Node):
    created_at: datetime = said("When it began.")
    used_at: datetime = said("When its tokens were refreshed last.")
    expires_at: datetime = said("When it ends by itself, unless it is used before.")
    ended_at: datetime | None = said("When it was ended; null while it is open.")
    end_reason: SessionEnd | None = said("Why it was ended.")
    authenticated_at: datetime = said("When the person showed last who they are.")
    methods: list[AuthMethod] = said("How they did.")
    address: str = said("Network address it began from.")
    user_agent: str = said("What the browser or program said it is.")


@strawberry.pydantic.input(description="A refresh token to exchange.")
class RefreshSessionInput(BaseModel):
    refresh_token: SecretStr | None = Field(
        default=None, max_length=200, description="The token; leave it out when it is in a cookie."
    )


@strawberry.pydantic.input(description="How far to sign out.")
class SignOutInput(BaseModel):
    everywhere: bool = Field(default=False, description="End every session of yours, not only this one.")


@strawberry.pydantic.input(description="A session to end.")
class EndSessionInput(BaseModel):
    session_id: strawberry.ID = Field(description="Global id of the session.")


@strawberry.pydantic.input(description="The organization whose sessions to cut off.")
class CutOffSessionsInput(BaseModel):
    organization_id: strawberry.ID = Field(description="Global id of the organization.")


RefreshSessionPayload = payload("RefreshSession", "session", Session, "The next tokens.")
SignOutPayload = payload("SignOut", "ended", int, "How many sessions were ended.")
EndSessionPayload = payload("EndSession", "session", DeviceSession, "The session, now ended.")
CutOffSessionsPayload = payload("CutOffSessions", "organization", Organization, "The organization.")
