"""Who wrote beside an alert, and whom it is assigned to, by name and address: for systems outside that know no ids."""

from typing import NamedTuple

from bson import ObjectId
from pymongo import DESCENDING
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.alert_entry import AlertEntry, AlertStep
from documents.user import Membership, people_by_id, users_by_id

# More than people write while events wait to be read.
MOST_COMMENTS = 50
MACHINE = "A service account"


class LateComment(NamedTuple):
    """`actor` is kind:id as in the audit log; `author` is what to call them."""

    id: str
    actor: str | None
    author: str
    text: str


async def late_comments(org_id: ObjectId, alert_id: ObjectId, session: AsyncClientSession) -> list[LateComment]:
    """The last comments on an alert, the oldest first."""
    query = {"org_id": org_id, "alert_id": alert_id, "step": AlertStep.COMMENTED.value}
    order = [("at", DESCENDING), ("_id", DESCENDING)]
    raws = await AlertEntry.rows().find(query, sort=order, limit=MOST_COMMENTS, session=session).to_list()
    ids = {_user_id(raw["actor"]) for raw in raws} - {None}
    people = await people_by_id([id for id in ids if id is not None])
    found = []
    for raw in reversed(raws):
        user_id = _user_id(raw["actor"])
        author = people[user_id].name if user_id in people else MACHINE
        found.append(LateComment(str(raw["_id"]), raw["actor"], author, raw["text"] or ""))
    return found


async def email_of_member(org_id: ObjectId, member_id: ObjectId | None, session: AsyncClientSession) -> str | None:
    """The address of the person behind a membership of the organization; None for one that is gone."""
    member = await Membership.rows().find_one({"_id": member_id, "org_id": org_id}, {"user_id": 1}, session=session)
    if member is None:
        return None
    users = await users_by_id([member["user_id"]])
    return users[member["user_id"]].email if member["user_id"] in users else None


def _user_id(actor: str | None) -> ObjectId | None:
    kind, _, id = (actor or "").partition(":")
    return ObjectId(id) if kind == "user" and ObjectId.is_valid(id) else None
