"""The guard of one reading of an account, and what it has seen."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from connectors.guard import Guard, Guards, Translate
from documents.account import Account
from domain.facts.inventory import ServiceGap
from jobs.context import JobContext


class AccountGuard:
    """Makes the one guard of an account for its vendor's errors."""

    def __init__(self, made: Callable[[Translate], Guard]) -> None:
        self._made = made

    def __call__(self, translate: Translate) -> Guard:
        return self._made(translate)

    def report(self) -> object:
        """What it has seen so far."""
        return None


@asynccontextmanager
async def watched(_: JobContext, account: Account) -> AsyncIterator[AccountGuard]:
    """The guard for one reading of the account; give it to `Reach.guard`."""
    yield AccountGuard(Guards().of(account.provider, str(account.id)))


async def record_health(
    context: JobContext, account: Account, report: object, gaps: Sequence[ServiceGap] | None
) -> None:
    """Keep what the guard saw; `gaps` None when nothing was read."""
