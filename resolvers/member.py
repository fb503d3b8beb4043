"""Members: list them, change what they may do, take them out."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import strawberry
from bson import ObjectId

import documents
from auth.delegation import check_role, permissions_with, require_covers
from auth.permission import Permission
from documents.base import object_id
from documents.member import change_member, members_named, permissions_stored, remove_member
from documents.organization import load_organizations
from documents.page import Keyset
from documents.session import count_open_sessions
from documents.transaction import Transaction
from domain.errors import Invalid, NotFound
from domain.facts.scope import Scope
from resolvers.authority import authority, held_by, lessened, tell_grown, tell_lessened
from resolvers.context import Context, Info
from resolvers.fields import mutation, query
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.member import (
    ChangeRoleInput,
    ChangeRolePayload,
    DeactivateMemberInput,
    DeactivateMemberPayload,
    EndMemberSessionsInput,
    EndMemberSessionsPayload,
    Member,
    MemberFilter,
    MemberSessions,
    MemberState,
    ReactivateMemberInput,
    ReactivateMemberPayload,
    RemoveMemberInput,
    RemoveMemberPayload,
)
from schema.node import global_id, local_id

WHAT = "What to do it with."
BY_JOINING = Keyset((("created_at", 1),))
AUDITED = ("role", "custom_role_id", "deactivated_at", "sessions_valid_from", "until")
# What a change does to a member; returns the stored fields to set.
Change = Callable[[Transaction, documents.Organization, documents.Membership], Awaitable[dict[str, Any]]]


@strawberry.type
class MemberQueries:
    @query(Connection[Member], may=Permission.MEMBERS_READ, description="Members in reach, in the order they joined.")
    async def members(
        self,
        info: Info,
        filter: Annotated[
            MemberFilter | None, strawberry.argument(description="Which ones; all when left out.")
        ] = None,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        scope = info.context.scope
        if filter and filter.organization_id:
            scope = scope.narrowed(local_id("Organization", filter.organization_id))
        where = await _where(scope, filter)
        return await info.context.ports.pager.page(
            info, documents.Membership, scope, where, BY_JOINING, first=first, after=after
        )

    @query(
        MemberSessions,
        may=Permission.MEMBERS_MANAGE,
        description="How many sessions of a member are open, as far as this organization is concerned.",
    )
    async def member_sessions(
        self, info: Info, member_id: Annotated[strawberry.ID, strawberry.argument(description="Global id.")]
    ) -> Any:
        member = await documents.Membership.get_in(info.context.scope, local_id("Member", member_id))
        (organization,) = await load_organizations([str(member.org_id)])
        cuts = [at for at in (member.sessions_valid_from, organization.sessions_valid_from) if at is not None]
        since = max(cuts, default=None)
        return MemberSessions(open=await count_open_sessions(member.user_id, since), valid_from=since)


@strawberry.type
class MemberMutations:
    @mutation(
        ChangeRolePayload,
        may=Permission.MEMBERS_MANAGE,
        audit="member.change_role",
        step_up=True,
        description="Give a member another role. Nobody gives more than they hold, or changes those who hold more; the "
        "last administrator stays one.",
    )
    async def change_role(
        self, info: Info, input: Annotated[ChangeRoleInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        async def change(
            tx: Transaction, organization: documents.Organization, member: documents.Membership
        ) -> dict[str, Any]:
            role = await custom_role(info.context, tx, member.org_id, input.custom_role_id)
            check_role(input.role, organization.kind, is_custom=role is not None)
            return {"role": input.role.value, "custom_role_id": role.id if role else None, "until": None}

        return await _changed(info.context, input.member_id, change)

    @mutation(
        RemoveMemberPayload,
        may=Permission.MEMBERS_MANAGE,
        audit="member.remove",
        description="Take a member out of the organization. What they have open here ends at once; their account and "
        "other organizations are left alone.",
    )
    async def remove_member(
        self, info: Info, input: Annotated[RemoveMemberInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id = info.context, local_id("Member", input.member_id)

        async def change(tx: Transaction) -> documents.Membership:
            member = await documents.Membership.get_in(context.scope, id, session=tx.session)
            _, standing = await authority(context, tx, member.org_id)
            require_covers(standing, await held_by(member, tx))
            await remove_member(member, tx.session)
            await lessened(context, tx, member)
            tx.audit(member.org_id, target=f"member:{member.id}", before=_audited(member))
            return member

        removed = await context.ports.writer.commit(change)
        tell_lessened(context, [removed.user_id])
        return global_id("Member", removed.id)

    @mutation(
        DeactivateMemberPayload,
        may=Permission.MEMBERS_MANAGE,
        audit="member.deactivate",
        description="Set a member aside: they hold nothing in this organization until they are reactivated.",
    )
    async def deactivate_member(
        self, info: Info, input: Annotated[DeactivateMemberInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        async def change(*_: Any) -> dict[str, Any]:
            return {"deactivated_at": info.context.now()}

        return await _changed(info.context, input.member_id, change)

    @mutation(
        ReactivateMemberPayload,
        may=Permission.MEMBERS_MANAGE,
        audit="member.reactivate",
        description="Take a member back who was set aside, with the role they had.",
    )
    async def reactivate_member(
        self, info: Info, input: Annotated[ReactivateMemberInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        async def change(*_: Any) -> dict[str, Any]:
            return {"deactivated_at": None}

        return await _changed(info.context, input.member_id, change)

    @mutation(
        EndMemberSessionsPayload,
        may=Permission.MEMBERS_MANAGE,
        audit="member.end_sessions",
        description="Have a member sign in anew before they may do anything in this organization. Elsewhere their "
        "sessions go on.",
    )
    async def end_member_sessions(
        self, info: Info, input: Annotated[EndMemberSessionsInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        async def change(*_: Any) -> dict[str, Any]:
            return {"sessions_valid_from": info.context.now()}

        return await _changed(info.context, input.member_id, change)


async def custom_role(context: Context, tx: Transaction, org_id: Any, id: str | None) -> documents.CustomRole | None:
    """The organization's custom role with this global id, None without one. Raises NotFound for any other."""
    if id is None:
        return None
    wanted = object_id(local_id("CustomRole", id), documents.CustomRole.noun)
    here = context.scope.narrowed(str(org_id))
    role = await documents.CustomRole.find_in(here, {"_id": wanted}, session=tx.session)
    if role is None:
        raise NotFound.of(documents.CustomRole.noun)
    return role


