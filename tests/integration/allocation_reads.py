"""What is read of allocation besides its lists, for the tests that MongoDB explains itself to."""

from datetime import UTC, date, datetime

from documents.allocated_series import allocated_series
from documents.allocation import allocated_totals, is_closed
from documents.allocation_cells import editions_by_month
from documents.allocation_coverage import coverage
from documents.allocation_rules import rules_in_force, rules_of_version
from documents.allocation_run import clear_runs
from documents.allocation_target import all_targets
from domain.allocation.question import AllocatedBy, AllocatedQuestion
from domain.costs.series import Grain
from domain.facts.scope import Scope

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


async def read_all(scope: Scope) -> None:
    """Every query, of one organization with many rows."""
    for by in AllocatedBy:
        if by is not AllocatedBy.RULE:
            await allocated_series(scope, AllocatedQuestion(JANUARY, FEBRUARY, Grain.DAY, by))
            await allocated_series(scope, AllocatedQuestion(JANUARY, FEBRUARY, Grain.MONTH, by))
    await allocated_totals(scope, JANUARY)
    await is_closed(scope, JANUARY)
    await coverage(scope, JANUARY)
    await rules_in_force(scope)
    await rules_of_version(scope, 3)
    await all_targets(scope)
    await editions_by_month(scope)
    await clear_runs(staged_before=datetime(2025, 1, 1, tzinfo=UTC), retired_before=datetime(2025, 1, 1, tzinfo=UTC))
