"""What the viewer may give and take at this very moment, for changes of who may do what."""

from collections.abc import Collection

from beanie import PydanticObjectId
from bson import ObjectId

import documents
from auth.delegation import permissions_with
from auth.permission import Permission
from auth.standing import Standing
from auth.standings import load_standings_of
from documents.client_access import end_access, open_accesses
from documents.invitation import revoke_invitations_by
from documents.member import permissions_stored
from documents.organization import lock_members
from documents.transaction import Transaction
from domain.errors import Forbidden, NotFound
from jobs.queue import ask_visits
from resolvers.context import Context


async def authority(
    context: Context, tx: Transaction, org_id: PydanticObjectId
) -> tuple[documents.Organization, Standing]:
    """The organization, in which nobody else changes members until this is committed, and what the viewer holds there.

    Read anew, because what the request came with may be a second old: somebody who was removed in between must not go
    on to remove others. Raises NotFound or Forbidden when it is less than the field takes.
    """
    organization = await lock_members(org_id, tx.session)
    viewer = context.signed_in
    standings = viewer.standings
    if viewer.person is not None:
        standings = (await load_standings_of([viewer.subject]))[viewer.subject]
    standing = standings.get(str(org_id))
    if standing is None:
        raise NotFound.of("organization")
    if context.permission is not None and context.permission not in standing.permissions:
        raise Forbidden(f"Your role does not have the permission {context.permission.value}.")
    return organization, standing


async def held_by(member: documents.Membership, tx: Transaction) -> frozenset[Permission]:
    """What a member holds when the membership is in force."""
    return permissions_with(member.role, await permissions_stored(member, tx.session))


async def lessened(context: Context, tx: Transaction, member: documents.Membership) -> None:
    """What follows in the transaction when a member loses rights: their invitations are void, their stays are over."""
    at = context.now()
    await revoke_invitations_by(member.org_id, member.user_id, at, tx.session)
    for access in await open_accesses([member.org_id], at):
        if access.user_id == member.user_id:
            ended = await end_access(access, at, tx.session)
            after = {"ended_at": ended.ended_at}
            tx.audit(member.org_id, target=f"access:{access.id}", before={"ended_at": None}, after=after)
            ask_visits(tx, member.org_id, access.id)


def tell_lessened(context: Context, user_ids: Collection[ObjectId]) -> None:
    """What follows once it is committed: every process forgets what these people held and closes what they follow."""
    for user_id in user_ids:
        context.ports.revocations.announce(f"user:{user_id}")


def tell_grown(context: Context, user_id: ObjectId) -> None:
    """What follows when somebody loses nothing: every process reads anew what they hold; what is open stays open."""
    context.ports.revocations.announce(f"user:{user_id}", [])
