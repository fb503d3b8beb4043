"""Makes the ticket of an alert, as a rule has it."""

from collections.abc import Mapping
from typing import Any

from documents.account import Account
from documents.jira_task import JiraTask, add_task, subject_of
from documents.organization import load_organizations
from documents.ticket_draft import draft_of
from documents.ticket_rule import TicketRule
from documents.transaction import Transaction


async def make_ticket(tx: Transaction, public_url: str, rule: TicketRule, alert: Mapping[str, Any]) -> JiraTask:
    """The ticket of an alert, given by its stored fields, which has none yet: stored and asked for."""
    query = {"_id": alert.get("account_id"), "org_id": rule.org_id}
    account = await Account.rows().find_one(query, {"name": 1}, session=tx.session)
    (organization,) = await load_organizations([str(rule.org_id)])
    named = {"account": account["name"] if account else "", "organization": organization.name}
    draft = draft_of(rule.model_dump(), alert, public_url=public_url, named=named)
    task = JiraTask(
        org_id=rule.org_id,
        subject=subject_of(alert["_id"]),
        alert_id=alert["_id"],
        rule_id=rule.id,
        account_id=rule.account_id,
        draft=draft,
        summary=draft["summary"],
        priority=draft["priority"],
    )
    return await add_task(tx, task)
