"""Routing rules: list, make, change, order and delete them."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

import documents
from auth.permission import Permission
from documents.alert import resolve_alerts
from documents.base import TenantDocument, object_id
from documents.page import Keyset
from documents.routing_rule import add_rule, change_rule, delete_rule, move_rule, rule_fingerprint
from documents.transaction import Transaction
from domain.errors import Conflict, NotFound
from domain.facts.scope import Scope
from resolvers.context import Context, Info
from resolvers.fields import mutation, query
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import global_id, local_id
from schema.routing import (
    CreateRoutingRuleInput,
    CreateRoutingRulePayload,
    DeleteRoutingRuleInput,
    DeleteRoutingRulePayload,
    MoveRoutingRuleInput,
    MoveRoutingRulePayload,
    RoutingRule,
    RuleFields,
    UpdateRoutingRuleInput,
    UpdateRoutingRulePayload,
)

WHAT = "What to do it with."
IN_ORDER = Keyset((("position", 1),))
NOT_AUDITED = {"id", "revision_id", "org_id", "created_at"}


@strawberry.type
class RoutingQueries:
    @query(
        Connection[RoutingRule],
        may=Permission.CHANNELS_READ,
        description="Rules of who is told of which alerts, in the order they are looked at. Without any, what is HIGH "
        "or worse goes at once to every channel that works, and the rest to a daily digest.",
    )
    async def routing_rules(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope = info.context.scope
        if organization_id:
            scope = scope.narrowed(local_id("Organization", organization_id))
        pager = info.context.ports.pager
        return await pager.page(info, documents.RoutingRule, scope, {}, IN_ORDER, first=first, after=after)


@strawberry.type
class RoutingMutations:
    @mutation(
        CreateRoutingRulePayload,
        may=Permission.CHANNELS_MANAGE,
        audit="routing_rule.create",
        description="Make a rule of who is told of which alerts. It comes behind the others.",
    )
    async def create_routing_rule(
        self, info: Info, input: Annotated[CreateRoutingRuleInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        org_id = context.organization(input.organization_id)
        fields = await _checked(context.scope.narrowed(org_id), input)

        async def change(tx: Transaction) -> documents.RoutingRule:
            rule = documents.RoutingRule(org_id=ObjectId(org_id), position=0, **fields)
            await add_rule(rule, tx.session)
            tx.audit(rule.org_id, target=f"routing_rule:{rule.id}", after=_audited(rule))
            return rule

        return await _named(context, change, input.name)

    @mutation(
        UpdateRoutingRulePayload,
        may=Permission.CHANNELS_MANAGE,
        audit="routing_rule.update",
        description="Change a rule. What it has people told of already is not taken back.",
    )
    async def update_routing_rule(
        self, info: Info, input: Annotated[UpdateRoutingRuleInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id = info.context, local_id("RoutingRule", input.rule_id)

        async def change(tx: Transaction) -> documents.RoutingRule:
            rule = await documents.RoutingRule.get_in(context.scope, id, session=tx.session)
            fields = await _checked(context.scope.narrowed(str(rule.org_id)), input)
            changed = await change_rule(rule, fields, input.expected_version, tx.session)
            tx.audit(rule.org_id, target=f"routing_rule:{id}", before=_audited(rule), after=_audited(changed))
            return changed

        return await _named(context, change, input.name)

    @mutation(
        MoveRoutingRulePayload,
        may=Permission.CHANNELS_MANAGE,
        audit="routing_rule.move",
        description="Put a rule at another place among the others.",
    )
    async def move_routing_rule(
        self, info: Info, input: Annotated[MoveRoutingRuleInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id = info.context, local_id("RoutingRule", input.rule_id)

        async def change(tx: Transaction) -> documents.RoutingRule:
            rule = await documents.RoutingRule.get_in(context.scope, id, session=tx.session)
            moved = await move_rule(rule, input.place, input.expected_version, tx.session)
            before, after = {"position": rule.position}, {"position": moved.position}
            tx.audit(rule.org_id, target=f"routing_rule:{id}", before=before, after=after)
            return moved

        return await context.ports.writer.commit(change)

    @mutation(
        DeleteRoutingRulePayload,
        may=Permission.CHANNELS_MANAGE,
        audit="routing_rule.delete",
        description="Delete a rule. What it has people told of already is not taken back.",
    )
    async def delete_routing_rule(
        self, info: Info, input: Annotated[DeleteRoutingRuleInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id = info.context, local_id("RoutingRule", input.rule_id)

        async def change(tx: Transaction) -> str:
            rule = await documents.RoutingRule.get_in(context.scope, id, session=tx.session)
            await delete_rule(rule, input.expected_version, tx.session)
            await resolve_alerts(tx, rule.org_id, [rule_fingerprint(id)], context.now())
            tx.audit(rule.org_id, target=f"routing_rule:{id}", before=_audited(rule))
            return global_id("RoutingRule", id)

        return await context.ports.writer.commit(change)


async def _checked(scope: Scope, input: RuleFields) -> dict[str, Any]:
    """The fields to store. Raises NotFound for an account or a channel that is not there."""
    fields = {name: getattr(input, name) for name in RuleFields.model_fields}
    fields["hours"] = [hours.fact() for hours in input.hours]
    fields["account_ids"] = await known(scope, documents.Account, "Account", input.account_ids)
    fields["channel_ids"] = await known(scope, documents.Channel, "Channel", input.channel_ids)
    fields["escalations"] = [
        {**step.model_dump(), "channel_ids": [str(id) for id in ids]}
        for step in input.escalations
        for ids in [await known(scope, documents.Channel, "Channel", step.channel_ids)]
    ]
    # As they are stored: what is changed is written as it stands here.
    made = documents.RoutingRule(org_id=ObjectId(scope.only()), position=0, **fields)
    stored: dict[str, Any] = made.model_dump(include=set(fields))
    return stored


async def known(
    scope: Scope, document: type[TenantDocument], type_name: str, ids: Sequence[strawberry.ID]
) -> list[ObjectId]:
    """The stored ids of these things, each once. Raises NotFound when one is not there, or not in scope."""
    wanted = list(dict.fromkeys(object_id(local_id(type_name, id), document.noun) for id in ids))
    if len(await document.rows_by_id(scope, wanted)) < len(wanted):
        raise NotFound.of(document.noun)
    return wanted


async def _named(context: Context, change: Any, name: str) -> Any:
    try:
        return await context.ports.writer.commit(change)
    except DuplicateKeyError as error:
        raise Conflict(
            f"There is a rule called {name} already: choose another name.", path=("input", "name")
        ) from error


def _audited(rule: documents.RoutingRule) -> dict[str, Any]:
    fields: dict[str, Any] = rule.model_dump(mode="json", exclude=NOT_AUDITED)
    return fields
