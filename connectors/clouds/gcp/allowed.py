"""Which permissions of IAM the credentials in use lack on the project, as Google itself tests it."""

from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC, datetime

from connectors.clouds.gcp import calling
from connectors.reading.listing import Place
from connectors.reading.source import Source
from domain.errors import ProviderError

# Source: Resource Manager API reference, projects.testIamPermissions; it takes no permission, and 100 at once.
TEST = calling.call(
    "cloudresourcemanager.projects.testIamPermissions",
    "cloudresourcemanager.googleapis.com",
    "POST /v3/projects/{project}:testIamPermissions",
    is_one_page=True,
)
AT_ONCE = 100


async def missing(source: Source, wanted: Sequence[str], _native_id: str) -> frozenset[str] | None:
    """Those of the permissions that are not granted on the project; None when Google does not tell.

    Permissions that are granted elsewhere, such as on a billing account, cannot be tested on a project: Google refuses
    the question, and nothing is told then.
    """
    place = Place(account_id="", region=None, now=datetime.now(UTC))
    granted: set[str] = set()
    for start in range(0, len(wanted), AT_ONCE):
        asked = {"permissions": list(wanted[start : start + AT_ONCE])}
        try:
            async with aclosing(source.pages(TEST, place, asked)) as pages:
                async for page in pages:
                    granted |= set(page.get("permissions") or ())
        except ProviderError:
            return None
    return frozenset(wanted) - granted
