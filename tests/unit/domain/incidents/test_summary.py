"""What an incident is called and how bad it is."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.facts.alert import AlertCategory
from domain.facts.severity import Severity
from domain.incidents.summary import LONGEST_TITLE, Part, severity_of, summary_of
from tests.factories.signals import NOON

FINOPS, SECOPS, COMPLIANCE = AlertCategory.FINOPS, AlertCategory.SECOPS, AlertCategory.COMPLIANCE


def part(title: str, hours: float = 0, **fields: Any) -> Part:
    whole: dict[str, Any] = {
        "category": SECOPS,
        "severity": Severity.MEDIUM,
        "account": "A",
        "is_open": True,
        "happened": True,
        **fields,
    }
    return Part(title=title, at=NOON + timedelta(hours=hours), **whole)


@pytest.mark.parametrize(
    ("worst", "categories", "severity"),
    [
        (Severity.HIGH, [SECOPS, COMPLIANCE], Severity.HIGH),
        (Severity.HIGH, [FINOPS, COMPLIANCE], Severity.HIGH),
        (Severity.HIGH, [FINOPS, SECOPS], Severity.CRITICAL),
        (Severity.LOW, [FINOPS, SECOPS, COMPLIANCE], Severity.MEDIUM),
        (Severity.CRITICAL, [FINOPS, SECOPS], Severity.CRITICAL),
    ],
)
def test_it_is_as_bad_as_its_worst_and_a_step_worse_where_cost_and_security_meet(
    worst: Severity, categories: list[AlertCategory], severity: Severity
) -> None:
    assert severity_of([Severity.INFORMATIONAL, worst], categories) is severity


def test_it_is_named_after_the_first_of_the_worst() -> None:
    high = {"severity": Severity.HIGH}

    assert summary_of([part("c"), part("b", 2, **high), part("a", 1, **high)]).title == "a, and 2 more"
    assert summary_of([part("alone")]).title == "alone"


def test_a_long_title_is_cut_before_it_says_how_many_more() -> None:
    title = summary_of([part("x" * 500), part("y", 1)]).title

    assert len(title) == LONGEST_TITLE
    assert title.endswith("x, and 1 more")


def test_it_runs_from_the_first_to_the_last_that_happened() -> None:
    summary = summary_of([part("old fault", -900, happened=False), part("b", 3), part("a", 1)])

    assert (summary.first_at, summary.last_at) == (NOON + timedelta(hours=1), NOON + timedelta(hours=3))
    assert summary.happened


def test_where_nothing_happened_it_runs_over_its_faults() -> None:
    summary = summary_of([part("a", -5, happened=False), part("b", happened=False)])

    assert (summary.first_at, summary.last_at) == (NOON - timedelta(hours=5), NOON)
    assert not summary.happened


def test_it_counts_its_members_and_names_their_kinds_and_accounts() -> None:
    parts = [part("a"), part("b", category=FINOPS, account=None), part("c", account="B", is_open=False)]

    summary = summary_of(parts)

    assert (summary.members, summary.open_members) == (3, 2)
    assert summary.categories == (FINOPS, SECOPS)
    assert summary.accounts == ("A", "B")


@given(st.permutations([part("a"), part("b"), part("c", 1, severity=Severity.HIGH), part("d", 1, category=FINOPS)]))
def test_the_order_of_members_does_not_matter(parts: list[Part]) -> None:
    assert summary_of(parts) == summary_of(sorted(parts, key=lambda one: one.title))
