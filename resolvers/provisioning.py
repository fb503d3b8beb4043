"""What a directory's groups give, and what follows when a directory changes who may do what."""

from collections.abc import Iterable
from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId

import documents
from auth.delegation import refuse_auditor
from auth.permission import Permission
from auth.standing import standing_of
from documents import Role
from documents.page import Keyset
from documents.scim_access import Change, Held, admit, settle
from documents.scim_group import MOST_GROUP_ROLES, group_roles, members_of_role, put_group_role, remove_group_role
from documents.scim_user import users_of
from documents.transaction import Transaction
from domain.errors import Conflict, Forbidden, Invalid
from resolvers.authority import require_everything
from resolvers.context import Context, Info, Ports
from resolvers.fields import mutation, query
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id
from schema.provisioning import (
    GroupRole,
    RemoveGroupRoleInput,
    RemoveGroupRolePayload,
    SetGroupRoleInput,
    SetGroupRolePayload,
)

BY_GROUP = Keyset((("group_key", 1),))
WHAT = "What to do it with."
AUDITED = {"group", "role", "custom_role_id"}


@strawberry.type
class ProvisioningQueries:
    @query(
        Connection[GroupRole],
        may=Permission.IDENTITY_MANAGE,
        description="Which groups of a directory give which roles, by the name of the group.",
    )
    async def group_roles(self, info: Info, first: First = DEFAULT_FIRST, after: After = None) -> Any:
        context = info.context
        return await context.ports.pager.page(
            info, documents.GroupRole, context.scope, {}, BY_GROUP, first=first, after=after
        )


@strawberry.type
class ProvisioningMutations:
    @mutation(
        SetGroupRolePayload,
        may=Permission.IDENTITY_MANAGE,
        audit="group_role.set",
        step_up=True,
        description="Give members of a group a role, now and whenever the directory changes the group. Takes "
        "somebody who holds everything there, because it takes roles away, too.",
    )
    async def set_group_role(
        self, info: Info, input: Annotated[SetGroupRoleInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        org_id = PydanticObjectId(context.organization(input.organization_id))
        await require_everything(context, org_id)
        refuse_auditor(input.role, "role")

        async def change(tx: Transaction) -> documents.GroupRole:
            custom_role_id = await _custom_role(context, org_id, input, tx)
            wanted = documents.GroupRole(
                org_id=org_id,
                group=input.group,
                group_key=input.group.lower(),
                role=input.role,
                custom_role_id=custom_role_id,
            )
            others = [one for one in await group_roles(org_id, tx.session) if one.group_key != wanted.group_key]
            if len(others) >= MOST_GROUP_ROLES:
                raise Conflict(f"{MOST_GROUP_ROLES} groups have roles already: remove one first.")
            before, rule = await put_group_role(wanted, tx.session)
            was = None if before is None else before.model_dump(include=AUDITED)
            tx.audit(org_id, target=_target(rule), before=was, after=rule.model_dump(include=AUDITED))
            changed[:] = await _settled(rule, tx)
            return rule

        changed: list[Change] = []
        rule = await context.ports.writer.commit(change)
        await tell_access(context.ports, changed)
        return rule

    @mutation(
        RemoveGroupRolePayload,
        may=Permission.IDENTITY_MANAGE,
        audit="group_role.remove",
        step_up=True,
        description="Give members of a group no role any more: they become USER, unless another group says otherwise.",
    )
    async def remove_group_role(
        self, info: Info, input: Annotated[RemoveGroupRoleInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id = info.context, local_id("GroupRole", input.id)

        async def change(tx: Transaction) -> documents.GroupRole:
            rule = await documents.GroupRole.get_in(context.scope, id, session=tx.session)
            await require_everything(context, rule.org_id)
            await remove_group_role(rule, tx.session)
            tx.audit(rule.org_id, target=_target(rule), before=rule.model_dump(include=AUDITED))
            changed[:] = await _settled(rule, tx)
            return rule

        changed: list[Change] = []
        rule = await context.ports.writer.commit(change)
        await tell_access(context.ports, changed)
        return rule


def audit_access(tx: Transaction, org_id: PydanticObjectId, changes: Iterable[Change]) -> None:
    """One entry for each membership that began, changed or ended."""
    for change in changes:
        before, after = _shown(change.before), _shown(change.after)
        tx.audit(org_id, target=f"user:{change.user_id}", before=before, after=after)


async def admit_waiting(tx: Transaction, user_id: PydanticObjectId) -> None:
    """Call it where a person has just proven their address: directories may have been waiting for that."""
    for org_id, changes in (await admit(user_id, tx.session)).items():
        audit_access(tx, org_id, changes)


async def tell_access(ports: Ports, changes: Iterable[Change]) -> None:
    """What follows once that is committed: what those hold open who lost something is closed, in every process."""
    for change in changes:
        if change.before is None:
            continue
        if change.ended:
            await ports.denylist.deny(sessions=[str(id) for id in change.ended])
        ports.revocations.announce(f"user:{change.user_id}")


async def _settled(rule: documents.GroupRole, tx: Transaction) -> list[Change]:
    members = await users_of(rule.org_id, await members_of_role(rule, tx.session), tx.session)
    changes = await settle(rule.org_id, members, tx.session)
    audit_access(tx, rule.org_id, changes)
    return changes


async def _custom_role(
    context: Context, org_id: PydanticObjectId, input: SetGroupRoleInput, tx: Transaction
) -> PydanticObjectId | None:
    """The stored id of the custom role. Raises Forbidden for a role that may do more than the viewer."""
    permissions, custom_role_id = standing_of(input.role).permissions, None
    if input.custom_role_id is not None:
        if input.role is not Role.USER:
            raise Invalid("A role of your own goes with USER.", path=("input", "role"))
        scope = context.scope.narrowed(str(org_id))
        role = await documents.CustomRole.get_in(
            scope, local_id("CustomRole", input.custom_role_id), session=tx.session
        )
        permissions, custom_role_id = frozenset(map(Permission, role.permissions)), role.id
    if not permissions <= context.signed_in.standings[str(org_id)].permissions:
        raise Forbidden("You cannot give a role that may do more than you.")
    return custom_role_id


def _shown(held: Held | None) -> dict[str, Any] | None:
    return None if held is None else {"role": held[0], "custom_role_id": held[1]}


def _target(rule: documents.GroupRole) -> str:
    return f"group_role:{rule.id}"
