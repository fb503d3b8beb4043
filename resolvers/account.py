"""Accounts: list them, connect one; the resources in them."""

from typing import Annotated, Any

import orjson
import strawberry

import documents
from auth.permission import Permission
from documents import AccountState
from documents.account import sealed
from documents.page import Keyset
from documents.transaction import Transaction
from domain.endpoint import check_endpoint
from domain.errors import Invalid
from domain.facts.aws_credentials import AwsCredentials
from domain.facts.provider import Provider
from domain.facts.resource import ResourceKind
from jobs.queue import request_sync
from resolvers.context import Info
from resolvers.fields import mutation, query
from schema.account import Account, AwsAccessInput, ConnectAccountInput, ConnectAccountPayload, Resource
from schema.arguments import InAccount, InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id

BY_NAME = Keyset((("name", 1),))
# What the audit log tells apart of an account; never its credentials.
AUDITED = {"provider", "name", "state", "role_arn", "endpoint_url", "regions"}


@strawberry.type
class AccountQueries:
    @query(Connection[Account], may=Permission.ACCOUNTS_READ, description="Accounts in reach, by name.")
    async def accounts(
        self,
        info: Info,
        organization_id: InOrganization = None,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        scope = info.context.scope
        if organization_id is not None:
            scope = scope.narrowed(local_id("Organization", organization_id))
        return await info.context.ports.pager.page(
            info, documents.Account, scope, {}, BY_NAME, first=first, after=after
        )

    @query(Connection[Resource], may=Permission.RESOURCES_READ, description="Resources in reach, by name.")
    async def resources(
        self,
        info: Info,
        account_id: InAccount = None,
        kinds: Annotated[list[ResourceKind] | None, strawberry.argument(description="Of these kinds only.")] = None,
        regions: Annotated[list[str] | None, strawberry.argument(description="In these regions only.")] = None,
        is_gone: Annotated[bool, strawberry.argument(description="Those that are gone, and no others.")] = False,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        context, scope = info.context, info.context.scope
        where: dict[str, Any] = {"is_gone": is_gone}
        if kinds is not None:
            where["kind"] = {"$in": [kind.value for kind in kinds]}
        if regions is not None:
            where["region"] = {"$in": regions}
        if account_id is not None:
            account = await documents.Account.get_in(scope, local_id("Account", account_id))
            scope, where["account_id"] = scope.narrowed(str(account.org_id)), account.id
        return await context.ports.pager.page(info, documents.Resource, scope, where, BY_NAME, first=first, after=after)


@strawberry.type
class AccountMutations:
    @mutation(
        ConnectAccountPayload,
        may=Permission.ACCOUNTS_CONNECT,
        audit="account.connect",
        description="Connect an AWS account. Credentials are stored encrypted and cannot be read back.",
    )
    async def connect_account(
        self, info: Info, input: Annotated[ConnectAccountInput, strawberry.argument(description="What to do it with.")]
    ) -> Any:
        context = info.context
        org_id = context.organization(input.organization_id)
        credentials = _credentials(input, context.ports.allow_private_endpoints)
        cipher = await context.ports.vault.seal(org_id, orjson.dumps(credentials.revealed()).decode())
        account = documents.Account(
            org_id=org_id,
            provider=Provider.AWS,
            name=input.name,
            state=AccountState.CONNECTING,
            role_arn=credentials.role_arn,
            endpoint_url=credentials.endpoint_url,
            regions=list(credentials.regions),
            credentials=sealed(cipher),
        )
        account.schedule(context.now())

        async def change(tx: Transaction) -> documents.Account:
            await account.insert(session=tx.session)
            await request_sync(tx, account)
            tx.audit(account.org_id, target=f"account:{account.id}", after=account.model_dump(include=AUDITED))
            return account

        return await context.ports.writer.commit(change)


def _credentials(input: ConnectAccountInput, allow_private: bool) -> AwsCredentials:
    try:
        endpoint = None if input.endpoint_url is None else check_endpoint(input.endpoint_url, allow_private)
        return AwsCredentials(regions=tuple(input.regions), endpoint_url=endpoint, **_access(input.aws))
    except Invalid as error:
        raise Invalid(error.message, path=("input", *error.path)) from error


def _access(aws: AwsAccessInput) -> dict[str, Any]:
    if aws.role is not None:
        return {"role_arn": aws.role.role_arn, "external_id": aws.role.external_id}
    if aws.key is None:
        raise Invalid("Give a role or a key.", path=("aws",))
    return {"access_key_id": aws.key.access_key_id, "secret_access_key": aws.key.secret_access_key}
