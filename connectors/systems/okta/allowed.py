"""Which scopes a service app lacks, as Okta says when it is asked for a token for each."""

from collections.abc import Sequence
from typing import cast

from connectors.reading.source import Source
from connectors.systems.okta import source as okta
from domain.errors import ProviderError


async def missing(source: Source, wanted: Sequence[str], _native_id: str) -> frozenset[str] | None:
    """Those of the scopes that are not granted; None with an API token.

    That the app also has a role which lets it use them is not told.
    """
    denied: set[str] = set()
    for scope in wanted:
        try:
            is_granted = await cast(okta.OktaSource, source).is_granted(scope)
        except ProviderError:
            return None
        if is_granted is None:
            return None
        if not is_granted:
            denied.add(scope)
    return frozenset(denied)
