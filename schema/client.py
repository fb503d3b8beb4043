"""A provider and its clients: what each sees of the other."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import strawberry
from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import BaseModel, Field

import documents
from documents.client import Stay
from documents.user import Person
from schema.errors import payload
from schema.node import ID_DESCRIPTION, Node, derived, global_id, said, view
from schema.relation import organization_id_of
from schema.values import register_enum

# Longer than a working day and nobody remembers that they are there.
MOST_MINUTES = 720
MOST_CLIENTS = 200


class ClientState(StrEnum):
    OPEN = "OPEN"
    DELETED = "DELETED"


register_enum(
    ClientState,
    "Whether a client is there.",
    {ClientState.OPEN: "There.", ClientState.DELETED: "Deleted: nobody holds anything in it any more."},
)


@strawberry.type(description="A stay of one of a provider's administrators in clients: for a reason, and for a time.")
class ClientAccess:
    created_at: datetime = said("When they entered.")
    expires_at: datetime = said("When it ends by itself.")
    ended_at: datetime | None = said("When they left; null before, and when it ended by itself.")
    reason: str = said("Why.")
    id: strawberry.Private[ObjectId]
    user: strawberry.Private[Person]
    client_ids: strawberry.Private[list[PydanticObjectId] | None]

    @derived(ID_DESCRIPTION, reads=("id",), name="id")
    def opaque_id(self) -> strawberry.ID:
        return global_id("ClientAccess", self.id)

    @derived("What the administrator is called.", reads=("user",))
    def person(self) -> str:
        return self.user.name

    @derived("Whether it is in every client, those opened later included.", reads=("client_ids",))
    def is_all(self) -> bool:
        return self.client_ids is None

    @derived("Global ids of the clients it is in; null when it is in all.", reads=("client_ids",))
    def organization_ids(self) -> list[strawberry.ID] | None:
        return None if self.client_ids is None else [global_id("Organization", id) for id in self.client_ids]


@strawberry.type(description="A company as its provider sees it: nothing of what is in it.")
class Client:
    name: str = said("What it is called.")
    created_at: datetime = said("When it was opened.")
    id: strawberry.Private[ObjectId]
    deleted_at: strawberry.Private[datetime | None]
    stays: strawberry.Private[list[Stay]]

    @derived("Global id of the `Organization`.", reads=("id",), name="id")
    def opaque_id(self) -> strawberry.ID:
        return global_id("Organization", self.id)

    @derived("Whether it is there.", reads=("deleted_at",))
    def state(self) -> ClientState:
        return ClientState.OPEN if self.deleted_at is None else ClientState.DELETED

    @derived("Who of the provider works in it now.", reads=("stays",))
    def open_accesses(self) -> list[ClientAccess]:
        return self.stays  # type: ignore[return-value]


@view(documents.ProviderVisit, description="A stay of one of the provider's administrators, as the client sees it.")
class ProviderVisit(Node):
    created_at: datetime = said("When they entered.")
    expires_at: datetime = said("When it ends by itself.")
    ended_at: datetime | None = said("When they left; null before, and when it ended by itself.")
    reason: str = said("Why they came.")
    user: strawberry.Private[Person]

    @derived("What the administrator is called.", reads=("user_id",))
    def person(self) -> str:
        return self.user.name

    @derived("The organization they were in.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="Where to work, why, and for how long.")
class EnterClientsInput(BaseModel):
    organization_id: strawberry.ID | None = Field(
        default=None, description="The provider; may be left out when only one is in reach."
    )
    client_ids: Annotated[list[strawberry.ID], Field(min_length=1, max_length=MOST_CLIENTS)] | None = Field(
        default=None, description="Global ids of the clients."
    )
    all: bool = Field(default=False, description="Every client instead, those opened later included.")
    reason: str = Field(min_length=3, max_length=300, description="Why; the clients see it.")
    minutes: int = Field(ge=1, le=MOST_MINUTES, description=f"For how long, {MOST_MINUTES} minutes at most.")


@strawberry.pydantic.input(description="A stay to end.")
class LeaveClientsInput(BaseModel):
    access_id: strawberry.ID | None = Field(
        default=None, description="Global id of the stay; all of yours that are under way when left out."
    )


EnterClientsPayload = payload("EnterClients", "access", ClientAccess, "The stay that begins.")
LeaveClientsPayload = payload("LeaveClients", "left", int, "How many stays have ended with this.")
