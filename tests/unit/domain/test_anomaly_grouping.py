"""Flagged days become anomalies, and anomalies of one change become one cause."""

from datetime import date

from domain.anomaly_grouping import Member, causes_of, runs_of
from tests.factories.flag import flag

D = date(2026, 11, 1)


def on(day: int) -> date:
    return date(2026, 11, day)


def test_days_with_at_most_two_quiet_ones_between_them_are_one_anomaly():
    (first, second) = runs_of([flag(on(9)), flag(on(1)), flag(on(4)), flag(on(5))])

    assert [one.on.day for one in first.flags] == [1, 4, 5]
    assert (second.first_on, second.last_on) == (on(9), on(9))


def test_other_series_and_directions_are_other_anomalies():
    runs = runs_of([flag(on(1)), flag(on(1), series=1), flag(on(2), is_drop=True)])

    assert [(run.series, run.direction, len(run.flags)) for run in runs] == [(0, "DOWN", 1), (0, "UP", 1), (1, "UP", 1)]


def test_the_worst_day_is_the_one_with_the_largest_impact_the_earlier_of_equals():
    (run,) = runs_of([flag(on(1), actual=150), flag(on(2), actual=400), flag(on(3), actual=400)])

    assert run.worst.on == on(2)


def member(key: str, account: str, service: str, day: int, direction: str = "UP", cause: str | None = None) -> Member:
    return Member(key, direction, account, service, on(day), cause)


def test_one_account_or_one_service_within_a_day_is_one_cause():
    causes = causes_of(
        [
            member("a", "prod", "EC2", 3),
            member("b", "prod", "S3", 4),
            member("c", "test", "S3", 3),
            member("d", "other", "RDS", 3),
            member("e", "prod", "EC2", 8),
            member("f", "prod", "EC2", 3, direction="DOWN"),
        ]
    )

    assert causes == {
        "a": "anomaly:a",
        "b": "anomaly:a",
        # Neither of the account nor of the service of a; b came later, and to a.
        "c": "anomaly:c",
        "d": "anomaly:d",
        "e": "anomaly:e",
        "f": "anomaly:f",
    }


def test_a_cause_that_people_have_heard_of_stays_and_takes_newcomers_in():
    causes = causes_of([member("a", "prod", "EC2", 2), member("z", "prod", "S3", 3, cause="anomaly:old")])

    assert causes == {"z": "anomaly:old", "a": "anomaly:old"}
