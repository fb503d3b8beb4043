"""How to prepare an account, before it is connected."""

from typing import Annotated, Any

import strawberry

from auth.permission import Permission
from domain.errors import Invalid
from domain.facts.provider import Provider
from domain.setup.level import AccessLevel
from domain.setup.vendors import setup_of
from resolvers.context import Info
from resolvers.fields import query
from schema.arguments import InOrganization
from schema.connecting import AccountSetup

Which = Annotated[Provider, strawberry.argument(description="The vendor.")]
HowMuch = Annotated[AccessLevel, strawberry.argument(description="What it is to allow.")]


@strawberry.type
class SetupQueries:
    @query(
        AccountSetup,
        may=Permission.ACCOUNTS_CONNECT,
        description="How to prepare an account at a vendor: steps, the permissions that reading takes, exactly, and "
        "texts to copy. Acting is there for AWS only.",
    )
    async def account_setup(
        self,
        info: Info,
        provider: Which,
        level: HowMuch = AccessLevel.READ,
        organization_id: InOrganization = None,
    ) -> Any:
        context = info.context
        org_id = context.organization(organization_id)
        if provider is Provider.OTHER:
            raise Invalid("Name a vendor whose accounts can be connected.", path=("provider",))
        needs = await context.ports.access.needs(provider)
        return setup_of(provider, needs, level, context.ports.external_ids.of(org_id)[0])
