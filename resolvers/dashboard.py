"""The dashboard, and the version of the software that answers."""

import asyncio
from dataclasses import fields
from datetime import date, datetime
from importlib.metadata import version as installed_version
from typing import Annotated, Any

import strawberry
from pydantic import TypeAdapter

import domain.dashboard as numbers
from auth.permission import Permission
from auth.scope import scope_of_all
from documents.account import count_accounts
from documents.cost_day import cost_series
from documents.cost_freshness import newest_charge
from documents.tally import tally_in
from domain.errors import Invalid
from domain.facts.scope import Scope
from resolvers.context import Info
from resolvers.fields import query
from schema.arguments import InOrganization
from schema.dashboard import Dashboard
from schema.directives import Cost
from schema.node import local_id

VERSION = installed_version("cloudwatcher")
# The field is gated by the first; its numbers are of the organizations in which the viewer holds all of them.
NEEDED = (Permission.COSTS_READ, Permission.FINDINGS_READ, Permission.ALERTS_READ, Permission.ACCOUNTS_READ)
ENCODED = TypeAdapter(numbers.Dashboard)

InCurrency = Annotated[
    str | None, strawberry.argument(description="Needed only where amounts are in several currencies, for example EUR.")
]


@strawberry.type
class DashboardQueries:
    @query(
        Dashboard,
        may=Permission.COSTS_READ,
        directives=(Cost(weight=5),),
        description="The numbers to see first, over all organizations in reach or of one.",
    )
    async def dashboard(self, info: Info, organization_id: InOrganization = None, currency: InCurrency = None) -> Any:
        context = info.context
        scope = scope_of_all(context.signed_in, NEEDED)
        if organization_id is not None:
            scope = scope.narrowed(local_id("Organization", organization_id))
        if currency is not None and not (len(currency) == 3 and currency.isascii() and currency.isupper()):
            raise Invalid("A currency has three capital letters, for example EUR.", path=("currency",))
        now = context.now()
        found = await context.ports.results.get_or_compute(
            ("dashboard", now.date(), currency), scope, ENCODED, lambda: _counted(scope, now.date(), currency)
        )
        return _shown(found, now)

    @query(
        str, public="it names the software, not what it holds.", description="The version of CloudWatcher that answers."
    )
    def version(self) -> str:
        return VERSION


async def _counted(scope: Scope, today: date, currency: str | None) -> numbers.Dashboard:
    series, tally, accounts, costs_until = await asyncio.gather(
        cost_series(scope, numbers.cost_question(today, currency)),
        tally_in(scope),
        count_accounts(scope),
        newest_charge(scope),
    )
    saved = {name for name, amount in tally.saving.items() if amount}
    chosen = numbers.one_currency(currency, saved | ({series.currency} if series.currency else set()))
    return numbers.Dashboard(
        currency=chosen,
        costs=numbers.cost_numbers(series, today),
        costs_until=costs_until,
        open_findings=sum(tally.open_findings.values()),
        urgent_findings=numbers.urgent(tally.open_findings),
        monthly_saving=tally.saving.get(chosen or "", numbers.NOTHING),
        open_alerts=sum(tally.open_alerts.values()),
        urgent_alerts=numbers.urgent(tally.open_alerts),
        accounts=accounts.connected,
        failing_accounts=accounts.failing,
    )


def _shown(found: numbers.Dashboard, now: datetime) -> Dashboard:
    costs = {f"cost_{field.name}": getattr(found.costs, field.name) for field in fields(found.costs)}
    return Dashboard(
        as_of=now,
        currency=found.currency,
        costs_until=found.costs_until,
        open_findings=found.open_findings,
        critical_findings=found.urgent_findings,
        monthly_saving=found.monthly_saving,
        open_alerts=found.open_alerts,
        critical_alerts=found.urgent_alerts,
        accounts=found.accounts,
        failing_accounts=found.failing_accounts,
        **costs,
    )
