"""Organizations that want their people to come in through their own identity provider, never by a password."""

from documents.identity_provider import providers_of_domain
from domain.identity.identity import domain_of
from domain.identity.refusal import SignInProblem, SignInRefused


async def refuse_password(email: str) -> None:
    """Raises SignInRefused when passwords do not count for this address. Ask only who has shown the right one."""
    domain = domain_of(email)
    for provider in await providers_of_domain(domain):
        if provider.is_enforced:
            raise SignInRefused(
                SignInProblem.OTHER_PROVIDER,
                f"People of {domain} sign in with {provider.name}, not with a password.",
            )
