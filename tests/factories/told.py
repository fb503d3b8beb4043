"""Channels that can be used, alerts, and what was asked to be told of them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

import documents
from app.wiring import Backend
from app.worker import options
from documents.alert import Alert, AlertSource, Cause, raise_alert, resolve_alerts
from documents.alert_change import acknowledge_alert, reopen_alert, snooze_alert
from documents.base import utc_now
from documents.transaction import Transaction
from domain.alerting.quiet import QuietHours
from domain.facts.channel import ChannelKind, ChannelState
from domain.facts.severity import Severity
from jobs.tasks.dispatch_events import dispatch_events
from tests.factories.backlog import is_asked
from tests.factories.tenant import Tenant


async def make_channel(
    tenant: Tenant,
    name: str = "everybody",
    *,
    kind: ChannelKind = ChannelKind.EMAIL,
    state: ChannelState = ChannelState.VERIFIED,
    quiet: QuietHours | None = None,
) -> ObjectId:
    """A channel as it is after its test; sending to it is not tried here."""
    channel = documents.Channel(
        org_id=tenant.organization.id,
        name=name,
        kind=kind,
        shown=f"{name}@example.com",
        settings=b"sealed",
        state=state,
        quiet=quiet and quiet.model_dump(mode="json"),
    )
    await channel.insert()
    return ObjectId(channel.id)


async def make_rule(tenant: Tenant, name: str, *channel_ids: ObjectId, **fields: Any) -> documents.RoutingRule:
    """A rule that tells these channels; of everything, unless the fields say otherwise."""
    rule = documents.RoutingRule(
        org_id=tenant.organization.id, name=name, channel_ids=channel_ids, **{"position": 0, **fields}
    )
    return await rule.add()


class Desk:
    """Raises and ends alerts of one organization and has it told of them, at a time of the test's choosing."""

    def __init__(self, backend: Backend, tenant: Tenant) -> None:
        self.backend, self.tenant = backend, tenant
        self.org_id = tenant.organization.id

    def ctx(self, now: datetime | None = None) -> dict[str, Any]:
        """What a task is handed; its clock stands still at `now`, where that is given."""
        made: dict[str, Any] = options(self.backend)["ctx"]
        return made if now is None else {"context": replace(made["context"], now=lambda: now)}

    async def raised(self, *names: str, severity: Severity = Severity.HIGH, **fields: Any) -> None:
        """Raise an alert for each name."""

        async def change(tx: Transaction) -> None:
            for name in names:
                cause = Cause(name, AlertSource.FINDING, severity, f"Title of {name}", "What to do", **fields)
                await raise_alert(tx, self.org_id, cause, utc_now())

        await self.backend.writer.commit(change)

    async def resolved(self, *names: str) -> None:
        """Resolve these alerts."""

        async def change(tx: Transaction) -> None:
            await resolve_alerts(tx, self.org_id, names, utc_now())

        await self.backend.writer.commit(change)

    async def acknowledged(self, name: str) -> None:
        """Acknowledge this alert."""
        id, at = str((await self.alert(name)).id), utc_now()
        await self.backend.writer.commit(
            lambda tx: acknowledge_alert(tx, self.tenant.scope, id, at=at, expected_version=None)
        )

    async def snoozed(self, name: str) -> None:
        """Put this alert away for an hour."""
        id, at = str((await self.alert(name)).id), utc_now()
        until = at + timedelta(hours=1)
        await self.backend.writer.commit(lambda tx: snooze_alert(tx, self.tenant.scope, id, until=until, at=at))

    async def reopened(self, name: str) -> None:
        """Give this alert back."""
        id, at = str((await self.alert(name)).id), utc_now()
        await self.backend.writer.commit(lambda tx: reopen_alert(tx, self.tenant.scope, id, at=at))

    async def dispatched(self, now: datetime | None = None) -> None:
        """Have what has happened told."""
        await dispatch_events(self.ctx(now), org_id=str(self.org_id))

    async def alert(self, name: str) -> Alert:
        """The alert of this name."""
        found = await Alert.find_in(self.tenant.scope, {"fingerprint": name})
        assert found is not None
        return found

    async def deliveries(self, **query: Any) -> list[dict[str, Any]]:
        """What was asked to be delivered, in the order of asking."""
        rows = documents.Delivery.rows().find({"org_id": self.org_id, **query})
        found: list[dict[str, Any]] = await rows.sort([("created_at", 1), ("_id", 1)]).to_list()
        return found

    async def told(self, **query: Any) -> list[tuple[str, str, str]]:
        """(kind, title, state) of each delivery."""
        return [(one["kind"], one["title"], one["state"]) for one in await self.deliveries(**query)]

    async def is_asked(self, delivery_id: ObjectId) -> bool:
        """Whether a job is asked for that delivers this."""
        return await is_asked(self.backend, f"deliver:{delivery_id}")
