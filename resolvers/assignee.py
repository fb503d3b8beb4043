"""To whom work may be given."""

from beanie import PydanticObjectId

import documents
from auth.permission import Permission
from documents.base import object_id
from documents.transaction import Transaction
from domain.errors import Invalid, NotFound
from resolvers.authority import held_by
from resolvers.context import Context
from schema.node import local_id


async def assignee_of(context: Context, tx: Transaction, org_id: object, global_id: str) -> PydanticObjectId:
    """The stored id of a member of this organization who sees alerts. Raises NotFound, Invalid."""
    scope = context.scope.narrowed(str(org_id))
    wanted = {"_id": object_id(local_id("Member", global_id), "member")}
    member = await documents.Membership.find_in(scope, wanted, session=tx.session)
    if member is None or member.id is None:
        raise NotFound.of("member")
    if member.deactivated_at is not None or Permission.ALERTS_READ not in await held_by(member, tx):
        raise Invalid("This member cannot see alerts there; give it to another.", path=("input", "memberId"))
    return member.id
