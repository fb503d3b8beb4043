"""Asks an organization's identity provider for its description and keys, and notes what is wrong with them."""

from typing import Any

from auth.scope import scope_of_job
from connectors.identity.metadata import Directory
from connectors.identity.openid import check_provider
from documents.audit import Act, acting
from documents.identity_provider import IdentityProvider, record_provider_check
from documents.transaction import Transaction
from domain.errors import NotFound
from domain.identity.identity import ProviderKind
from domain.identity.provider import OpenIdProvider, discovery_url
from jobs.context import JobContext
from jobs.queue import CHECK_IDENTITY_PROVIDER


async def check_identity_provider(ctx: dict[str, Any], *, org_id: str, provider_id: str) -> str | None:
    """What is wrong, None when all is well; the provider's document says the same afterwards."""
    context: JobContext = ctx["context"]
    scope = scope_of_job(CHECK_IDENTITY_PROVIDER, org_id)
    try:
        stored = await IdentityProvider.get_in(scope, provider_id)
    except NotFound:  # deleted since
        return None
    reached = OpenIdProvider(
        key=provider_id,
        kind=ProviderKind.ORGANIZATION,
        issuer=stored.issuer,
        discovery_url=discovery_url(stored.issuer),
        client_id=stored.client_id,
        client_secret=None,
    )
    problem = await check_provider(reached, Directory(context.allow_private_endpoints))

    async def change(tx: Transaction) -> None:
        await record_provider_check(stored, problem, context.now(), tx.session)
        after = {"problem": problem}
        tx.audit(stored.org_id, target=f"identity_provider:{stored.id}", after=after)

    with acting(Act(action="identity_provider.check", actor=scope.actor)):
        await context.writer.commit(change)
    return problem
