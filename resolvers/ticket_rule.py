"""Rules of which alerts become a ticket in Jira: make, change and delete them, list them."""

from typing import Annotated, Any

import orjson
import strawberry
from beanie import PydanticObjectId
from pymongo.errors import DuplicateKeyError

import documents
from auth.permission import Permission
from documents.page import Keyset
from documents.ticket_rule import change_rule, delete_rule
from documents.ticket_template import check_template
from documents.transaction import Transaction
from domain.errors import Conflict, Invalid
from domain.facts.provider import Provider
from domain.facts.scope import Scope
from domain.ticketing.matching import TicketMatch as StoredMatch
from resolvers.context import Context, Info
from resolvers.fields import mutation, query
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id
from schema.ticket import (
    CreateTicketRulePayload,
    DeleteTicketRulePayload,
    TicketRule,
    UpdateTicketRulePayload,
)
from schema.ticket_rule import (
    CreateTicketRuleInput,
    DeleteTicketRuleInput,
    TicketFieldInput,
    TicketMatchInput,
    TicketPriorityInput,
    UpdateTicketRuleInput,
)

WHAT = "What to do it with."
BY_NAME = Keyset((("name", 1),))
AUDITED = {
    "name",
    "account_id",
    "project",
    "issue_type",
    "match",
    "summary",
    "description",
    "labels",
    "priorities",
    "fields",
    "is_paused",
}
PLAIN = ("name", "project", "issue_type", "summary", "description", "labels", "is_paused")


@strawberry.type
class TicketRuleQueries:
    @query(Connection[TicketRule], may=Permission.CHANNELS_READ, description="Rules of tickets in reach, by name.")
    async def ticket_rules(self, info: Info, first: First = DEFAULT_FIRST, after: After = None) -> Any:
        context = info.context
        return await context.ports.pager.page(
            info, documents.TicketRule, context.scope, {}, BY_NAME, first=first, after=after
        )


@strawberry.type
class TicketRuleMutations:
    @mutation(
        CreateTicketRulePayload,
        may=Permission.CHANNELS_MANAGE,
        audit="ticket_rule.create",
        description="Have alerts become tickets in Jira from now on. Of several rules that take an alert the oldest "
        "makes its ticket.",
    )
    async def create_ticket_rule(
        self, info: Info, input: Annotated[CreateTicketRuleInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        scope = context.scope.narrowed(context.organization(input.organization_id))
        _check_templates(input.summary, input.description)
        rule = documents.TicketRule(
            org_id=PydanticObjectId(scope.only()),
            name=input.name,
            account_id=await _jira(scope, input.account_id),
            project=input.project,
            issue_type=input.issue_type,
            match=await _match(scope, input.match),
            summary=input.summary,
            description=input.description,
            labels=input.labels,
            priorities=_priorities(input.priorities),
            fields=_fields(input.fields),
        )

        async def change(tx: Transaction) -> documents.TicketRule:
            await rule.insert(session=tx.session)
            tx.audit(rule.org_id, target=_target(rule), after=_audited(rule))
            return rule

        try:
            return await context.ports.writer.commit(change)
        except DuplicateKeyError as error:
            raise _taken(input.name) from error

    @mutation(
        UpdateTicketRulePayload,
        may=Permission.CHANNELS_MANAGE,
        audit="ticket_rule.update",
        description="Change a rule. Tickets that were made stay as they are.",
    )
    async def update_ticket_rule(
        self, info: Info, input: Annotated[UpdateTicketRuleInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        rule = await _rule(context, input.ticket_rule_id)
        _check_templates(input.summary, input.description)
        changes = await _changes(context.scope.narrowed(str(rule.org_id)), input)
        if not changes:
            raise Invalid("Say what to change.", path=("input",))

        async def change(tx: Transaction) -> documents.TicketRule:
            changed = await change_rule(rule, changes, input.expected_version, tx.session)
            tx.audit(rule.org_id, target=_target(rule), before=_audited(rule), after=_audited(changed))
            return changed

        try:
            return await context.ports.writer.commit(change)
        except DuplicateKeyError as error:
            raise _taken(input.name or "") from error

    @mutation(
        DeleteTicketRulePayload,
        may=Permission.CHANNELS_MANAGE,
        audit="ticket_rule.delete",
        description="Delete a rule. The tickets it made stay, and are kept in step.",
    )
    async def delete_ticket_rule(
        self, info: Info, input: Annotated[DeleteTicketRuleInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        rule = await _rule(info.context, input.ticket_rule_id)

        async def change(tx: Transaction) -> documents.TicketRule:
            await delete_rule(rule, tx.session)
            tx.audit(rule.org_id, target=_target(rule), before=_audited(rule))
            return rule

        return await info.context.ports.writer.commit(change)


async def _rule(context: Context, id: str) -> documents.TicketRule:
    return await documents.TicketRule.get_in(context.scope, local_id("TicketRule", id))


async def _changes(scope: Scope, input: UpdateTicketRuleInput) -> dict[str, Any]:
    """What to store: what was given."""
    changes: dict[str, Any] = {name: value for name in PLAIN if (value := getattr(input, name)) is not None}
    if input.match is not None:
        changes["match"] = (await _match(scope, input.match)).model_dump(mode="json")
    if input.priorities is not None:
        changes["priorities"] = {one.severity.value: one.priority for one in input.priorities}
    if input.fields is not None:
        changes["fields"] = _fields(input.fields)
    return changes


async def _jira(scope: Scope, id: str) -> PydanticObjectId:
    """The connected account of Jira. Raises NotFound, Invalid for one that cannot hold tickets."""
    account = await documents.Account.get_in(scope, local_id("Account", id))
    if account.provider is not Provider.JIRA or not account.is_connected or account.id is None:
        raise Invalid("Choose a connected account of Jira.", path=("input", "accountId"))
    return account.id


async def _match(scope: Scope, match: TicketMatchInput) -> StoredMatch:
    accounts = [await documents.Account.get_in(scope, local_id("Account", id)) for id in match.account_ids]
    return StoredMatch(
        severities=tuple(match.severities),
        sources=tuple(match.sources),
        categories=tuple(match.categories),
        account_ids=tuple(str(account.id) for account in accounts),
        tags={tag.name: tag.value for tag in match.tags},
    )


def _priorities(given: list[TicketPriorityInput]) -> dict[Any, str]:
    return {one.severity: one.priority for one in given}


def _fields(given: list[TicketFieldInput]) -> dict[str, Any]:
    found = {}
    for one in given:
        try:
            found[one.name] = orjson.loads(one.value)
        except orjson.JSONDecodeError as error:
            raise Invalid(
                f"The value of {one.name} is no JSON: write text in quotes.", path=("input", "fields")
            ) from error
    return found


def _check_templates(summary: str | None, description: str | None) -> None:
    for name, template in (("summary", summary), ("description", description)):
        if template is not None:
            check_template(template, ("input", name))


def _audited(rule: documents.TicketRule) -> dict[str, Any]:
    told: dict[str, Any] = rule.model_dump(mode="json", include=AUDITED)
    return told


def _target(rule: documents.TicketRule) -> str:
    return f"ticket_rule:{rule.id}"


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a ticket rule called {name} already: choose another name.", path=("input", "name"))
