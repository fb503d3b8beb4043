"""Which actions of Azure roles the credentials in use lack on a resource, as Azure itself lists what they may."""

import re
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime

from connectors.clouds.azure import call
from connectors.reading.listing import Answer, Place
from connectors.reading.source import Source
from domain.errors import ProviderError

# Source: Authorization REST reference, "Permissions - List For Resource" and "List For Resource Group"; whoever has a
# role there may ask. A scope of its own is what stands in no group, such as the settings of a subscription.
PERMISSIONS = call.under(
    "Microsoft.Authorization/permissions", "/providers/Microsoft.Authorization/permissions", "2022-04-01"
)
GROUP = re.compile(r"^/subscriptions/[^/]+/resourcegroups/[^/]+", re.IGNORECASE)
SUBSCRIPTION = re.compile(r"^/subscriptions/[^/]+", re.IGNORECASE)


async def missing(source: Source, wanted: Sequence[str], native_id: str) -> frozenset[str] | None:
    """Those of the actions that no role gives, on the resource or its group; None when Azure does not tell.

    What is no action of Resource Manager, and what deny assignments forbid, is not told.
    """
    place = Place(account_id="", region=None, now=datetime.now(UTC))
    roles: list[Answer] = []
    scopes = scopes_of(native_id)
    for scope in scopes:
        try:
            async with aclosing(source.pages(PERMISSIONS, place, {"id": scope})) as pages:
                async for page in pages:
                    roles += page.get("value") or []
        except ProviderError:
            return None
    return frozenset(name for name in wanted if "/" in name and not is_given(name, roles)) if scopes else None


def scopes_of(native_id: str) -> tuple[str, ...]:
    """Where roles are looked for: at the resource and at its group, else at its subscription."""
    group, subscription = GROUP.match(native_id), SUBSCRIPTION.match(native_id)
    if group is not None:
        return tuple(dict.fromkeys((native_id, group[0])))
    return () if subscription is None else (subscription[0],)


def is_given(action: str, roles: Iterable[Answer]) -> bool:
    """Whether one of the roles has the action and does not leave it out.

    Source: Azure RBAC, "Understand Azure role definitions".
    """
    return any(
        _has(role.get("actions") or (), action) and not _has(role.get("notActions") or (), action) for role in roles
    )


def _has(patterns: Iterable[str], action: str) -> bool:
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), action, re.IGNORECASE) is not None
        for pattern in patterns
    )
