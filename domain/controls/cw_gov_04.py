"""Monitoring is alive and its evidence is intact."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

RUNS, CHAIN, HEALTH = "platform:check_runs", "platform:evidence_chain.verify", "platform:integrations.health"
SAID = "chat.postMessage"
PASS_RATIO, WARN_RATIO = 0.99, 0.95
SEALED_WITHIN, SEALED_AT_LAST, DOWN_AT_MOST = timedelta(hours=24), timedelta(hours=48), timedelta(hours=4)


def _platform(case: Case) -> Iterator[Item]:
    yield _runs(list(case.answers.items(RUNS)))
    chains = list(case.answers.items(CHAIN))
    yield from (_chain(row, case) for row in chains)
    if not chains:
        yield failed("evidence chain", "no evidence is chained", "a chain that is verified and sealed")
    for row in case.answers.items(HEALTH):
        yield _health(row, case)


def _runs(rows: list[Any]) -> Item:
    scheduled, completed = (sum(row[key] for row in rows) for key in ("scheduled", "completed"))
    late, error = (sum(row[key] for row in rows) for key in ("late", "error"))
    seen = f"{completed} of {scheduled} checks in 24 h completed, {late} late, {error} with an error"
    if not scheduled or completed / scheduled < WARN_RATIO:
        return failed("checks", seen, "99% completed")
    return passed("checks", seen) if completed / scheduled >= PASS_RATIO else warned("checks", seen, "99% completed")


def _chain(row: dict[str, Any], case: Case) -> Item:
    name, sealed = "evidence chain", row["anchored_until"]
    if row["broken_at"] is not None:
        return failed(name, f"broken at {row['broken_at']}", "every record fits")
    if sealed is None or case.now - sealed > SEALED_AT_LAST:
        return failed(name, f"sealed until {sealed or 'nothing'}", "sealed within 24 h")
    seen = f"{row['first_sequence']} to {row['last_sequence']} verified, sealed until {sealed:%Y-%m-%d %H:%M} UTC"
    return passed(name, seen) if case.now - sealed <= SEALED_WITHIN else warned(name, seen, "sealed within 24 h")


def _health(row: dict[str, Any], case: Case) -> Item:
    name, seen = f"{row['integration']} {row['account_id']}", f"{row['status']} since {row['since']:%Y-%m-%d %H:%M} UTC"
    if row["status"] == "healthy":
        return passed(name, seen)
    if row["status"] == "degraded" or case.now - row["since"] <= DOWN_AT_MOST:
        return warned(name, seen, "healthy")
    return failed(name, seen, "healthy, or down for 4 h at most")


def _slack(case: Case) -> Iterator[Item]:
    for row in case.answers.items(SAID):
        if row["purpose"] == "status_change":
            name = f"{row['control_id']} at {row['posted_at']:%Y-%m-%d %H:%M} UTC"
            yield passed(name, "announced") if row["ok"] else failed(name, f"refused: {row['error']}", "announced")


CONTROL = Control(
    id="CW-GOV-04",
    name="Monitoring is alive and its evidence is intact",
    category="governance",
    severity=Severity.CRITICAL,
    frequency=Frequency.HALF_HOURLY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC2.1", "CC4.1", "CC4.2", "PI1.4"),
    objective="The controls on this list really run, and what they record cannot be rewritten unseen.",
    owner_role="compliance",
    procedures=(
        Procedure(
            integration=Integration.PLATFORM,
            scope="organization",
            operations=(
                "platform:check_runs",
                "platform:evidence_chain.verify",
                "platform:integrations.health",
            ),
            passes=(
                "At least 99% of the checks of 24 hours completed, the evidence chain verifies and was sealed "
                "within 24 hours, and every integration is healthy."
            ),
            warns=(
                "At least 95% of the checks completed, the seal is 24 to 48 hours old, or an integration is "
                "degraded, or down for up to 4 hours."
            ),
            fails=(
                "Fewer than 95% completed or none was scheduled, the chain is broken or its seal older than 48 "
                "hours, or an integration is down for more than 4 hours."
            ),
            judge=_platform,
        ),
        Procedure(
            integration=Integration.SLACK,
            scope="workspace",
            operations=("chat.postMessage",),
            passes="Changes of status are announced.",
            fails="An announcement failed.",
            judge=_slack,
        ),
    ),
)
