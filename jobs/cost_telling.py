"""What an import of costs tells: which periods are other than before, and how far it is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId

from documents.cost_load import CostLoad
from documents.cost_period import PeriodChange
from domain.facts.job import JobKind, JobProgress, JobState

MOST_PERIODS_TOLD = 100


def told_costs(load_id: ObjectId, changes: Sequence[PeriodChange]) -> dict[str, Any]:
    """What CostsUpdated says: the load and the first hundred periods that are other than before."""
    changed = [change for change in changes if not change.is_unchanged]
    return {
        "load_id": str(load_id),
        "line_count": sum(change.slice.rows for change in changed),
        "period_count": len(changed),
        "periods": [_told(change) for change in changed[:MOST_PERIODS_TOLD]],
    }


def _told(change: PeriodChange) -> dict[str, Any]:
    slice = change.slice
    return {
        "provider": slice.key.provider,
        "billing_account_id": slice.key.billing_account_id,
        "period_start": slice.key.period_start,
        "period_end": slice.period_end,
        "currency": slice.currency,
        "billed": slice.billed,
        "line_count": slice.rows,
        "was_replaced": change.old_lines is not None,
    }


def told_progress(
    load: CostLoad, state: JobState, size: int | None, at: datetime, problem: str | None = None
) -> JobProgress:
    """How far a load is after `size` bytes of its files; None is all of them."""
    total = sum(file.size for file in load.files)
    return JobProgress(
        kind=JobKind.COST_IMPORT,
        id=str(load.id),
        subject=f"Organization:{load.org_id}",
        state=state,
        step="Bytes of files read",
        done=total if size is None else min(size, total),
        total=total,
        problem=problem,
        started_at=load.started_at,
        ended_at=None if state is JobState.RUNNING else at,
    )
