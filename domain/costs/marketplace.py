"""Tells what somebody else sells in a cloud's marketplace from what the cloud sells itself."""

from domain.costs.provider_name import provider_of
from domain.facts.provider import Provider

# Parts of the names clouds print as publishers of their own services.
_OWN = {
    Provider.AWS: ("amazon", "aws"),
    Provider.AZURE: ("microsoft", "azure"),
    Provider.GCP: ("google",),
    Provider.DIGITALOCEAN: ("digitalocean",),
}


def is_marketplace(provider: str, publisher: str | None) -> bool:
    """Whether somebody else than the provider made it. Of a provider we do not know nobody can tell: False."""
    own = _OWN.get(provider_of(provider))
    if own is None or not publisher:
        return False
    return not any(name in publisher.casefold() for name in own)
