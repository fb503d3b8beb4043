"""One run over an account: counts the work and keeps what could not be read."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from connectors.clouds.aws import session
from domain.errors import CredentialsRejected, ProviderError
from domain.facts.inventory import ServiceGap
from domain.facts.resource import ResourceKind

T = TypeVar("T")
NOT_HERE = "The same credentials work elsewhere: the region may not be enabled, or they have just ended."
# service, steps done, steps known so far: the number of steps may grow as lists come in.
OnProgress = Callable[[str, int, int], Awaitable[None]]


class Unread:
    """Stands for a detail that could not be read; never stored."""


UNREAD = Unread()


class Run:
    """Shared by the modules of the services. A part that fails becomes a gap and the others go on."""

    def __init__(self, entered: session.AwsSession, on_progress: OnProgress) -> None:
        self.session = entered
        self._on_progress = on_progress
        self._done = self._expected = 0
        self._gaps: dict[tuple[str, str | None, str], tuple[int, frozenset[ResourceKind]]] = {}

    def expect(self, steps: int) -> None:
        """So many steps more are to come."""
        self._expected += steps

    async def advance(self, service: str) -> None:
        """One step of `service` is done, well or not."""
        self._done += 1
        await self._on_progress(service, self._done, self._expected)

    async def whole_list(
        self,
        reader: session.AwsReader,
        operation: str,
        key: str,
        kinds: tuple[ResourceKind, ...],
        region: str | None,
        **options: Any,
    ) -> list[Any]:
        """The list, or none of it and a gap that hides these kinds in this region (None: in the whole account)."""
        try:
            return await reader.pages(operation, key, **options) or []
        except ProviderError as error:
            self.missed(error, region, kinds)
            return []

    async def detail(self, read: Awaitable[T], region: str | None, *unlisted: ResourceKind) -> T | Unread:
        """What `read` gives, or UNREAD and a gap."""
        try:
            return await read
        except ProviderError as error:
            self.missed(error, region, unlisted)
            return UNREAD

    def missed(self, error: ProviderError, region: str | None, unlisted: tuple[ResourceKind, ...] = ()) -> None:
        """Notes a gap; the same trouble with many resources is one gap that counts them."""
        # The account was entered with these credentials, so the usual advice to mend them would mislead.
        advice = NOT_HERE if isinstance(error, CredentialsRejected) else error.advice
        sentence = f"{error.message} {advice}".strip()
        count, kinds = self._gaps.get((error.service, region, sentence), (0, frozenset()))
        self._gaps[error.service, region, sentence] = (count + 1, kinds | set(unlisted))

    def parsed(
        self, reader: session.AwsReader, kind: ResourceKind, region: str | None, parse: Callable[[], list[T]]
    ) -> list[T]:
        """What `parse` makes of an answer, or nothing and a gap when the answer lacks a field AWS always gives."""
        try:
            return parse()
        except (KeyError, TypeError, ValueError) as error:
            message = f"{reader.endpoint} answered {reader.service} for {kind} without {error}."
            self.missed(ProviderError(message, service=reader.service), region, (kind,))
            return []

    def gaps(self) -> tuple[ServiceGap, ...]:
        return tuple(
            ServiceGap(
                service=service,
                region=region,
                reason=sentence if count == 1 else f"{sentence} ({count} times)",
                unlisted=tuple(sorted(kinds)),
            )
            for (service, region, sentence), (count, kinds) in sorted(self._gaps.items(), key=lambda gap: str(gap[0]))
        )
