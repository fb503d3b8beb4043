"""When people hear of what falls due, and whom statements are of."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.compliance.attested import subjects
from domain.compliance.falling_due import told_from
from domain.facts.governance import AttestationKind

DUE = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "before"),
    [(None, 14 * 24), (60 * 24, 14 * 24), (28 * 24, 14 * 24), (72, 36), (6, 3)],
)
def test_people_hear_two_weeks_before_or_when_half_of_a_shorter_time_has_run(hours: int | None, before: int) -> None:
    began_at = None if hours is None else DUE - timedelta(hours=hours)

    assert told_from(DUE, began_at) == DUE - timedelta(hours=before)


def test_statements_are_of_people_of_vendors_or_of_everything() -> None:
    assert subjects(AttestationKind.PEOPLE_RECORDS, [{"person": "ada"}, {"person": "bob"}]) == {"ada", "bob"}
    assert subjects(AttestationKind.VENDOR_DOCUMENTS, [{"vendor": "Acme"}]) == {"Acme"}
    assert subjects(AttestationKind.BOARD_MINUTES, [{"held_at": DUE}]) == {""}
