"""An anomaly is told in one line and one sentence, with the numbers it rests on."""

from datetime import date
from decimal import Decimal

import pytest

from domain.anomalies.flag import Reference, ReferenceKind, Rule
from domain.anomaly_grouping import runs_of
from domain.anomaly_words import kind_of, severity_of, summary_of, title_of
from domain.facts.anomaly import AnomalyContributor, AnomalyKind
from domain.facts.severity import Severity
from tests.factories.flag import flag

ON = date(2026, 11, 3)


def run(**changes):
    (made,) = runs_of([flag(ON, **changes)])
    return made


@pytest.mark.parametrize(
    ("changes", "kind", "title"),
    [
        ({}, AnomalyKind.SPIKE, "EC2 in prod cost 3.0 times what was expected on 2026-11-03"),
        ({"rule": Rule.TRIPLE}, AnomalyKind.SPIKE, "EC2 in prod cost 3.0 times what was expected on 2026-11-03"),
        (
            {"rule": Rule.PERSISTENT},
            AnomalyKind.SUSTAINED,
            "EC2 in prod costs 3.0 times what was expected since 2026-11-03",
        ),
        ({"rule": Rule.NEW_SERVICE}, AnomalyKind.NEW_SERVICE, "EC2 is new in prod since 2026-11-03"),
        ({"is_drop": True}, AnomalyKind.DROP, "EC2 in prod cost 90 % less than expected on 2026-11-03"),
        (
            {"is_drop": True, "expected": 0.0},
            AnomalyKind.DROP,
            "EC2 in prod cost 0 % less than expected on 2026-11-03",
        ),
    ],
)
def test_the_title_says_what_where_how_much_and_when(changes, kind, title):
    assert kind_of(run(**changes)) is kind
    assert title_of(run(**changes), "EC2", "prod") == title


def test_the_summary_holds_the_range_the_recurring_charge_and_what_moved_most():
    parts = [
        AnomalyContributor(
            by="REGION", value="eu", actual=Decimal(250), usual=Decimal(0), change=Decimal(250), is_new=True
        ),
        AnomalyContributor(
            by="RESOURCE", value=None, actual=Decimal(10), usual=Decimal(60), change=Decimal(-50), is_new=False
        ),
    ]
    flagged = run(reference=Reference(ReferenceKind.MONTHLY, 40.0))

    assert summary_of(flagged, "USD", parts) == (
        "300.00 USD on 2026-11-03 instead of 100.00 USD, where 90.00 USD to 110.00 USD would be usual. "
        "A recurring charge of 40.00 USD is counted in. Most of it: eu (+250.00 USD, new), no resource (-50.00 USD)."
    )
    assert summary_of(run(), "USD", []).endswith("would be usual.")
    season = run(reference=Reference(ReferenceKind.YEARLY, 40.0))
    assert summary_of(season, "USD", []).endswith("A season of the year of 40.00 USD is counted in.")


def test_the_severity_is_that_of_the_worst_day_and_of_a_drop_at_most_medium():
    (both,) = runs_of([flag(ON, severity=Severity.LOW), flag(date(2026, 11, 4), severity=Severity.CRITICAL)])

    assert severity_of(both) is Severity.CRITICAL
    assert severity_of(run(is_drop=True, severity=Severity.HIGH)) is Severity.MEDIUM
    assert severity_of(run(is_drop=True, severity=Severity.LOW)) is Severity.LOW
