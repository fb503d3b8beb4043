"""A tenant with a connected Jira and a rule, and the jobs about its tickets run by hand."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from arq import Retry
from beanie import PydanticObjectId
from pydantic import SecretStr

import documents
from app.wiring import Backend
from app.worker import options
from connectors.guard import Guards
from connectors.limits import Limit
from documents import AccountState, AlertSource
from documents.account import sealed
from documents.alert import Cause, raise_alert, resolve_alerts
from documents.base import utc_now
from documents.jira_task import JiraTask, find_task
from documents.received_event import ReceivedEvent
from domain.facts.credentials import JiraCredentials
from domain.facts.provider import Provider
from domain.facts.severity import Severity
from jobs.context import JobContext
from jobs.incoming import jira
from jobs.tasks.dispatch_events import dispatch_events
from jobs.tasks.reconcile_tickets import reconcile_tickets
from jobs.tasks.sync_ticket import sync_ticket
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes.jira_site import JiraSite

# The stand-in takes as many calls as it gets.
UNLIMITED = Limit(attempts=2, failures=0)


@dataclass
class TicketHouse:
    """`later` moves the clock of the jobs."""

    backend: Backend
    tenant: Tenant
    account: documents.Account
    site: JiraSite
    rule: documents.TicketRule
    later: timedelta = timedelta()

    @property
    def org_id(self) -> PydanticObjectId:
        assert self.tenant.organization.id is not None
        return self.tenant.organization.id

    def now(self) -> datetime:
        return utc_now() + self.later

    @property
    def context(self) -> JobContext:
        context: JobContext = options(self.backend)["ctx"]["context"]
        return replace(context, now=self.now, guards=Guards(limits=lambda *_: UNLIMITED))

    def job(self, tries: int = 1) -> dict[str, Any]:
        return {"context": self.context, "job_try": tries}

    async def raise_(self, name: str, source: AlertSource = AlertSource.FINDING, **more: Any) -> None:
        cause = Cause(name, source, more.pop("severity", Severity.HIGH), f"Title of {name}", "What to do.", **more)
        await self.backend.writer.commit(lambda tx: raise_alert(tx, self.org_id, cause, utc_now()))

    async def resolve(self, name: str) -> None:
        await self.backend.writer.commit(lambda tx: resolve_alerts(tx, self.org_id, [name], utc_now()))

    async def alert(self, name: str) -> documents.Alert:
        found = await documents.Alert.find_in(self.tenant.scope, {"fingerprint": name})
        assert found is not None
        return found

    async def task(self, name: str) -> JiraTask:
        found = await find_task(self.org_id, f"alert:{(await self.alert(name)).id}")
        assert found is not None
        return found

    async def dispatch(self) -> None:
        await dispatch_events(self.job(), org_id=self.tenant.org_id)

    async def sync(self, name: str, tries: int = 1) -> str:
        task = await self.task(name)
        return await sync_ticket(self.job(tries), org_id=self.tenant.org_id, task_id=str(task.id))

    async def settle(self, name: str) -> None:
        """Until nothing is left to do: what events ask for, and what that does in Jira."""
        for _ in range(3):
            await self.dispatch()
            try:
                await self.sync(name)
            except Retry:
                self.later += timedelta(seconds=61)

    async def made(self, name: str, **more: Any) -> JiraTask:
        """An alert with its ticket."""
        await self.raise_(name, **more)
        await self.settle(name)
        return await self.task(name)

    async def hear(self, body: dict[str, Any], *, account_id: Any = None) -> None:
        """As a webhook that was received."""
        received = ReceivedEvent(
            org_id=self.org_id,
            endpoint_id=PydanticObjectId(),
            account_id=account_id or self.account.id,
            provider=Provider.JIRA,
            event_id="e",
            kind=body.get("webhookEvent", ""),
            body=orjson.dumps(body).decode(),
            received_at=utc_now(),
        )
        await jira.handle(self.context, received, body)

    async def reconcile(self) -> int:
        return await reconcile_tickets(self.job(), org_id=self.tenant.org_id, account_id=str(self.account.id))


async def make_jira_account(backend: Backend, tenant: Tenant, url: str) -> documents.Account:
    """A connected account of Jira whose site stands there."""
    credentials = JiraCredentials(site_url=url, email="robot@example.com", token=SecretStr("not-a-real-token"))
    secret = orjson.dumps(credentials.revealed()).decode()
    account = documents.Account(
        org_id=tenant.organization.id,
        provider=Provider.JIRA,
        native_id=f"site-{tenant.org_id}",
        name="Tickets",
        state=AccountState.CONNECTED,
        credentials=sealed(await backend.vault.seal(tenant.org_id, secret)),
    )
    await account.insert()
    return account


async def make_ticket_house(backend: Backend, site: JiraSite, **rule: Any) -> TicketHouse:
    """A fresh tenant whose every alert becomes a ticket, unless the rule says otherwise."""
    tenant = await make_tenant(backend)
    account = await make_jira_account(backend, tenant, site.url)
    made = documents.TicketRule(
        org_id=tenant.organization.id,
        **{"name": "All", "account_id": account.id, "project": "OPS", "issue_type": "Task"} | rule,
    )
    await made.insert()
    return TicketHouse(backend, tenant, account, site, made)
