"""Looks which hosts the pages of patients call that a store of data names. Each look replaces the one before."""

import asyncio
from typing import Any

from bson import ObjectId

from auth.scope import scope_of_job
from connectors.web_page import fetch_html
from documents.data_store import DataStore, PageLook, record_looks, stores_to_look_at
from documents.transaction import Transaction
from domain.compliance.page_hosts import parse_hosts
from domain.errors import NotFound, Unavailable
from jobs.context import JobContext
from jobs.queue import LOOK_AT_PAGES, ask_checks_of, ask_page_looks

# A store names at most twenty pages; each has twenty seconds.
AT_ONCE = 5
# A page calls a few dozen; what says more is no page.
MOST_HOSTS = 1000
JUDGES = "TC-PHI-12"


async def look_at_pages(ctx: dict[str, Any], *, org_id: str, store_id: str) -> int:
    """Fetch and record; returns how many pages were read. What differs from before is judged."""
    context: JobContext = ctx["context"]
    try:
        store = await DataStore.get_in(scope_of_job(LOOK_AT_PAGES, org_id), store_id)
    except NotFound:
        return 0
    if store.retired_at is not None:
        return 0
    places = asyncio.Semaphore(AT_ONCE)
    looks = await asyncio.gather(*(_look(context, places, store.look_at(url)) for url in store.patient_pages))

    async def change(tx: Transaction) -> None:
        await record_looks(store, looks, context.now(), tx.session)
        if any(_said(look) != _said(store.look_at(look.url)) for look in looks):
            ask_checks_of(tx, ObjectId(org_id), [JUDGES])

    await context.writer.commit(change)
    return sum(look.problem is None for look in looks)


async def _look(context: JobContext, places: asyncio.Semaphore, before: PageLook) -> PageLook:
    """What is seen now; where nothing is, what was seen before and why."""
    async with places:
        try:
            page = await fetch_html(before.url, context.allow_private_endpoints)
        except Unavailable as error:
            return before.model_copy(update={"problem": error.message})
    hosts = await asyncio.to_thread(parse_hosts, page)
    if len(hosts) > MOST_HOSTS:
        return before.model_copy(update={"problem": f"It names more than {MOST_HOSTS} hosts."})
    return PageLook(url=before.url, read_at=context.now(), hosts=list(hosts))


def _said(look: PageLook) -> tuple[Any, ...]:
    """What a verdict hangs on, but for the time."""
    return look.hosts, look.problem, look.read_at is None


async def ask_due_looks(ctx: dict[str, Any]) -> int:
    """Ask for a look at every page that was not looked at for a day; returns of how many stores."""
    context: JobContext = ctx["context"]
    due = await stores_to_look_at(context.now())

    async def change(tx: Transaction) -> None:
        for org_id, store_id in due:
            ask_page_looks(tx, org_id, store_id)

    if due:
        await context.writer.commit(change)
    return len(due)
