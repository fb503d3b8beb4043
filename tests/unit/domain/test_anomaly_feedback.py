"""What people say of anomalies changes what the detector is told."""

from datetime import date

import pytest

from domain.anomalies.flag import Direction
from domain.anomalies.known_event import KnownEvent, KnownKind
from domain.anomaly_feedback import Said, is_quiet, known_events
from domain.facts.anomaly import AnomalyState
from tests.factories.flag import flag

FIRST, SECOND = date(2026, 6, 1), date(2026, 6, 2)


def said(state: AnomalyState, **more: date) -> Said:
    return Said(0, state, Direction.UP, (FIRST, SECOND), 200.0, **more)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (said(AnomalyState.EXPECTED), [(FIRST, KnownKind.MARKED_EXPECTED), (SECOND, KnownKind.MARKED_EXPECTED)]),
        (said(AnomalyState.PLANNED), [(FIRST, KnownKind.PLANNED_CHANGE)]),
        (
            said(AnomalyState.PLANNED, from_on=date(2026, 5, 30), until_on=date(2026, 6, 9)),
            [(date(2026, 5, 30), KnownKind.PLANNED_CHANGE), (date(2026, 6, 10), KnownKind.PLANNED_CHANGE)],
        ),
        (said(AnomalyState.NOT_RELEVANT), []),
        (said(AnomalyState.FIXED), []),
    ],
)
def test_the_detector_learns_of_what_was_expected_and_planned(one, expected):
    assert known_events([one]) == [KnownEvent(0, day, kind) for day, kind in expected]


@pytest.mark.parametrize(
    ("one", "flagged", "quiet"),
    [
        (said(AnomalyState.NOT_RELEVANT), flag(date(2026, 6, 3)), True),
        # A hundred days after the second of June is the tenth of September.
        (said(AnomalyState.NOT_RELEVANT), flag(date(2026, 9, 10)), True),
        (said(AnomalyState.NOT_RELEVANT), flag(date(2026, 9, 11)), False),
        (said(AnomalyState.NOT_RELEVANT), flag(SECOND), False),
        (said(AnomalyState.NOT_RELEVANT), flag(date(2026, 6, 3), actual=301), False),
        (said(AnomalyState.NOT_RELEVANT), flag(date(2026, 6, 3), series=1), False),
        (said(AnomalyState.NOT_RELEVANT), flag(date(2026, 6, 3), is_drop=True), False),
        (said(AnomalyState.EXPECTED), flag(date(2026, 6, 3)), False),
    ],
)
def test_the_like_of_what_is_not_relevant_stays_quiet_for_a_hundred_days(one, flagged, quiet):
    assert is_quiet(flagged, [one]) is quiet
