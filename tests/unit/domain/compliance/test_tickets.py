"""What an issue of Jira is, whatever fields its project has."""

import pytest

from domain.compliance.tickets import SEARCH, issues_of, kind_of
from domain.facts.compliance import Integration
from tests.factories.answers import answers

ISSUE = {"key": "SHOP-1", "fields": {"summary": "Sell more", "labels": ["risk"], "duedate": "2026-06-01"}}


def test_a_field_that_a_project_does_not_have_is_as_if_nobody_had_filled_it() -> None:
    (issue,) = issues_of(answers(Integration.JIRA, (SEARCH, {"issues": [ISSUE]})))

    assert issue["fields"] | ISSUE["fields"] == issue["fields"]
    assert (issue["fields"]["priority"], list(issue["fields"]["attachment"])) == (None, [])


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"issuetype": {"name": "Incident"}}, "incident"),
        ({"issuetype": {"name": "[System] Incident"}}, "incident"),
        ({"issuetype": {"name": "Incident review"}}, "incident review"),
        ({"issuetype": None}, ""),
        ({}, ""),
    ],
)
def test_a_kind_is_told_by_its_name(fields: dict[str, object], kind: str) -> None:
    assert kind_of(fields) == kind
