"""Everything CloudWatcher reads from an AWS account in one sync, as one value."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from connectors.clouds.aws import registration
from connectors.guard import Guard, Translate
from connectors.reading.listing import Place
from connectors.reading.sink import PartKey, RawAnswer
from connectors.reading.source import Reach
from connectors.reading.survey import Survey
from domain.facts.aws_credentials import AwsCredentials
from domain.facts.inventory import InventorySnapshot, ServiceGap
from domain.facts.resource import Resource

# service, parts done, parts in all
OnProgress = Callable[[str, int, int], Awaitable[None]]


class _Kept:
    """Takes the resources and lets the raw answers go."""

    def __init__(self, on_progress: OnProgress) -> None:
        self.found: list[Resource] = []
        self._on_progress = on_progress

    def is_done(self, part: PartKey) -> bool:
        return False

    def since(self, part: PartKey) -> datetime | None:
        return None

    async def resources(self, part: PartKey, found: Sequence[Resource]) -> None:
        self.found += found

    async def evidence(self, raw: RawAnswer) -> None:
        """Not kept here."""

    async def done(self, part: PartKey, gaps: Sequence[ServiceGap]) -> None:
        """The report has the gaps."""

    async def progress(self, service: str, done: int, expected: int) -> None:
        await self._on_progress(service, done, expected)


async def fetch_inventory(
    credentials: AwsCredentials,
    *,
    on_progress: OnProgress,
    guard: Callable[[Translate], Guard],
    allow_private_endpoint: bool = False,
) -> InventorySnapshot:
    """All resources of the kinds CloudWatcher knows, and a gap for each thing that could not be read.

    `on_progress(service, done, expected)` is called after each part. Raises CredentialsRejected, Unavailable or
    Throttled when the account cannot be entered at all, Invalid for an endpoint that may not be used; once inside,
    what single services refuse becomes gaps.
    """
    reach = Reach(guard=guard, allow_private_endpoint=allow_private_endpoint, now=lambda: datetime.now(UTC))
    kept = _Kept(on_progress)
    async with registration.REGISTRATION.open(credentials, reach) as source:
        identity = await source.identity()
        place = Place(account_id=identity.native_id, region=None, now=reach.now())
        report = await Survey(source, kept, place).read(registration.REGISTRATION.listings)
    # Lists are read side by side, and which is first is chance.
    found = sorted(kept.found, key=lambda one: (one.kind, one.native_id))
    return InventorySnapshot(account_native_id=identity.native_id, resources=tuple(found), incomplete=report.gaps)
