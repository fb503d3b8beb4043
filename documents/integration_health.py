"""How the integration of one account does: one row each, merged from what every reading of it reports."""

from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.account import Account
from documents.base import TenantDocument
from documents.idempotency import encoded
from documents.transaction import Transaction
from domain.facts import topic
from domain.facts.event import LoggedEvent
from domain.facts.health import BreakerState, CircuitBreaker, HealthProblem, HealthState, ServiceHealth, Tally
from domain.facts.inventory import ServiceGap
from domain.health import WINDOW, Seen, Verdict, has_changed, judge

# Behind every score: accounts that were not asked of late come after those that do well.
UNKNOWN_RANK = 101
# Of services that nobody asked for so long nothing is said any more.
BREAKERS_KEPT = 24 * WINDOW
NOT_TOLD = frozenset({"tallies", "gaps"})


class ReportedTally(BaseModel):
    """A tally and the report it came with, which the next report of the same reading replaces."""

    report: str
    tally: Tally


class IntegrationHealth(TenantDocument):
    """`rank` puts the worst first. `since` is when the state became what it is, None where that is not known.

    `tallies` and `gaps` are what the rest is judged by; nobody outside sees them.
    """

    noun: ClassVar[str] = "integration health"

    account_id: PydanticObjectId
    state: HealthState = HealthState.UNKNOWN
    score: int | None = None
    rank: int = UNKNOWN_RANK
    services: list[ServiceHealth] = Field(default_factory=list)
    breakers: list[CircuitBreaker] = Field(default_factory=list)
    problems: list[HealthProblem] = Field(default_factory=list)
    at: datetime
    since: datetime | None = None
    tallies: list[ReportedTally] = Field(default_factory=list)
    gaps: list[ServiceGap] = Field(default_factory=list)

    class Settings:
        name = "integration_health"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("account_id", ASCENDING)], unique=True, name="org_account"),
            IndexModel([("org_id", ASCENDING), ("rank", ASCENDING), ("_id", ASCENDING)], name="org_rank"),
        ]

    @property
    def verdict(self) -> Verdict:
        return Verdict(self.state, self.score, tuple(self.services), tuple(self.problems))


class Reported(BaseModel):
    """What one reading has seen so far. `gaps` is None while it goes on: those of the last one stay."""

    report: str
    tallies: tuple[Tally, ...]
    breakers: tuple[CircuitBreaker, ...]
    gaps: tuple[ServiceGap, ...] | None


async def merge_health(
    account: Account, reported: Reported, at: datetime, session: AsyncClientSession
) -> tuple[IntegrationHealth, bool]:
    """Put a report into the row of the account, and whether that is news. The same report again changes nothing."""
    rows = IntegrationHealth.rows()
    key = {"org_id": account.org_id, "account_id": account.id}
    raw = await rows.find_one(key, session=session)
    before = IntegrationHealth(**key, at=at) if raw is None else IntegrationHealth.stored(raw)
    after = _merged(before, reported, at)
    fields = encoded(after)
    fields.pop("_id", None)
    stored = await rows.find_one_and_update(
        key, {"$set": fields}, upsert=True, return_document=ReturnDocument.AFTER, session=session
    )
    is_news = raw is None or has_changed(before.verdict, after.verdict) or _states(before) != _states(after)
    return IntegrationHealth.stored(stored or fields), is_news


def announce_health(tx: Transaction, row: IntegrationHealth) -> None:
    """Log the health as it stands now, without what it was judged by."""
    payload = {name: value for name, value in encoded(row).items() if name not in NOT_TOLD}
    tx.announce(row.org_id, topic.integrations(row.org_id), "IntegrationHealthChanged", payload)


def health_of(event: LoggedEvent) -> Any:
    """The row an event carries."""
    return IntegrationHealth.Row(dict(event.payload))


def _states(row: IntegrationHealth) -> list[tuple[str, BreakerState]]:
    return [(one.service, one.state) for one in row.breakers]


def _merged(row: IntegrationHealth, reported: Reported, at: datetime) -> IntegrationHealth:
    others = [one for one in row.tallies if one.report != reported.report and one.tally.at > at - WINDOW]
    own = [ReportedTally(report=reported.report, tally=tally) for tally in reported.tallies]
    seen = _breakers(row, reported, at)
    gaps = row.gaps if reported.gaps is None else list(reported.gaps)
    tallies = [*others, *own]
    verdict = judge(Seen(tallies=[one.tally for one in tallies], gaps=gaps, breakers=tuple(seen.values())))
    merged: IntegrationHealth = row.model_copy(
        update={
            "state": verdict.state,
            "score": verdict.score,
            "rank": UNKNOWN_RANK if verdict.score is None else verdict.score,
            "services": list(verdict.services),
            "problems": list(verdict.problems),
            "breakers": [seen[name] for name in sorted(seen)],
            "tallies": tallies,
            "gaps": gaps,
            "at": at,
            "since": (row.since or row.at) if verdict.state is row.state else at,
        }
    )
    return merged


def _breakers(row: IntegrationHealth, reported: Reported, at: datetime) -> dict[str, CircuitBreaker]:
    """By service. One whose pause is over, and whose service answered this reading, was closed by another reading."""
    answered = {one.service for one in reported.tallies if one.calls > one.unavailable}
    seen = {}
    for one in row.breakers:
        is_over = one.next_try_at is None or one.next_try_at <= at
        if one.state is not BreakerState.CLOSED and is_over and one.service in answered:
            seen[one.service] = CircuitBreaker(service=one.service, state=BreakerState.CLOSED, since=at)
        elif one.since > at - BREAKERS_KEPT:
            seen[one.service] = one
    seen.update((one.service, one) for one in reported.breakers)
    return seen
