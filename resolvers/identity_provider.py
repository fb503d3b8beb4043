"""The identity providers of an organization: set one up, change it, try it, take it away."""

from typing import Annotated, Any

import strawberry
from pymongo.errors import DuplicateKeyError

import documents
from auth.delegation import ADMINISTRATORS, refuse_auditor
from auth.permission import Permission
from documents import OrganizationKind, Role
from documents.account import sealed
from documents.identity_provider import change_provider, delete_provider
from documents.organization import load_organizations
from documents.page import Keyset
from documents.transaction import Transaction
from documents.verified_domain import owns_a_domain
from domain.errors import Conflict, Invalid
from domain.identity.provider import check_issuer
from jobs.queue import ask_provider_check
from resolvers.authority import require_everything
from resolvers.context import Context, Info
from resolvers.fields import mutation, query
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.identity import (
    CreateIdentityProviderInput,
    CreateIdentityProviderPayload,
    DeleteIdentityProviderPayload,
    IdentityProvider,
    IdentityProviderInput,
    RoleMappingInput,
    TestIdentityProviderPayload,
    UpdateIdentityProviderInput,
    UpdateIdentityProviderPayload,
)
from schema.node import local_id

WHAT = "What to do it with."
BY_NAME = Keyset((("name", 1),))
# What the audit log tells apart of a provider; never its secret.
AUDITED = {"name", "issuer", "client_id", "creates_members", "default_role", "role_mappings", "is_enforced"}
# What is told as it is given; the others need a look.
PLAIN = ("name", "issuer", "client_id", "creates_members", "default_role", "is_enforced")


@strawberry.type
class IdentityProviderQueries:
    @query(
        Connection[IdentityProvider],
        may=Permission.IDENTITY_MANAGE,
        description="Identity providers of the organizations in reach, by name.",
    )
    async def identity_providers(self, info: Info, first: First = DEFAULT_FIRST, after: After = None) -> Any:
        context = info.context
        return await context.ports.pager.page(
            info, documents.IdentityProvider, context.scope, {}, BY_NAME, first=first, after=after
        )


