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

MOST_RULES = 200
Which = Annotated[Provider, strawberry.argument(description="The vendor.")]
HowMuch = Annotated[AccessLevel, strawberry.argument(description="What it is to allow.")]
ForRules = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(
        description="With ACT: ids of the rules whose remediations are to be allowed (aws-ebs-unattached), to grant no "
        "more than they take, with what they read to look again; those of all rules when left out. At most 200."
    ),
]


@strawberry.type
class SetupQueries:
    @query(
        AccountSetup,
        may=Permission.ACCOUNTS_CONNECT,
        description="How to prepare an account at a vendor: steps, the permissions that reading takes, exactly, and "
        "texts to copy; with ACT, what remediations take.",
    )
    async def account_setup(
        self,
        info: Info,
        provider: Which,
        level: HowMuch = AccessLevel.READ,
        rule_ids: ForRules = None,
        organization_id: InOrganization = None,
    ) -> Any:
        context = info.context
        org_id = context.organization(organization_id)
        if provider is Provider.OTHER:
            raise Invalid("Name a vendor whose accounts can be connected.", path=("provider",))
        if rule_ids is not None and not 0 < len(rule_ids) <= MOST_RULES:
            raise Invalid(f"Give one to {MOST_RULES} rules, or leave it out for all.", path=("ruleIds",))
        needs = await context.ports.access.needs(provider)
        return setup_of(provider, needs, level, context.ports.external_ids.of(org_id)[0], rule_ids)
