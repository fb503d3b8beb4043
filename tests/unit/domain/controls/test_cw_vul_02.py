"""Code and dependency alerts are fixed on time."""

from datetime import timedelta
from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_vul_02 import CODE, CONTROL, DEPENDENCIES
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, call
from tests.factories.judged import judged, verdicts

ON = {"owner": "acme", "repo": "shop"}


def alert(days: float, *, state: str = "open", **more: Any) -> dict[str, Any]:
    created = (NOW - timedelta(days=days)).isoformat()
    return {"number": 1, "state": state, "created_at": created, "repository": {"full_name": "acme/shop"}, **more}


def dependency(severity: str, days: float, **more: Any) -> dict[str, Any]:
    return alert(days, security_advisory={"severity": severity}, **more)


def code(severity: str | None, days: float, **more: Any) -> dict[str, Any]:
    return alert(days, rule={"security_severity_level": severity}, **more)


def organization(
    *alerts: Any,
    dependencies: tuple[Any, ...] = (),
    watched: bool = True,
    setup: str | None = "configured",
    **repository: Any,
) -> Answers:
    """One repository; `alerts` are those of its code."""
    listed = {"full_name": "acme/shop", "name": "shop", "owner": {"login": "acme"}, "archived": False, **repository}
    return answers(
        Integration.GITHUB,
        ("GET /orgs/{org}/repos", [listed]),
        # Switched on it answers with an empty body.
        call(DEPENDENCIES, None, **ON) if watched else call(DEPENDENCIES, **ON),
        call(CODE, {"state": setup}, **ON) if setup else call(CODE, **ON),
        ("GET /orgs/{org}/dependabot/alerts", list(dependencies)),
        ("GET /orgs/{org}/code-scanning/alerts", list(alerts)),
    )


REPOSITORY, DEPENDABOT, SCANNING = "acme/shop", "acme/shop/dependabot/1", "acme/shop/code-scanning/1"


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (organization(), {REPOSITORY: "PASS"}),
        (organization(watched=False), {REPOSITORY: "FAIL"}),
        (organization(setup="not-configured"), {REPOSITORY: "FAIL"}),
        (organization(setup=None), {REPOSITORY: "FAIL"}),
        (organization(watched=False, topics=["sandbox"]), {REPOSITORY: "WARNING"}),
        (organization(watched=False, archived=True), {}),
        (organization(code("low", 1), setup="not-configured"), {REPOSITORY: "PASS", SCANNING: "PASS"}),
        (organization(code("critical", 12)), {REPOSITORY: "PASS", SCANNING: "PASS"}),
        (organization(code("critical", 13)), {REPOSITORY: "PASS", SCANNING: "WARNING"}),
        (organization(code("critical", 16)), {REPOSITORY: "PASS", SCANNING: "FAIL"}),
        (organization(code(None, 400)), {REPOSITORY: "PASS", SCANNING: "PASS"}),
        (organization(code("high", 400, state="fixed")), {REPOSITORY: "PASS"}),
        (organization(dependencies=(dependency("high", 31),)), {REPOSITORY: "PASS", DEPENDABOT: "FAIL"}),
        (organization(dependencies=(dependency("medium", 91),)), {REPOSITORY: "PASS", DEPENDABOT: "WARNING"}),
        (organization(dependencies=(dependency("high", 400, state="dismissed"),)), {REPOSITORY: "PASS"}),
    ],
)
def test_repositories_are_scanned_and_alerts_closed(read: Answers, expected: dict[str, str]) -> None:
    assert verdicts(judged(CONTROL, read)) == expected


def test_plan_without_code_scanning_is_not_assessed() -> None:
    read = answers(Integration.GITHUB, (DEPENDENCIES,), off=[CODE])
    assert judged(CONTROL, read).status is CheckStatus.NOT_ASSESSED


@pytest.mark.parametrize(
    ("due", "category", "labels", "status"),
    [
        ("2026-06-09", "new", ["risk-accepted"], CheckStatus.PASS),
        ("2026-06-08", "new", ["risk-accepted"], CheckStatus.WARNING),
        ("2026-06-01", "new", ["risk-accepted"], CheckStatus.WARNING),
        ("2026-05-31", "indeterminate", ["risk-accepted"], CheckStatus.FAIL),
        (None, "new", ["risk-accepted"], CheckStatus.FAIL),
        (None, "done", ["risk-accepted"], CheckStatus.NOT_APPLICABLE),
        (None, "new", [], CheckStatus.NOT_APPLICABLE),
    ],
)
def test_accepted_risks_are_due_in_the_future(
    due: str | None, category: str, labels: list[str], status: CheckStatus
) -> None:
    fields = {"duedate": due, "labels": labels, "status": {"statusCategory": {"key": category}}}
    assert judged(CONTROL, searched(fields, "2026-03-13 12:00")).status is status
    # An accepted risk that nobody has touched since might be missing.
    assert judged(CONTROL, searched(fields, "2026-03-13 12:01")).status is CheckStatus.ERROR


def searched(fields: dict[str, Any], since: str) -> Answers:
    page, jql = {"issues": [{"key": "R-1", "fields": fields}]}, f'updated >= "{since}" ORDER BY updated ASC'
    return answers(Integration.JIRA, call("POST /rest/api/3/search/jql", page, jql=jql))


@pytest.mark.parametrize("one", CONTROL.procedures, ids=lambda one: one.integration)
def test_nothing_is_said_of_what_was_not_read(one: Any) -> None:
    assert judged(CONTROL, answers(one.integration)).status is CheckStatus.ERROR
