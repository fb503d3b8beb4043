"""What people do with incidents: take one on, give it to somebody, take it apart, put several together."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.alert_change import acknowledge_alert
from documents.incident import change_incident, expected_incident
from documents.incident_change import acknowledge, merge, open_alerts, split
from documents.transaction import Transaction
from domain.errors import NotFound
from resolvers.assignee import assignee_of
from resolvers.context import Info
from resolvers.fields import mutation
from schema.incident import (
    KINDS,
    AcknowledgeIncidentInput,
    AcknowledgeIncidentPayload,
    AssignIncidentInput,
    AssignIncidentPayload,
    MergeIncidentsInput,
    MergeIncidentsPayload,
    SplitIncidentInput,
    SplitIncidentPayload,
)
from schema.node import local_id, parse_id

WHAT = "What to do it with."
# Alerts of one request: it ends within the time that a request has.
ALERTS_AT_ONCE = 500
Change = Callable[[Transaction, documents.Incident], Awaitable[documents.Incident]]


@strawberry.type
class IncidentMutations:
    @mutation(
        AcknowledgeIncidentPayload,
        may=Permission.ALERTS_ACKNOWLEDGE,
        audit="incident.acknowledge",
        description="Say that you have taken an incident on, and its open alerts with it: 500 at a time.",
    )
    async def acknowledge_incident(
        self, info: Info, input: Annotated[AcknowledgeIncidentInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, at = info.context, info.context.now()

        async def change(tx: Transaction, incident: documents.Incident) -> documents.Incident:
            taken = await acknowledge(tx, incident, at)
            for id in await open_alerts(incident, tx, limit=ALERTS_AT_ONCE):
                await acknowledge_alert(tx, context.scope, id, at=at, expected_version=None)
            return taken

        return await _changed(info, input, change)

    @mutation(
        AssignIncidentPayload,
        may=Permission.ALERTS_ACKNOWLEDGE,
        audit="incident.assign",
        description="Say whose an incident is. The member must be able to see alerts there.",
    )
    async def assign_incident(
        self, info: Info, input: Annotated[AssignIncidentInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        async def change(tx: Transaction, incident: documents.Incident) -> documents.Incident:
            chosen = input.member_id
            member_id = None if chosen is None else await assignee_of(info.context, tx, incident.org_id, chosen)
            return await change_incident(tx, incident.key, {"assignee_id": member_id})

        return await _changed(info, input, change)

    @mutation(
        SplitIncidentPayload,
        may=Permission.ALERTS_ACKNOWLEDGE,
        audit="incident.split",
        description="Take out of an incident what does not belong to it. Several become an incident of their own, a "
        "single one stands alone. No rule puts them together again.",
    )
    async def split_incident(
        self, info: Info, input: Annotated[SplitIncidentInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, signals = info.context, [_signal(id) for id in input.member_ids]

        async def change(tx: Transaction, incident: documents.Incident) -> documents.Incident:
            by, at = context.signed_in.actor, context.now()
            return await split(tx, incident, signals, by=by, at=at, reason=input.reason)

        return await _changed(info, input, change)

    @mutation(
        MergeIncidentsPayload,
        may=Permission.ALERTS_ACKNOWLEDGE,
        audit="incident.merge",
        description="Put incidents of one organization together. They go on as the one that is named first.",
    )
    async def merge_incidents(
        self, info: Info, input: Annotated[MergeIncidentsInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, ids = info.context, dict.fromkeys(local_id("Incident", id) for id in input.other_ids)

        async def change(tx: Transaction, incident: documents.Incident) -> documents.Incident:
            others = [await expected_incident(context.scope, id, None, tx.session) for id in ids]
            by, at = context.signed_in.actor, context.now()
            return await merge(tx, incident, others, by=by, at=at, reason=input.reason)

        return await _changed(info, input, change)


def _signal(id: str) -> str:
    """The stored signal of a global id. Raises NotFound for what can be no member."""
    type_name, local = parse_id(id)
    for kind, name in KINDS.items():
        if type_name == name:
            return f"{kind}:{local}"
    raise NotFound.of("member of this incident")


async def _changed(info: Info, input: Any, change: Change) -> documents.Incident:
    incident_id = local_id("Incident", input.incident_id)

    async def audited(tx: Transaction) -> documents.Incident:
        before = await expected_incident(info.context.scope, incident_id, input.expected_version, tx.session)
        after = await change(tx, before)
        tx.audit(after.org_id, target=f"incident:{after.id}", before=_shown(before), after=_shown(after))
        return after

    return await info.context.ports.writer.commit(audited)


def _shown(incident: documents.Incident) -> dict[str, Any]:
    return {
        "state": incident.state,
        "version": incident.version,
        "assignee": incident.assignee_id,
        "members": incident.member_count,
        "decisions": incident.decisions,
    }
