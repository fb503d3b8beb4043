"""/Groups: who is in which group; a group can give a role."""

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from scim2_models import InvalidValueException

from app.scim.asked import Asked
from app.scim.filters import GROUPS
from app.scim.records import Records
from app.scim.resources import Group
from documents.scim_access import Change, settle
from documents.scim_group import MOST_MEMBERS, ScimGroup
from documents.scim_user import users_of
from documents.transaction import Transaction


class Groups(Records):
    name = "Groups"
    noun = "scim_group"
    model = Group
    document = ScimGroup
    known: ClassVar = GROUPS

    async def shown(self, asked: Asked, records: Sequence[ScimGroup]) -> list[Group]:
        return [
            Group.model_validate(
                {
                    "id": str(record.id),
                    "externalId": record.external_id,
                    "displayName": record.display_name,
                    "meta": self.meta(asked, record),
                    "members": [
                        {"value": str(id), "$ref": f"{asked.base}/Users/{id}", "type": "User"}
                        for id in record.member_ids
                    ],
                }
            )
            for record in records
        ]

    async def begin(self, asked: Asked, sent: Group, tx: Transaction) -> tuple[ScimGroup, list[Change]]:
        record = ScimGroup(org_id=asked.org_id, display_name="", display_name_key="")
        await _describe(record, sent, tx.session)
        await record.insert(session=tx.session)
        return record, await _settle(asked, record.member_ids, tx)

    async def change(self, asked: Asked, record: ScimGroup, sent: Group, tx: Transaction) -> list[Change]:
        before, named = set(record.member_ids), (record.display_name_key, record.external_id)
        await _describe(record, sent, tx.session)
        await record.save_next(tx.session)
        after = set(record.member_ids)
        is_renamed = named != (record.display_name_key, record.external_id)
        # Under another name it may give another role, to all who are in it.
        return await _settle(asked, before | after if is_renamed else before ^ after, tx)

    async def end(self, asked: Asked, record: ScimGroup, tx: Transaction) -> list[Change]:
        await record.remove(tx.session)
        return await _settle(asked, record.member_ids, tx)

    def audited(self, record: ScimGroup) -> dict[str, Any]:
        return {
            "display_name": record.display_name,
            "external_id": record.external_id,
            "member_ids": [str(id) for id in record.member_ids],
        }


async def _describe(record: ScimGroup, sent: Group, session: AsyncClientSession) -> None:
    record.display_name = str(sent.display_name)
    record.display_name_key = record.display_name.lower()
    record.external_id = sent.external_id
    record.member_ids = await _members(record, sent, session)


async def _members(record: ScimGroup, sent: Group, session: AsyncClientSession) -> list[PydanticObjectId]:
    """Ids of the members, each once. Raises InvalidValueException for one that is no user of the organization."""
    named = list(dict.fromkeys(str(member.value) for member in sent.members or ()))
    if len(named) > MOST_MEMBERS:
        raise InvalidValueException(detail=f"A group holds {MOST_MEMBERS} members at most.")
    ids = [PydanticObjectId(id) if ObjectId.is_valid(id) else None for id in named]
    fresh = {id for id in ids if id is not None} - set(record.member_ids)
    found = {user.id for user in await users_of(record.org_id, fresh, session)} if fresh else set()
    for name, id in zip(named, ids, strict=True):
        if id is None or (id in fresh and id not in found):
            raise InvalidValueException(detail=f"There is no user {name[:50]} here.")
    return [id for id in ids if id is not None]


async def _settle(asked: Asked, member_ids: Collection[PydanticObjectId], tx: Transaction) -> list[Change]:
    if not member_ids:
        return []
    return await settle(asked.org_id, await users_of(asked.org_id, member_ids, tx.session), tx.session)
