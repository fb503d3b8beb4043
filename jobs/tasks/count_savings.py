"""Counts once a day what remediations have really saved, from bills.

Run twice, the second run changes nothing.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from bson import ObjectId

from auth.scope import scope_of_job
from documents.account import Account
from documents.organization import living_organizations
from documents.remediation_saving import Saver, changed_resources, note_saving, savers_of
from documents.resource_days import bill_names, daily_bills
from documents.transaction import Transaction
from domain.facts.scope import Scope
from domain.remediation.realised import Bill, Change, Realised, days_of, realised, together
from jobs.context import JobContext

JOB = "count_savings"
# Until then a bill of the days after has come or does not come, and is corrected no more.
LOOKED_AT = timedelta(days=60)


async def count_savings(ctx: dict[str, Any]) -> int:
    """For every organization; returns how many remediations were told otherwise than before."""
    context: JobContext = ctx["context"]
    told = 0
    for org_id in await living_organizations():
        scope = scope_of_job(JOB, str(org_id))
        resource_ids = await changed_resources(scope, context.now() - LOOKED_AT)
        by_account: dict[ObjectId, list[Saver]] = defaultdict(list)
        for saver in _recent(await savers_of(scope, resource_ids), context.now().date()):
            by_account[saver.account_id].append(saver)
        for account_id, savers in by_account.items():
            told += await _count(context, scope, account_id, savers)
    return told


def _by_resource(savers: Sequence[Saver]) -> dict[ObjectId, list[Saver]]:
    found: dict[ObjectId, list[Saver]] = defaultdict(list)
    for saver in savers:
        found[saver.resource_id].append(saver)
    return found


def _recent(savers: Sequence[Saver], today: date) -> list[Saver]:
    """Those that are not long ago, and those that stand together with one of them."""
    wanted: set[str] = set()
    for some in _by_resource(savers).values():
        for chain in together([saver.change for saver in some]):
            if max(one.last_on for one in chain) >= today - LOOKED_AT:
                wanted.update(one.id for one in chain)
    return [saver for saver in savers if saver.change.id in wanted]


async def _count(context: JobContext, scope: Scope, account_id: ObjectId, savers: Sequence[Saver]) -> int:
    today = context.now().date()
    bills = await _bills(scope, account_id, savers, today)
    if bills is None:
        return 0
    told = 0
    for resource_id, some in _by_resource(savers).items():
        found = realised([saver.change for saver in some], bills[resource_id], today)
        news = [(saver, found[saver.change.id]) for saver in some if saver.told != found[saver.change.id]]
        told += await _store(context, news)
    return told


async def _bills(
    scope: Scope, account_id: ObjectId, savers: Sequence[Saver], today: date
) -> Mapping[ObjectId, Bill] | None:
    """The bill of each resource; None where there is more than can be read."""
    account = await Account.find_in(scope, {"_id": account_id})
    native_ids = {saver.resource_id: saver.native_id for saver in savers}
    if account is None:
        return {resource_id: Bill({}, None, ()) for resource_id in native_ids}
    names = await bill_names(scope, native_ids)
    changes: list[Change] = [saver.change for saver in savers]
    first, until = days_of(changes)
    return await daily_bills(scope, account, names, first, until, today)


async def _store(context: JobContext, news: Sequence[tuple[Saver, Realised]]) -> int:
    """The parts of one saving are stored together."""
    if not news:
        return 0
    at = context.now()

    async def change(tx: Transaction) -> int:
        return sum([await note_saving(tx, saver, told, at) for saver, told in news])

    return await context.writer.commit(change)
