"""Templates fill in what an alert has, and can do nothing else."""

import pytest

from documents.ticket_template import (
    DEFAULT_DESCRIPTION,
    LONGEST_DESCRIPTION,
    LONGEST_SUMMARY,
    check_template,
    description_of,
    summary_of,
)
from domain.errors import Invalid

PATH = ("input", "summary")


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "{{ title }}",
        "{{ title | upper | truncate(20) }}",
        "{% if region and severity == 'HIGH' or not account %}{{ region }}{% else %}none{% endif %}",
        DEFAULT_DESCRIPTION,
    ],
)
def test_placeholders_filters_and_if_are_taken(text: str) -> None:
    assert check_template(text, PATH) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ title", "This is no template"),
        ("{{ password }}", "There is no password"),
        ("{{ title.__class__ }}", "placeholders, filters and if, and nothing else"),
        ("{{ title() }}", "placeholders, filters and if, and nothing else"),
        ("{% for a in title %}x{% endfor %}", "placeholders, filters and if, and nothing else"),
        ("{% include 'x' %}", "placeholders, filters and if, and nothing else"),
        ("{{ 9 ** 9 }}", "placeholders, filters and if, and nothing else"),
        ("{{ 'a' * 99 }}", "placeholders, filters and if, and nothing else"),
        ("{{ title | pprint }}", "There is no filter pprint"),
        ("{{ title | nothing_like_it }}", "There is no filter nothing_like_it"),
    ],
)
def test_anything_else_is_refused(text: str, reason: str) -> None:
    with pytest.raises(Invalid, match=reason) as error:
        check_template(text, PATH)

    assert error.value.path == PATH


def test_a_summary_is_one_line_that_is_not_too_long_and_not_empty() -> None:
    assert summary_of("{{ title }}\n{{ region }}", {"title": "a", "region": "b"}) == "a b"
    assert summary_of(None, {"title": "x" * 300}) == "x" * (LONGEST_SUMMARY - 1) + "…"
    assert summary_of("{{ region }}", {"title": "a"}) == "a"
    assert summary_of("{{ region }}", {}) == "Alert"


def test_the_description_is_cut_where_jira_would_refuse_it() -> None:
    assert len(description_of("{{ message }}", {"message": "x" * 40_000})) == LONGEST_DESCRIPTION


def test_what_an_alert_does_not_have_leaves_no_line() -> None:
    told = description_of(None, {"message": "m", "severity": "HIGH", "source": "CHECK", "link": "https://x"})

    assert "Region" not in told
    assert told.startswith("m\nSeverity: HIGH\nSource: CHECK\n")


def test_values_are_not_taken_for_templates() -> None:
    assert summary_of("{{ title }}", {"title": "{{ region }}", "region": "r"}) == "{{ region }}"
