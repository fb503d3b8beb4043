"""An organization's own words: what they may use, and that they cannot use anything up."""

import time

import pytest

from connectors.channels.template import MOST_TEXT, check_template, render_template
from domain.errors import Invalid
from domain.facts.notice import NoticeLine
from tests.factories.notices import make_notice

NOTICE = make_notice(
    values={"account": "production"},
    lines=(NoticeLine(label="Account", text="production"), NoticeLine(label="Region", text="eu-west-1")),
)


def test_values_tests_filters_and_the_lines_may_be_used() -> None:
    template = (
        "{{ title | upper }} in {{ account }}{% if severity == 'CRITICAL' and not resolved is defined %}!{% endif %}"
        "{% for line in lines %} {{ line.label }}={{ line.text }}{{ line.link | default('-', true) }}{% endfor %}"
        "{{ ' yes' if link else ' no' }}"
    )

    assert render_template(template, NOTICE) == (
        "TRAIL IS STOPPED: CEDAR-EU-AUDIT in production! Account=production- Region=eu-west-1- yes"
    )


@pytest.mark.parametrize(
    "template",
    [
        "{{ title * 1000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ title ~ title }}",
        "{% for i in range(100000) %}x{% endfor %}",
        "{% for line in lines %}{% for other in lines %}x{% endfor %}{% endfor %}",
        "{% for line in lines recursive %}{{ loop(lines) }}{% endfor %}",
        "{% set x = 1 %}",
        "{% macro m() %}{{ m() }}{% endmacro %}",
        "{% include 'layout.html' %}",
        "{{ lines[0] }}",
        "{{ title.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ title | replace('a', 'aaaa') }}",
        "{{ lines | map(attribute='x') }}",
        "{{ '%s' % title }}",
        "{{ title.format(1) }}",
        "{{ [title] }}",
        "{{ not closed ",
        "{{ " + "(" * 1900 + "title" + ")" * 1900 + " }}",
        "x" * 4001,
    ],
)
def test_everything_else_is_refused_before_anything_runs(template: str) -> None:
    started = time.monotonic()

    with pytest.raises(Invalid):
        check_template(template)

    assert time.monotonic() - started < 2


@pytest.mark.parametrize("template", ["{{ nothing }}", "{{ title | truncate('x') }}", "{{ nothing | upper }}"])
def test_a_value_the_notice_lacks_is_an_error_and_not_an_empty_place(template: str) -> None:
    with pytest.raises(Invalid, match="cannot be filled in"):
        render_template(template, NOTICE)


def test_the_largest_template_of_the_largest_values_is_bounded_and_quick() -> None:
    notice = make_notice(message="m" * 100_000, lines=tuple(NoticeLine(label="l", text="t" * 5000) for _ in range(500)))
    template = "{% for line in lines %}" + "{{ message }}" * 300 + "{% endfor %}"
    started = time.monotonic()

    text = render_template(template, notice)

    assert len(text) == MOST_TEXT
    assert time.monotonic() - started < 2


def test_a_template_cannot_make_a_template() -> None:
    assert render_template("{{ title }}", make_notice(title="{{ 7 * 7 }}")) == "{{ 7 * 7 }}"
