"""Anomalies of costs: list them, say what one was, and choose how they are found."""

from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents import anomaly_settings as stored
from documents.cost_anomaly import say_of_anomaly
from documents.page import Keyset
from documents.transaction import Transaction
from domain.errors import Invalid
from domain.facts.anomaly import SAID_BY_PEOPLE, AnomalyFeedback, AnomalyState
from jobs.queue import ask_anomaly_scan
from resolvers.context import Info
from resolvers.fields import mutation, query
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.cost_anomaly import (
    AnomalySettings,
    ChangeAnomalySettingsInput,
    ChangeAnomalySettingsPayload,
    CostAnomaly,
    CostAnomalyFilter,
    GiveAnomalyFeedbackInput,
    GiveAnomalyFeedbackPayload,
)
from schema.node import global_id, local_id

NEWEST_FIRST = Keyset((("last_on", -1),))


@strawberry.type
class CostAnomalyQueries:
    @query(
        Connection[CostAnomaly],
        may=Permission.COSTS_READ,
        description="Days on which costs were other than expected, newest first. They are looked for after every load "
        "of costs; with no costs, or less than a week of them, there are none.",
    )
    async def cost_anomalies(
        self,
        info: Info,
        filter: Annotated[
            CostAnomalyFilter | None, strawberry.argument(description="Which ones; all when left out.")
        ] = None,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        scope = info.context.scope
        if filter and filter.organization_id is not None:
            scope = scope.narrowed(local_id("Organization", filter.organization_id))
        return await info.context.ports.pager.page(
            info, documents.CostAnomaly, scope, _where(filter), NEWEST_FIRST, first=first, after=after
        )

    @query(
        AnomalySettings,
        may=Permission.COSTS_READ,
        description="How anomalies of costs are found and told in an organization.",
    )
    async def anomaly_settings(self, info: Info, organization_id: InOrganization = None) -> Any:
        scope = info.context.scope.narrowed(info.context.organization(organization_id))
        return _shown(await stored.anomaly_settings(scope))


@strawberry.type
class CostAnomalyMutations:
    @mutation(
        GiveAnomalyFeedbackPayload,
        may=Permission.ALERTS_ACKNOWLEDGE,
        audit="cost_anomaly.feedback",
        description="Say what an anomaly was. It ends its alert when nothing of the same cause is open, and what is "
        "found from now on takes it into account.",
    )
    async def give_anomaly_feedback(
        self,
        info: Info,
        input: Annotated[GiveAnomalyFeedbackInput, strawberry.argument(description="What to do it with.")],
    ) -> Any:
        context = info.context
        feedback = _feedback(input, context)
        id = local_id("CostAnomaly", input.anomaly_id)

        async def change(tx: Transaction) -> documents.CostAnomaly:
            found = await documents.CostAnomaly.get_in(context.scope, id, session=tx.session)
            said = await say_of_anomaly(tx, found, feedback, input.expected_version)
            ask_anomaly_scan(tx, said.org_id)
            tx.audit(
                said.org_id,
                target=f"cost_anomaly:{said.id}",
                before={"state": found.state},
                after={"state": said.state, "note": input.note},
            )
            return said

        return await context.ports.writer.commit(change)

    @mutation(
        ChangeAnomalySettingsPayload,
        may=Permission.COSTS_MANAGE,
        audit="anomaly_settings.change",
        description="Choose how anomalies of costs are found and told. What was found is looked at anew.",
    )
    async def change_anomaly_settings(
        self,
        info: Info,
        input: Annotated[ChangeAnomalySettingsInput, strawberry.argument(description="What to change.")],
    ) -> Any:
        context = info.context
        scope = context.scope.narrowed(context.organization(input.organization_id))
        changes = input.model_dump(
            exclude={"organization_id", "expected_version", "idempotency_key"}, exclude_none=True
        )

        async def change(tx: Transaction) -> AnomalySettings:
            current = await stored.anomaly_settings(scope)
            changed = await stored.change_anomaly_settings(tx, current, changes, input.expected_version, context.now())
            ask_anomaly_scan(tx, changed.org_id)
            audited = {"minimum_impact", "minimum_percent", "sensitivity", "finds_drops", "tell_from"}
            tx.audit(
                changed.org_id,
                target=f"anomaly_settings:{changed.org_id}",
                before=current.model_dump(include=audited),
                after=changed.model_dump(include=audited),
            )
            return _shown(changed)

        return await context.ports.writer.commit(change)


def _feedback(input: GiveAnomalyFeedbackInput, context: Any) -> AnomalyFeedback | None:
    if input.feedback is None:
        return None
    if input.feedback not in SAID_BY_PEOPLE:
        raise Invalid("Say EXPECTED, PLANNED, NOT_RELEVANT or FIXED.", path=("input", "feedback"))
    is_planned = input.feedback is AnomalyState.PLANNED
    if not is_planned and (input.from_on or input.until_on):
        raise Invalid("Days are named with PLANNED only.", path=("input", "fromOn"))
    if is_planned and input.from_on is None:
        raise Invalid("Name the first day that was planned.", path=("input", "fromOn"))
    if input.from_on and input.until_on and input.until_on < input.from_on:
        raise Invalid("The last planned day is before the first.", path=("input", "untilOn"))
    return AnomalyFeedback(
        state=input.feedback,
        note=input.note,
        by=context.scope.actor,
        at=context.now(),
        from_on=input.from_on,
        until_on=input.until_on,
    )


def _shown(settings: documents.AnomalySettings) -> AnomalySettings:
    return AnomalySettings(
        organization_id=global_id("Organization", settings.org_id),
        minimum_impact=settings.minimum_impact,
        minimum_percent=settings.minimum_percent,
        sensitivity=settings.sensitivity,
        finds_drops=settings.finds_drops,
        tell_from=settings.tell_from,
        version=settings.version,
    )


def _where(filter: CostAnomalyFilter | None) -> dict[str, Any]:
    if filter is None:
        return {}
    chosen = {
        "state": filter.states,
        "severity": filter.severities,
        "service_name": filter.service_names,
        "sub_account_id": filter.sub_account_ids,
    }
    return {name: {"$in": [str(value) for value in values]} for name, values in chosen.items() if values is not None}
