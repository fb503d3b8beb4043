"""The dashboard: twelve numbers, their currency, and how fresh they are."""

from datetime import date, datetime
from decimal import Decimal

import strawberry

from schema.node import said


@strawberry.type(description="What a person wants to see first thing: twelve numbers, each exact as of now.")
class Dashboard:
    as_of: datetime = said("The instant at which the numbers hold. Days and months are UTC.")
    currency: str | None = said("Currency of every amount; null when there are none.")
    costs_until: date | None = said("The newest day with a charge; null when no costs are loaded.")
    cost_month_to_date: Decimal = said("Billed since the first of this month, today included.")
    cost_last_month: Decimal = said("Billed in the whole of last month.")
    cost_same_days_last_month: Decimal = said(
        "Billed in as many days of last month as this month has had, to compare with; all of it if it was shorter."
    )
    cost_yesterday: Decimal = said("Billed yesterday.")
    cost_last_30_days: Decimal = said("Billed in the 30 days before today.")
    open_findings: int = said("Findings that are open.")
    critical_findings: int = said("Open findings that are CRITICAL or HIGH.")
    monthly_saving: Decimal = said(
        "What mending every open finding about cost would save a month; of several on one resource the highest counts."
    )
    open_alerts: int = said("Alerts that are open: not acknowledged, not resolved.")
    critical_alerts: int = said("Open alerts that are CRITICAL or HIGH.")
    accounts: int = said("Accounts that were connected; those only known from bills do not count.")
    failing_accounts: int = said("Connected accounts whose last sync failed.")
