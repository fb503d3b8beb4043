"""Channels of a fresh tenant, deliveries through them, and the job that sends them, run by hand at a chosen time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from beanie import PydanticObjectId
from bson import ObjectId

import documents
from app.wiring import Backend
from app.worker import options
from connectors.channels.mail import Post
from connectors.guard import Guards
from documents.account import sealed
from documents.base import utc_now
from documents.delivery import add_delivery
from documents.transaction import Transaction
from domain.facts.channel import ChannelKind, ChannelState
from domain.facts.channel_settings import ChannelSettings
from domain.facts.notice import Notice
from jobs.context import JobContext
from jobs.tasks.deliver import deliver
from tests.factories.tenant import Tenant, make_tenant


@dataclass
class House:
    """`now` is the time that jobs believe it is; move it on with `later`."""

    backend: Backend
    tenant: Tenant
    context: JobContext
    moved: timedelta = timedelta()

    @property
    def org_id(self) -> PydanticObjectId:
        return PydanticObjectId(self.tenant.org_id)

    def now(self) -> datetime:
        return utc_now() + self.moved

    def later(self, by: timedelta) -> None:
        """Guards go by a clock of their own, so they are made anew: what they held back is over."""
        self.moved += by
        self.context = replace(self.context, guards=Guards())

    def with_post(self, post: Post) -> None:
        self.context = replace(self.context, post=post)

    async def channel(
        self, settings: ChannelSettings, kind: ChannelKind, state: ChannelState = ChannelState.VERIFIED, **fields: Any
    ) -> documents.Channel:
        """A stored channel, with its settings sealed."""
        cipher = await self.backend.vault.seal(self.tenant.org_id, orjson.dumps(settings.revealed()).decode())
        made = documents.Channel(
            id=PydanticObjectId(),
            org_id=self.org_id,
            name=f"channel {ObjectId()}",
            kind=kind,
            shown=settings.shown,
            settings=sealed(cipher),
            state=state,
            proven_version=1 if state is ChannelState.VERIFIED else None,
            **fields,
        )
        await made.insert()
        return made

    async def ask(
        self, channel: documents.Channel, notice: Notice, key: str = "key", sequence: int | None = None
    ) -> str:
        """Ask for a delivery; returns its id."""

        async def change(tx: Transaction) -> ObjectId | None:
            assert channel.id is not None
            return await add_delivery(tx, self.org_id, channel.id, key, notice, sequence=sequence)

        return str(await self.backend.writer.commit(change))

    async def run(self, id: str) -> str:
        """What the job makes of it now."""
        return await deliver({"context": self.context}, org_id=self.tenant.org_id, delivery_id=id)

    async def delivery(self, id: str) -> documents.Delivery:
        return await documents.Delivery.get_in(self.tenant.scope, id)

    async def seen(self, channel: documents.Channel) -> documents.Channel:
        """The channel as it is stored now."""
        return await documents.Channel.get_in(self.tenant.scope, str(channel.id))

    async def alerts(self, channel: documents.Channel) -> list[documents.Alert]:
        return await documents.Alert.list_in(self.tenant.scope, {"fingerprint": f"channel:{channel.id}"})


async def open_house(backend: Backend) -> House:
    """Guards of its own: what one test breaks must not rest in the next."""
    made: JobContext = options(backend)["ctx"]["context"]
    house = House(backend, await make_tenant(backend), made)
    house.context = replace(made, now=house.now, guards=Guards())
    return house
