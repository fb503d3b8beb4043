"""Takes down for a review who has access: our members, and the people of connected systems as they were read last.

Run twice, the second run finds a review that is open already.
"""

import asyncio
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from arq import Retry
from bson import ObjectId
from pymongo.errors import PyMongoError

from auth.scope import scope_of_job
from documents.access_review import AccessReview, change_review
from documents.access_review_item import MOST_ITEMS, replace_items
from documents.account import CONNECTED_STATES, Account
from documents.transaction import Transaction
from documents.user import Membership
from domain.compliance.access_listing import OPERATIONS, REVIEWED, accesses
from domain.compliance.answers import Answers, Unread
from domain.errors import Unavailable
from domain.facts.access_review import ReviewState
from domain.facts.compliance import Integration
from domain.facts.scope import Scope
from jobs.checking.shelf import Shelf
from jobs.checking.subject import subject_of
from jobs.context import JobContext
from jobs.queue import LIST_ACCESS

log = structlog.get_logger()

RETRY_SECONDS = 15
Rows = list[dict[str, Any]]
TOO_MANY = f"more than {MOST_ITEMS} accesses are too many for one review"
MALFORMED = "an answer has another form than expected"


class Listed(NamedTuple):
    """`read_at` is when the oldest of it was read."""

    rows: Rows
    unread: list[str]
    read_at: datetime


async def list_access(ctx: dict[str, Any], *, org_id: str, review_id: str) -> int:
    """Open the review with all that people have; returns how much that is."""
    context: JobContext = ctx["context"]
    scope = scope_of_job(LIST_ACCESS, org_id)
    review = await AccessReview.get_in(scope, review_id)
    if review.state is not ReviewState.LISTING:
        return review.items_total
    try:
        listed = await _listed(context, scope)
        await replace_items(ObjectId(org_id), ObjectId(review_id), listed.rows)
    except (PyMongoError, Unavailable) as error:  # a primary that steps down, or evidence that cannot be read just now
        log.warning("access_review_waits", problem=str(error))
        raise Retry(defer=RETRY_SECONDS) from error
    found = {"items_total": len(listed.rows), "unread": listed.unread, "listed_at": listed.read_at}

    async def change(tx: Transaction) -> None:
        opened = {**found, "state": ReviewState.OPEN.value}
        await change_review(review, opened, tx.session, states=(ReviewState.LISTING,))

    await context.writer.commit(change)
    return len(listed.rows)


async def _listed(context: JobContext, scope: Scope) -> Listed:
    now = context.now()
    found = Listed(await _members(scope, now), [], now)
    shelf = Shelf(scope, OPERATIONS, context.pack_store)
    query = {"state": {"$in": [state.value for state in CONNECTED_STATES]}}
    for account in await Account.list_in(scope, query, limit=0):
        if account.provider.value in REVIEWED:
            found = await _with_account(found, scope, account, shelf, now)
    return found


async def _with_account(found: Listed, scope: Scope, account: Account, shelf: Shelf, now: datetime) -> Listed:
    """The same with an account that was read in whole; of another it is told why it is left out."""
    answers = (await subject_of(scope, account, shelf, now, {})).answers
    try:
        rows = await asyncio.to_thread(_rows, answers, account.name)
    except Unread as error:
        return found._replace(unread=[*found.unread, f"{account.name}: {error}"])
    except (KeyError, TypeError, AttributeError):
        return found._replace(unread=[*found.unread, f"{account.name}: {MALFORMED}"])
    if len(found.rows) + len(rows) > MOST_ITEMS:
        return found._replace(unread=[*found.unread, f"{account.name}: {TOO_MANY}"])
    return found._replace(rows=[*found.rows, *rows], read_at=min(found.read_at, answers.read_at))


def _rows(answers: Answers, account_name: str) -> Rows:
    """Runs in a thread: answers are read from the evidence when they are looked at."""
    of_account = {"integration": answers.integration.value, "account": answers.account, "account_name": account_name}
    return [{**of_account, **asdict(access)} for access in accesses(answers)]


async def _members(scope: Scope, now: datetime) -> Rows:
    """Members that are in force, without their names: those go with the person."""
    members = [
        one for one in await Membership.list_in(scope, {"deactivated_at": None}, limit=0) if not one.is_over(now)
    ]
    ours = {"integration": Integration.PLATFORM.value, "account": scope.only(), "account_name": "CloudWatcher"}
    return [{**ours, "person": str(member.user_id), "rights": _rights(member)} for member in members]


def _rights(member: Membership) -> str:
    return member.role.value if member.custom_role_id is None else f"custom role {member.custom_role_id}"
