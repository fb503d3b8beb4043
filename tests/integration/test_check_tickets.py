"""A failing control becomes a ticket by the rules of tickets, which ends only when it is seen to pass."""

from collections.abc import AsyncIterator

import pytest

import documents
from app.wiring import Backend
from domain.facts.alert import AlertSource
from domain.facts.provider import Provider
from domain.ticketing.matching import TicketMatch
from jobs.tasks.dispatch_events import dispatch_events
from jobs.tasks.judge_controls import judge_controls
from tests.factories.made_controls import PRIVATE, use_controls
from tests.factories.synthetic_account import EVERYBODY, a_vendor, connect, context_of, register, sync
from tests.fakes.synthetic import Fault, Synthetic


@pytest.fixture
async def vendor(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Synthetic]:
    register(monkeypatch)
    use_controls(monkeypatch, PRIVATE)
    async with a_vendor() as running:
        yield running


async def ticket_after_sync(backend: Backend, account: documents.Account) -> documents.JiraTask:
    """The ticket once everything that follows from a sync was done."""
    await sync(backend, account)
    ctx = {"context": context_of(backend)}
    await judge_controls(ctx, org_id=str(account.org_id))
    await dispatch_events(ctx, org_id=str(account.org_id))
    (raw,) = await documents.JiraTask.rows().find({"org_id": account.org_id}).to_list()
    return documents.JiraTask.stored(raw)


async def test_a_ticket_is_made_closed_by_a_verified_pass_and_opened_again(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    jira = documents.Account(
        org_id=account.org_id, provider=Provider.JIRA, name="Jira", state=documents.AccountState.BILLING_ONLY
    )
    await jira.insert()
    await documents.TicketRule(
        org_id=account.org_id,
        name="controls",
        account_id=jira.id,
        project="OPS",
        issue_type="Task",
        match=TicketMatch(sources=[AlertSource.CHECK]),
    ).insert()

    made = await ticket_after_sync(backend, account)
    vendor.faults = {"GET /v1/buckets": Fault.REFUSE}
    unread = await ticket_after_sync(backend, account)
    vendor.faults, vendor.grants = {}, {}
    passing = await ticket_after_sync(backend, account)
    vendor.grants = {"b-1": [EVERYBODY]}
    failing = await ticket_after_sync(backend, account)

    assert "CW-TST-02" in (made.summary or "")
    assert [one.is_over for one in (made, unread, passing, failing)] == [False, False, True, False]
    assert {one.id for one in (made, unread, passing, failing)} == {made.id}
