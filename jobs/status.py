"""The numbers of a summary, read for whoever asks, and the notice that tells them."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime

from documents.account import Account, AccountState, count_accounts
from documents.cost_day import cost_series
from documents.tally import tally_in
from domain.dashboard import cost_numbers, cost_question
from domain.errors import Invalid
from domain.facts.notice import Notice, NoticeKind
from domain.facts.scope import Scope
from domain.facts.status import StatusKind
from domain.status.summary import StatusNumbers, plain, status_lines

MOST_FAILING = 50


async def numbers_of(scope: Scope, today: date) -> StatusNumbers:
    """The numbers of all organizations in scope; `today` is a day in UTC, as bills have them."""
    tally, counts, failing = await asyncio.gather(
        tally_in(scope),
        count_accounts(scope),
        Account.list_in(scope, {"state": AccountState.FAILING.value}, limit=MOST_FAILING),
    )
    plain_numbers = StatusNumbers(
        open_alerts=tally.open_alerts, connected=counts.connected, failing=sorted(one.name for one in failing)
    )
    try:
        series = await cost_series(scope, cost_question(today, None))
    except Invalid:
        return replace(plain_numbers, is_mixed=True)
    costs = cost_numbers(series, today)
    return replace(
        plain_numbers,
        currency=series.currency,
        month_to_date=costs.month_to_date,
        same_days_last_month=costs.same_days_last_month,
        last_month=costs.last_month,
    )


async def notice_of(
    scope: Scope, *, subject: str, title: str, organization: str, kinds: Collection[StatusKind], at: datetime, link: str
) -> Notice:
    """A summary as channels take it."""
    lines = status_lines(kinds, await numbers_of(scope, at.date()))
    return Notice(
        kind=NoticeKind.STATUS,
        subject=subject,
        title=title,
        message=plain(lines),
        organization=organization,
        at=at,
        link=link,
        lines=lines,
        values={line.label.lower().replace(" ", "_"): line.text for line in lines},
    )