@strawberry.type
class IdentityProviderMutations:
    @mutation(
        CreateIdentityProviderPayload,
        may=Permission.IDENTITY_MANAGE,
        audit="identity_provider.create",
        step_up=True,
        description="Set up an OpenID provider for the people of an organization. It is tried at once. Takes "
        "somebody who holds everything there, because it could sign in as anybody.",
    )
    async def create_identity_provider(
        self, info: Info, input: Annotated[CreateIdentityProviderInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        org_id = context.organization(input.organization_id)
        await require_everything(context, org_id)
        provider = documents.IdentityProvider(
            org_id=org_id,
            name=input.name,
            issuer=_issuer(context, input.issuer),
            client_id=input.client_id,
            creates_members=input.creates_members,
            default_role=input.default_role,
            role_mappings=await _mappings(context, org_id, input.role_mappings),
        )
        await _check_roles(org_id, [input.default_role, *(one.role for one in provider.role_mappings)])
        if input.client_secret is not None:
            secret = input.client_secret.get_secret_value()
            provider.client_secret = sealed(await context.ports.vault.seal(org_id, secret))

        async def change(tx: Transaction) -> documents.IdentityProvider:
            await provider.insert(session=tx.session)
            ask_provider_check(tx, provider)
            tx.audit(provider.org_id, target=_target(provider), after=provider.model_dump(include=AUDITED))
            return provider

        try:
            return await context.ports.writer.commit(change)
        except DuplicateKeyError as error:
            raise _taken(input.name) from error

    @mutation(
        UpdateIdentityProviderPayload,
        may=Permission.IDENTITY_MANAGE,
        audit="identity_provider.update",
        step_up=True,
        description="Change an identity provider. With another issuer it is tried again.",
    )
    async def update_identity_provider(
        self, info: Info, input: Annotated[UpdateIdentityProviderInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        provider = await _provider(context, input.identity_provider_id)
        await require_everything(context, provider.org_id)
        if input.expected_version not in (None, provider.version):
            raise Conflict("Somebody else has changed this identity provider: look at it again.", current=provider)
        changes = await _changes(context, provider, input)

        async def change(tx: Transaction) -> documents.IdentityProvider:
            await _check_enforcement(context, provider, changes, tx)
            changed = await change_provider(provider, changes, tx.session)
            if "issuer" in changes:
                ask_provider_check(tx, changed)
            before, after = (one.model_dump(include=AUDITED) for one in (provider, changed))
            tx.audit(provider.org_id, target=_target(provider), before=before, after=after)
            return changed

        try:
            return await context.ports.writer.commit(change)
        except DuplicateKeyError as error:
            raise _taken(input.name) from error

    @mutation(
        DeleteIdentityProviderPayload,
        may=Permission.IDENTITY_MANAGE,
        audit="identity_provider.delete",
        step_up=True,
        description="Take an identity provider away. Its people stay members; passwords work for them again.",
    )
    async def delete_identity_provider(
        self, info: Info, input: Annotated[IdentityProviderInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        provider = await _provider(info.context, input.identity_provider_id)

        async def change(tx: Transaction) -> documents.IdentityProvider:
            await delete_provider(provider, tx.session)
            tx.audit(provider.org_id, target=_target(provider), before=provider.model_dump(include=AUDITED))
            return provider

        return await info.context.ports.writer.commit(change)

    @mutation(
        TestIdentityProviderPayload,
        may=Permission.IDENTITY_MANAGE,
        audit="identity_provider.test",
        step_up=True,
        description="Have a worker ask the provider for its description and keys; `problem` then tells what is wrong.",
    )
    async def test_identity_provider(
        self, info: Info, input: Annotated[IdentityProviderInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        provider = await _provider(info.context, input.identity_provider_id)

        async def change(tx: Transaction) -> documents.IdentityProvider:
            ask_provider_check(tx, provider)
            tx.audit(provider.org_id, target=_target(provider))
            return provider

        return await info.context.ports.writer.commit(change)


async def _provider(context: Context, id: str) -> documents.IdentityProvider:
    return await documents.IdentityProvider.get_in(context.scope, local_id("IdentityProvider", id))


async def _changes(
    context: Context, provider: documents.IdentityProvider, input: UpdateIdentityProviderInput
) -> dict[str, Any]:
    """What to store: what was given and differs."""
    org_id = str(provider.org_id)
    given = {name: getattr(input, name) for name in PLAIN}
    changes = {name: value for name, value in given.items() if value not in (None, getattr(provider, name))}
    if "issuer" in changes:
        _issuer(context, changes["issuer"])
        changes |= {"is_enforced": False, "checked_at": None, "problem": None}
    if input.role_mappings is not None:
        mappings = await _mappings(context, org_id, input.role_mappings)
        changes["role_mappings"] = [one.model_dump() for one in mappings]
        await _check_roles(org_id, [one.role for one in mappings])
    if input.default_role is not None:
        await _check_roles(org_id, [input.default_role])
    if input.client_secret is not None:
        cipher = await context.ports.vault.seal(org_id, input.client_secret.get_secret_value())
        changes["client_secret"] = sealed(cipher)
    return changes


async def _check_enforcement(
    context: Context, provider: documents.IdentityProvider, changes: dict[str, Any], tx: Transaction
) -> None:
    """Nobody is locked out by a provider that does not work."""
    if not changes.get("is_enforced"):
        return
    if provider.checked_at is None or provider.problem is not None:
        raise Invalid("Have it tested without a problem first.", path=("input", "isEnforced"))
    if not await owns_a_domain(context.scope.narrowed(str(provider.org_id)), tx.session):
        raise Invalid("Verify a domain first: it says who is meant.", path=("input", "isEnforced"))


async def _mappings(context: Context, org_id: str, given: list[RoleMappingInput]) -> list[documents.RoleMapping]:
    mappings = []
    for one in given:
        custom_role_id = None
        if one.custom_role_id is not None:
            scope = context.scope.narrowed(org_id)
            role = await documents.CustomRole.get_in(scope, local_id("CustomRole", one.custom_role_id))
            if one.role in ADMINISTRATORS:
                raise Invalid("A role of your own goes with USER or CLIENT_VIEWER.", path=("input", "roleMappings"))
            custom_role_id = role.id
        mappings.append(
            documents.RoleMapping(claim=one.claim, value=one.value, role=one.role, custom_role_id=custom_role_id)
        )
    return mappings


async def _check_roles(org_id: str, roles: list[Role]) -> None:
    for role in roles:
        refuse_auditor(role, "roleMappings")
    if Role.MSP_ADMIN in roles:
        (organization,) = await load_organizations([org_id])
        if organization.kind is not OrganizationKind.MSP:
            raise Invalid("MSP_ADMIN is a role of managed service providers only.", path=("input", "roleMappings"))


def _issuer(context: Context, issuer: str) -> str:
    try:
        return check_issuer(issuer, context.ports.allow_private_endpoints)
    except Invalid as error:
        raise Invalid(error.message, path=("input", *error.path)) from error


def _target(provider: documents.IdentityProvider) -> str:
    return f"identity_provider:{provider.id}"


def _taken(name: str | None) -> Conflict:
    return Conflict(
        f"There is an identity provider called {name} already: choose another name.", path=("input", "name")
    )
