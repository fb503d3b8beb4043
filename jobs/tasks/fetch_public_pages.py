"""Fetches the public pages that are due, and has the controls about them judged by what is new.

What a worker leaves undone the next tick does; fetched twice, the second time changes nothing.
"""

import asyncio
import hashlib
from typing import Any

from beanie import PydanticObjectId

from connectors.web_page import Fetched, fetch_page
from documents.public_page import PublicPage, due_pages, note_answer
from documents.transaction import Transaction
from domain.compliance.public_page import expires_of, sections_of
from domain.facts.register import PagePurpose
from jobs.context import JobContext
from jobs.queue import ask_checks_of

CONTROLS = ["CW-GOV-05", "CW-PRV-01"]
# Of one tick, which has five minutes: ten at a time, each twenty seconds at most.
MOST, AT_ONCE = 100, 10


async def fetch_public_pages(ctx: dict[str, Any]) -> int:
    """Returns how many pages have answered otherwise than before."""
    context: JobContext = ctx["context"]
    room = asyncio.Semaphore(AT_ONCE)

    async def fetched(page: PublicPage) -> PydanticObjectId | None:
        async with room:
            answer = told(page.purpose, await fetch_page(page.url, context.allow_private_endpoints))
        return page.org_id if await note_answer(page, answer, context.now()) else None

    pages = await due_pages(context.now(), MOST)
    changed = [org_id for org_id in await asyncio.gather(*map(fetched, pages)) if org_id is not None]
    for org_id in sorted(set(changed)):
        await context.writer.commit(_asking(org_id))
    return len(changed)


def told(purpose: PagePurpose, fetched: Fetched) -> dict[str, Any]:
    """What is kept of an answer."""
    body, text = fetched.body, (fetched.body or b"").decode(errors="replace")
    return {
        "status_code": fetched.status_code,
        "is_tls": fetched.is_tls,
        "body_sha256": None if body is None else hashlib.sha256(body).hexdigest(),
        "sections": sections_of(text) if purpose is PagePurpose.PRIVACY else [],
        "security_txt_expires": expires_of(text) if purpose is PagePurpose.SECURITY_TXT else None,
    }


def _asking(org_id: PydanticObjectId) -> Any:
    async def change(tx: Transaction) -> None:
        ask_checks_of(tx, org_id, CONTROLS)

    return change
