"""The names under which FOCUS files print the clouds we know."""

from domain.facts.provider import Provider

_NAMES = {
    "aws": Provider.AWS,
    "amazon": Provider.AWS,
    "amazon web services": Provider.AWS,
    "microsoft": Provider.AZURE,
    "microsoft azure": Provider.AZURE,
    "azure": Provider.AZURE,
    "google": Provider.GCP,
    "google cloud": Provider.GCP,
    "google cloud platform": Provider.GCP,
    "gcp": Provider.GCP,
    "digitalocean": Provider.DIGITALOCEAN,
}


def provider_of(name: str) -> Provider:
    """The cloud a printed provider name means; OTHER for all the rest."""
    return _NAMES.get(name.strip().casefold(), Provider.OTHER)


def filing_name(name: str) -> str:
    """The name rows are filed under: one for all spellings of a known cloud, so that a restatement finds its rows."""
    known = provider_of(name)
    return name if known is Provider.OTHER else known.value
