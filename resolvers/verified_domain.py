"""The mail domains of an organization: claim one, have it proven, give it up."""

from typing import Annotated, Any

import strawberry
from pymongo.errors import DuplicateKeyError

import documents
from auth.permission import Permission
from documents.page import Keyset
from documents.transaction import Transaction
from documents.verified_domain import delete_domain
from domain.errors import Conflict, Invalid
from domain.identity.domain_name import checked_domain
from jobs.queue import ask_domain_check
from resolvers.context import Context, Info
from resolvers.fields import mutation, query
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.identity import (
    ClaimDomainInput,
    ClaimDomainPayload,
    DomainInput,
    RemoveDomainPayload,
    VerifiedDomain,
    VerifyDomainPayload,
)
from schema.node import local_id

WHAT = "What to do it with."
BY_NAME = Keyset((("name", 1),))


@strawberry.type
class VerifiedDomainQueries:
    @query(
        Connection[VerifiedDomain],
        may=Permission.IDENTITY_MANAGE,
        description="Domains that the organizations in reach have proven or mean to, by name.",
    )
    async def verified_domains(self, info: Info, first: First = DEFAULT_FIRST, after: After = None) -> Any:
        context = info.context
        return await context.ports.pager.page(
            info, documents.VerifiedDomain, context.scope, {}, BY_NAME, first=first, after=after
        )


@strawberry.type
class VerifiedDomainMutations:
    @mutation(
        ClaimDomainPayload,
        may=Permission.IDENTITY_MANAGE,
        audit="domain.claim",
        step_up=True,
        description="Say that a domain is the organization's. Put the TXT record into DNS, then use `verifyDomain`.",
    )
    async def claim_domain(
        self, info: Info, input: Annotated[ClaimDomainInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        org_id = context.organization(input.organization_id)
        try:
            domain = documents.VerifiedDomain(org_id=org_id, name=checked_domain(input.name))
        except Invalid as error:
            raise Invalid(error.message, path=("input", *error.path)) from error

        async def change(tx: Transaction) -> documents.VerifiedDomain:
            await domain.insert(session=tx.session)
            tx.audit(domain.org_id, target=f"domain:{domain.id}", after={"name": domain.name})
            return domain

        try:
            return await context.ports.writer.commit(change)
        except DuplicateKeyError as error:
            raise Conflict("The organization has claimed this domain already.", path=("input", "name")) from error

    @mutation(
        VerifyDomainPayload,
        may=Permission.IDENTITY_MANAGE,
        audit="domain.ask",
        step_up=True,
        description="Have a worker look for the TXT record; `verifiedAt` or `problem` then tells what it found.",
    )
    async def verify_domain(
        self, info: Info, input: Annotated[DomainInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        domain = await _domain(info.context, input)

        async def change(tx: Transaction) -> documents.VerifiedDomain:
            ask_domain_check(tx, domain)
            tx.audit(domain.org_id, target=f"domain:{domain.id}")
            return domain

        return await info.context.ports.writer.commit(change)

    @mutation(
        RemoveDomainPayload,
        may=Permission.IDENTITY_MANAGE,
        audit="domain.remove",
        step_up=True,
        description="Give a domain up. The organization's identity providers speak for its people no more.",
    )
    async def remove_domain(
        self, info: Info, input: Annotated[DomainInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        domain = await _domain(info.context, input)

        async def change(tx: Transaction) -> documents.VerifiedDomain:
            await delete_domain(domain, tx.session)
            tx.audit(domain.org_id, target=f"domain:{domain.id}", before={"name": domain.name})
            return domain

        return await info.context.ports.writer.commit(change)


async def _domain(context: Context, input: DomainInput) -> documents.VerifiedDomain:
    return await documents.VerifiedDomain.get_in(context.scope, local_id("VerifiedDomain", input.domain_id))
