"""What the viewer may give and take at this very moment, for changes of who may do what."""

from collections.abc import Collection

from beanie import PydanticObjectId
from bson import ObjectId

import documents
from auth.delegation import permissions_with, require_covers
from auth.permission import PERMISSIONS_OF, Permission
from auth.standing import Standing
from auth.standings import load_standings_of
from documents import OrganizationKind, Role
from documents.client_access import end_access, open_accesses
from documents.invitation import Invitation, revoke_invitations_by
from documents.member import find_membership, permissions_stored
from documents.organization import load_organizations, lock_members
from documents.transaction import Transaction
from documents.user import find_user_by_id
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


async def require_everything(context: Context, org_id: object) -> None:
    """For what decides who people are: through a provider or a directory one could come in as the strongest of them.

    Raises Forbidden for a viewer who holds less than members of the organization can.
    """
    for organization in await load_organizations([str(org_id)]):
        strongest = Role.MSP_ADMIN if organization.kind is OrganizationKind.MSP else Role.ADMIN
        require_covers(context.signed_in.standings[str(org_id)], PERMISSIONS_OF[strongest])


async def held_by(member: documents.Membership, tx: Transaction) -> frozenset[Permission]:
    """What a member holds when the membership is in force."""
    return permissions_with(member.role, await permissions_stored(member, tx.session))


async def still_gives(invitation: Invitation, organization: documents.Organization, tx: Transaction) -> bool:
    """Whether who has sent an invitation could send it now. Rights are also lost where nobody looks at invitations: to
    a directory, to an identity provider, by another custom role, by leaving, or at the provider one was at work for.
    """
    if await find_user_by_id(invitation.user_id) is None:
        return False
    given = invitation.model_dump(include={"org_id", "user_id", "role", "custom_role_id"})
    member = await find_membership(invitation.org_id, invitation.user_id, tx.session)
    if member is not None:
        held = await held_by(member, tx)
        offered = await held_by(documents.Membership(**given), tx)
        return member.deactivated_at is None and held >= {*offered, Permission.MEMBERS_MANAGE}
    msp_id = organization.msp_id
    at_provider = await find_membership(msp_id, invitation.user_id, tx.session) if msp_id else None
    return at_provider is not None and at_provider.role is Role.MSP_ADMIN and at_provider.deactivated_at is None


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
