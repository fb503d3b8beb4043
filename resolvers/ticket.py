"""Tickets in Jira: list them, and make one of a chosen alert."""

from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.alert import AlertState
from documents.base import object_id
from documents.jira_task import ask_ticket, change_task, find_task, subject_of
from documents.page import Keyset
from documents.ticket_making import make_ticket
from documents.ticket_rule import active_rules
from documents.transaction import Transaction
from domain.errors import Conflict, Invalid
from domain.facts.ticket import TicketState
from resolvers.context import Context, Info
from resolvers.fields import mutation, query
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id
from schema.ticket import CreateTicketInput, CreateTicketPayload, JiraTask, JiraTaskFilter

WHAT = "What to do it with."
NEWEST_FIRST = Keyset((("created_at", -1),))
NO_RULE = "Make a ticket rule first: it says in which project of Jira tickets are made."


@strawberry.type
class TicketQueries:
    @query(Connection[JiraTask], may=Permission.ALERTS_READ, description="Tickets in reach, the newest first.")
    async def jira_tasks(
        self,
        info: Info,
        filter: Annotated[
            JiraTaskFilter | None, strawberry.argument(description="Which ones; all when left out.")
        ] = None,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        scope = info.context.scope
        if filter and filter.organization_id:
            scope = scope.narrowed(local_id("Organization", filter.organization_id))
        where = _where(filter)
        return await info.context.ports.pager.page(
            info, documents.JiraTask, scope, where, NEWEST_FIRST, first=first, after=after
        )


@strawberry.type
class TicketMutations:
    @mutation(
        CreateTicketPayload,
        may=Permission.ALERTS_ACKNOWLEDGE,
        audit="ticket.create",
        description="Have a ticket made of an alert in Jira. An alert has one ticket; one that failed is tried again.",
    )
    async def create_ticket(
        self, info: Info, input: Annotated[CreateTicketInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        id = local_id("Alert", input.alert_id)

        async def change(tx: Transaction) -> documents.JiraTask:
            alert = await documents.Alert.get_in(context.scope, id, session=tx.session)
            task = await _ticket(context, tx, alert, input.ticket_rule_id)
            tx.audit(alert.org_id, target=f"jira_task:{task.id}", after={"subject": task.subject})
            return task

        return await context.ports.writer.commit(change)


async def _ticket(context: Context, tx: Transaction, alert: documents.Alert, rule_id: str | None) -> documents.JiraTask:
    """A new ticket, or the one that failed, to be tried again. Raises Conflict for one that works."""
    known = await find_task(alert.org_id, subject_of(alert.id), tx.session)
    if known is not None and known.state is not TicketState.FAILED:
        raise Conflict(f"This alert has the ticket {known.issue_key or 'that is being made'} already.", current=known)
    if alert.state is AlertState.RESOLVED:
        raise Conflict("This alert is resolved: there is nothing left to do.", current=alert)
    if known is not None:
        await change_task(tx, known, {"state": TicketState.WAITING.value, "problem": None, "is_over": False})
        ask_ticket(tx, known)
        return await documents.JiraTask.get_in(context.scope, str(known.id), session=tx.session)
    raw = alert.model_dump() | {"_id": alert.id}
    rule = await _rule(context, tx, raw, rule_id)
    return await make_ticket(tx, context.ports.public_url, rule, raw)


async def _rule(context: Context, tx: Transaction, alert: dict[str, Any], rule_id: str | None) -> documents.TicketRule:
    """The rule that is named, the first that takes the alert, else the first. Raises NotFound, Invalid without any."""
    scope = context.scope.narrowed(str(alert["org_id"]))
    if rule_id is not None:
        return await documents.TicketRule.get_in(scope, local_id("TicketRule", rule_id), session=tx.session)
    rules = await active_rules(alert["org_id"], tx.session)
    if not rules:
        raise Invalid(NO_RULE, path=("input", "ticketRuleId"))
    return next((rule for rule in rules if rule.match.takes(alert)), rules[0])


def _where(filter: JiraTaskFilter | None) -> dict[str, Any]:
    if filter is None:
        return {}
    where: dict[str, Any] = {}
    if filter.alert_id is not None:
        where["alert_id"] = object_id(local_id("Alert", filter.alert_id), "alert")
    if filter.states is not None:
        where["state"] = {"$in": [state.value for state in filter.states]}
    return where
