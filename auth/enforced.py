"""Organizations that want their people to come in through their own identity provider, never by a password."""

from documents.identity_provider import IdentityProvider, providers_of_domain
from domain.identity.identity import domain_of
from domain.identity.refusal import SignInProblem, SignInRefused


async def enforced_provider(email: str) -> IdentityProvider | None:
    """The provider through which people with this address must come in; None where passwords count."""
    enforced = [one for one in await providers_of_domain(domain_of(email)) if one.is_enforced]
    return enforced[0] if enforced else None


async def refuse_password(email: str) -> None:
    """Raises SignInRefused when passwords do not count for this address. Ask only who has shown the right one."""
    provider = await enforced_provider(email)
    if provider is not None:
        raise SignInRefused(
            SignInProblem.OTHER_PROVIDER,
            f"People of {domain_of(email)} sign in with {provider.name}, not with a password.",
        )
