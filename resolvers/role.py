"""Roles: what each may do, and those that an organization makes itself."""

from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

import documents
from auth.delegation import checked_permissions, require_covers
from auth.permission import (
    DESCRIPTIONS,
    NOT_IN_CUSTOM_ROLES,
    PERMISSIONS_OF,
    PROVIDER_ONLY,
    Permission,
    known_permissions,
)
from documents import Role
from documents.custom_role import change_role, delete_role
from documents.invitation import is_role_offered, replace_offered_role
from documents.member import holders_of, replace_role
from documents.page import Keyset
from documents.transaction import Transaction
from domain.errors import Conflict, Invalid
from resolvers.authority import authority, tell_lessened
from resolvers.context import Context, Info
from resolvers.fields import mutation, query
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.directives import Cost
from schema.node import global_id, local_id
from schema.role import (
    CreateCustomRoleInput,
    CreateCustomRolePayload,
    CustomRole,
    DeleteCustomRoleInput,
    DeleteCustomRolePayload,
    PermissionRow,
    UpdateCustomRoleInput,
    UpdateCustomRolePayload,
)

WHAT = "What to do it with."
BY_NAME = Keyset((("name", 1),))


@strawberry.type
class RoleQueries:
    @query(Connection[CustomRole], may=Permission.MEMBERS_READ, description="Roles that organizations made, by name.")
    async def custom_roles(self, info: Info, first: First = DEFAULT_FIRST, after: After = None) -> Any:
        context = info.context
        return await context.ports.pager.page(
            info, documents.CustomRole, context.scope, {}, BY_NAME, first=first, after=after
        )

    @query(
        list[PermissionRow],
        may=Permission.MEMBERS_READ,
        directives=(Cost(list_size=len(Permission)),),
        description="Every permission, what it allows, and the roles that hold it.",
    )
    async def permission_table(self, info: Info) -> Any:
        return [
            PermissionRow(
                permission=permission.value,
                description=DESCRIPTIONS[permission],
                roles=[role for role in Role if permission in PERMISSIONS_OF[role]],
                is_provider_only=permission in PROVIDER_ONLY,
                is_custom_allowed=permission not in NOT_IN_CUSTOM_ROLES,
            )
            for permission in Permission
        ]


@strawberry.type
class RoleMutations:
    @mutation(
        CreateCustomRolePayload,
        may=Permission.ROLES_MANAGE,
        audit="role.create",
        description="Make a role out of permissions that you hold yourself.",
    )
    async def create_custom_role(
        self, info: Info, input: Annotated[CreateCustomRoleInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        org_id = PydanticObjectId(context.organization(input.organization_id))

        async def change(tx: Transaction) -> documents.CustomRole:
            fields = await _checked(context, tx, org_id, input)
            role = await documents.CustomRole(org_id=org_id, **fields).add(tx.session)
            tx.audit(org_id, target=f"role:{role.id}", after=fields)
            return role

        return await _named(context, change, input.name)

    @mutation(
        UpdateCustomRolePayload,
        may=Permission.ROLES_MANAGE,
        audit="role.update",
        step_up=True,
        description="Change a role for everybody who has it. It can be neither more nor have been more than you hold.",
    )
    async def update_custom_role(
        self, info: Info, input: Annotated[UpdateCustomRoleInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id = info.context, local_id("CustomRole", input.role_id)
        lessened: list[ObjectId] = []

        async def change(tx: Transaction) -> documents.CustomRole:
            lessened.clear()
            role = await documents.CustomRole.get_in(context.scope, id, session=tx.session)
            fields = await _checked(context, tx, role.org_id, input, also=role)
            changed = await change_role(role, fields, input.expected_version, tx.session)
            if known_permissions(role.permissions) - known_permissions(changed.permissions):
                lessened.extend(await holders_of(role, tx.session))
            tx.audit(role.org_id, target=f"role:{role.id}", before=_audited(role), after=_audited(changed))
            return changed

        changed = await _named(context, change, input.name)
        tell_lessened(context, lessened)
        return changed

    @mutation(
        DeleteCustomRolePayload,
        may=Permission.ROLES_MANAGE,
        audit="role.delete",
        step_up=True,
        description="Delete a role. While members have it, or invitations give it, name the role they get instead.",
    )
    async def delete_custom_role(
        self, info: Info, input: Annotated[DeleteCustomRoleInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id = info.context, local_id("CustomRole", input.role_id)
        other = None if input.replacement_id is None else local_id("CustomRole", input.replacement_id)

        async def change(tx: Transaction) -> list[ObjectId]:
            role = await documents.CustomRole.get_in(context.scope, id, session=tx.session)
            _, standing = await authority(context, tx, role.org_id)
            require_covers(standing, known_permissions(role.permissions))
            holders = await holders_of(role, tx.session)
            if other is not None:
                replacement = await _replacement(context, tx, role, other)
                require_covers(standing, known_permissions(replacement.permissions))
                await replace_role(role, PydanticObjectId(other), tx.session)
                await replace_offered_role(role, PydanticObjectId(other), tx.session)
            elif holders or await is_role_offered(role, tx.session):
                raise Conflict(f"{role.name} is in use: name the role that its holders get instead.")
            await delete_role(role, tx.session)
            tx.audit(role.org_id, target=f"role:{role.id}", before={**_audited(role), "replacement": other})
            return holders

        tell_lessened(context, await context.ports.writer.commit(change))
        return global_id("CustomRole", id)


async def _replacement(
    context: Context, tx: Transaction, role: documents.CustomRole, other: str
) -> documents.CustomRole:
    if other == str(role.id):
        raise Invalid("A role cannot replace itself.", path=("input", "replacementId"))
    here = context.scope.narrowed(str(role.org_id))
    return await documents.CustomRole.get_in(here, other, session=tx.session)


async def _checked(
    context: Context,
    tx: Transaction,
    org_id: PydanticObjectId,
    input: CreateCustomRoleInput | UpdateCustomRoleInput,
    also: documents.CustomRole | None = None,
) -> dict[str, Any]:
    """The stored fields of the role that is wanted, by somebody who holds all of it, and all of what it was."""
    organization, standing = await authority(context, tx, org_id)
    permissions = checked_permissions(input.permissions, organization.kind)
    require_covers(standing, permissions)
    if also is not None:
        require_covers(standing, known_permissions(also.permissions))
    return {"name": input.name, "description": input.description, "permissions": sorted(permissions)}


async def _named(context: Context, change: Any, name: str) -> Any:
    try:
        return await context.ports.writer.commit(change)
    except DuplicateKeyError as error:
        raise Conflict(
            f"There is a role called {name} already: choose another name.", path=("input", "name")
        ) from error


def _audited(role: documents.CustomRole) -> dict[str, Any]:
    fields: dict[str, Any] = role.model_dump(include={"name", "description", "permissions", "version"})
    return fields
