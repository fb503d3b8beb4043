"""How links are hung onto a chain of an organization: in their order, in the transaction they tell of, its end signed.

The audit log is one kind of chain, the evidence another.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from documents.audit_key import AuditKey
from documents.base import utc_now
from domain.audit.canonical import GENESIS, LinkForm
from domain.audit.seal import head_members

Rows = Callable[[], AsyncCollection[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Chain:
    """A kind of chain: how its links are written down, and where they and the heads are stored.

    A head has the organization's id; `last` is the newest seq, `hash` that link's, signed by the key `key_id`.
    """

    form: LinkForm
    links: Rows
    heads: Rows


async def append_links(
    chain: Chain, drafts: Sequence[dict[str, Any]], org_id: ObjectId, session: AsyncClientSession, key: AuditKey
) -> None:
    """Hang drafts onto the organization's chain, in their order, and sign its new end.

    The head row is locked until the transaction commits, so that no two commits take the same place.
    """
    heads = chain.heads()
    head = await heads.find_one_and_update(
        {"_id": org_id},
        {"$inc": {"last": len(drafts)}},
        upsert=True,
        return_document=ReturnDocument.BEFORE,
        session=session,
    )
    links = _chained(chain.form, drafts, org_id, *((head["last"], head["hash"]) if head else (0, GENESIS)))
    await chain.links().insert_many(links, session=session)
    last = links[-1]
    signature = key.sign(head_members(org_id, last["seq"], last["hash"], chain.form.head))
    ending = {"hash": last["hash"], "key_id": key.id, "signature": signature, "at": last["at"]}
    await heads.update_one({"_id": org_id}, {"$set": ending}, session=session)


def _chained(
    form: LinkForm, drafts: Sequence[dict[str, Any]], org_id: ObjectId, last: int, hash: str
) -> list[dict[str, Any]]:
    at = utc_now()
    links = []
    for seq, draft in enumerate(drafts, start=last + 1):
        link = {**draft, "org_id": org_id, "seq": seq, "at": at, "created_at": at, "prev_hash": hash}
        hash = form.hash(link)
        links.append({"_id": ObjectId(hash[:24]), **link, "hash": hash})
    return links
