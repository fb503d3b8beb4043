"""Which names of locations are zones."""

import re

# us-central1-a; a region ends in its number, a multi-region has none.
_ZONE = re.compile(r"[a-z]+-[a-z]+\d+-[a-z]")


def is_zone(location: str) -> bool:
    """Whether this is the name of a zone, not of a region, a multi-region or "global"."""
    return _ZONE.fullmatch(location) is not None