async def _changed(context: Context, member_id: str, change: Change) -> Any:
    """The row of the member, changed by somebody who holds at least what the member held before and holds then."""
    id = local_id("Member", member_id)

    async def run(tx: Transaction) -> tuple[documents.Membership, bool]:
        member = await documents.Membership.get_in(context.scope, id, session=tx.session)
        organization, standing = await authority(context, tx, member.org_id)
        before = await held_by(member, tx)
        require_covers(standing, before)
        changed = await change_member(member, await change(tx, organization, member), tx.session)
        after = permissions_with(changed.role, await permissions_stored(changed, tx.session))
        require_covers(standing, after)
        is_less = bool(before - after) or changed.deactivated_at is not None
        if is_less:
            await lessened(context, tx, changed)
        tx.audit(member.org_id, target=f"member:{member.id}", before=_audited(member), after=_audited(changed))
        return changed, is_less or changed.sessions_valid_from != member.sessions_valid_from

    changed, is_told = await context.ports.writer.commit(run)
    if is_told:
        tell_lessened(context, [changed.user_id])
    else:
        tell_grown(context, changed.user_id)
    changed_id = ObjectId(changed.id)
    return (await documents.Membership.rows_by_id(context.scope, [changed_id]))[changed_id]


def _audited(member: documents.Membership) -> dict[str, Any]:
    return {"user_id": str(member.user_id), **{name: getattr(member, name) for name in AUDITED}}


async def _where(scope: Scope, filter: MemberFilter | None) -> dict[str, Any]:
    if filter is None:
        return {}
    where: dict[str, Any] = {}
    if filter.roles is not None:
        where["role"] = {"$in": [role.value for role in filter.roles]}
    if filter.state is not None:
        where["deactivated_at"] = None if filter.state is MemberState.ACTIVE else {"$ne": None}
    if filter.text is not None:
        if len(scope.org_ids) > 1:
            raise Invalid("Name one organization with organizationId to look for people.", path=("filter", "text"))
        where["user_id"] = {"$in": await members_named(scope, filter.text)}
    return where
