"""What the routing rules make of an alert: the answer that telling people of it acts on, with its reasons."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from bson import ObjectId

import documents
from auth.permission import Permission
from auth.scope import scope_of_all
from documents.routing import alert_facts, load_routing
from domain.alerting.route import Route, Routing, route
from domain.alerting.rule import AlertFacts
from resolvers.context import Context, Info
from resolvers.fields import query
from resolvers.routing import WHAT, known
from schema.node import global_id, local_id
from schema.routing import (
    ChannelTelling,
    PlannedEscalation,
    PreviewRoutingInput,
    RoutingPreview,
    RuleVerdict,
    escalation_step,
)


@strawberry.type
class RoutingPreviewQueries:
    @query(
        RoutingPreview,
        may=Permission.CHANNELS_READ,
        description="Where an alert would go if it were raised now: which rule sends it where and when, and why not.",
    )
    async def preview_routing(
        self, info: Info, input: Annotated[PreviewRoutingInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        at = input.at or context.now()
        org_id, facts = await _wanted(context, input, at)
        routing = await load_routing(org_id, at)
        return _shown(route(facts, routing, at), routing)


async def _wanted(context: Context, input: PreviewRoutingInput, at: datetime) -> tuple[ObjectId, AlertFacts]:
    """(organization, the alert that is asked about)."""
    if input.alert_id is not None:
        both = scope_of_all(context.signed_in, (Permission.CHANNELS_READ, Permission.ALERTS_READ))
        alert = await documents.Alert.get_in(both, local_id("Alert", input.alert_id))
        return ObjectId(alert.org_id), alert_facts(alert.model_dump(), at)
    org_id = context.organization(input.organization_id)
    asked = [] if input.account_id is None else [input.account_id]
    accounts = await known(context.scope.narrowed(org_id), documents.Account, "Account", asked)
    facts = AlertFacts(
        severity=input.severity,
        source=input.source,
        category=input.category,
        at=at,
        account_id=str(accounts[0]) if accounts else None,
        resources=frozenset({input.resource} if input.resource else ()),
        tags={key: value for key, _, value in (pair.partition("=") for pair in input.tags)},
    )
    return ObjectId(org_id), facts


def _shown(plan: Route, routing: Routing) -> RoutingPreview:
    names = {id: channel.name for id, channel in routing.channels.items()}
    return RoutingPreview(
        rules=[
            RuleVerdict(rule_id=_rule(one.rule_id), name=one.name, is_match=one.is_match, reason=one.reason)
            for one in plan.verdicts
        ],
        channels=[
            ChannelTelling(
                channel_id=global_id("Channel", one.channel_id),
                channel_name=names.get(one.channel_id),
                rule_id=_rule(one.rule_id),
                is_told=one.is_told,
                hold=one.hold,
                until=one.until,
                reason=one.reason,
            )
            for one in plan.tellings
        ],
        escalations=[
            PlannedEscalation(
                rule_id=global_id("RoutingRule", one.rule_id), due_at=one.due_at, step=escalation_step(one.step)
            )
            for one in plan.escalations
        ],
        muted_by_id=None if plan.muted_by is None else global_id("MaintenanceWindow", plan.muted_by.id),
        muted_until=plan.muted_until,
    )


def _rule(id: str) -> strawberry.ID | None:
    return global_id("RoutingRule", id) if id else None
