"""What a fetch of bills tells: how far it is, and an alert while a source cannot be fetched."""

from datetime import datetime

from documents.alert import AlertCategory, AlertSource, Cause
from documents.cost_source import CostSource
from documents.job_progress import announce_job
from documents.transaction import Transaction
from domain.facts.job import JobKind, JobProgress, JobState
from domain.facts.severity import Severity
from jobs.context import JobContext


def cause_of(source: CostSource, problem: str) -> Cause:
    """The alert that a source cannot be fetched; `problem` says what is wrong and what to do."""
    return Cause(
        fingerprint=source.alert,
        source=AlertSource.INTEGRATION,
        severity=Severity.HIGH,
        category=AlertCategory.FINOPS,
        title=f"Bills of {source.name} cannot be fetched",
        message=problem,
        account_id=source.account_id,
    )


class FetchTelling:
    """Of one fetch, whose id in the feed of jobs is that of its worker's hold on the source."""

    def __init__(self, context: JobContext, source: CostSource, fetcher: str) -> None:
        self._context, self._source, self._id = context, source, fetcher
        self._started_at: datetime = context.now()

    async def tell(self, step: str, done: int = 0, total: int = 0) -> None:
        """Announce a step by itself."""

        async def change(tx: Transaction) -> None:
            self.announce(tx, JobState.RUNNING, step, done, total)

        await self._context.writer.commit(change)

    def announce(
        self,
        tx: Transaction,
        state: JobState,
        step: str,
        done: int = 0,
        total: int = 0,
        problem: str | None = None,
    ) -> None:
        """Announce a step together with what else the transaction does."""
        is_over = state is not JobState.RUNNING
        progress = JobProgress(
            kind=JobKind.COST_FETCH,
            id=self._id,
            subject=f"CostSource:{self._source.id}",
            state=state,
            step=step,
            done=done,
            total=total,
            problem=problem,
            started_at=self._started_at,
            ended_at=self._context.now() if is_over else None,
        )
        announce_job(tx, self._source.org_id, progress)
