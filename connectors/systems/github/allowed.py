"""Which permissions an installed app lacks, as GitHub says when it gives the app a token."""

from collections.abc import Sequence
from typing import cast

from connectors.reading.source import Source
from connectors.systems.github import source as github
from domain.errors import ProviderError

LEVELS = ("read", "write", "admin")


async def missing(source: Source, wanted: Sequence[str], _native_id: str) -> frozenset[str] | None:
    """Those of the permissions, such as administration=write, that the app does not have; None for a token."""
    try:
        granted = await cast(github.GithubSource, source).granted()
    except ProviderError:
        return None
    if granted is None:
        return None
    enough = {f"{name}={level}" for name, most in granted.items() for level in LEVELS[: _rank(most)]}
    return frozenset(wanted) - enough


def _rank(level: str) -> int:
    return LEVELS.index(level) + 1 if level in LEVELS else 0
