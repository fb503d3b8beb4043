"""Outsiders test the defences every year."""

from collections.abc import Iterator
from datetime import timedelta

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.instants import age
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

NAME = "penetration test"
WANTED = "a report of the last year by outsiders, with nothing serious open"
# So long before the report is too old, it is time for the next test.
EARLY = timedelta(days=30)


def _manual(case: Case) -> Iterator[Item]:
    """The newest report. Without one nobody has tested the defences."""
    reports = list(case.answers.items("manual:pen_test_report"))
    if not reports:
        yield failed(NAME, "no report", WANTED)
        return
    newest = max(reports, key=lambda one: one["report_dated_at"])
    allowed = timedelta(days=case.parameters["max_age_days"])
    ago, serious = age(newest["report_dated_at"], case.now), newest["critical_open"] + newest["high_open"]
    is_retested = newest["retest_dated_at"] is not None
    seen = f"{newest['tester'] or 'nobody'}, {ago.days} days ago, {serious} serious findings open"
    if ago > allowed or not newest["tester"] or not newest["independence_statement"]:
        yield failed(NAME, seen, WANTED)
    elif serious:
        yield failed(NAME, f"{seen} {'after' if is_retested else 'without'} a retest", WANTED)
    elif ago > allowed - EARLY:
        yield warned(NAME, seen, WANTED)
    else:
        yield passed(NAME, seen)


CONTROL = Control(
    id="CW-VUL-05",
    name="Outsiders test the defences every year",
    category="vulnerability",
    severity=Severity.MEDIUM,
    frequency=Frequency.ANNUAL,
    evidence_kind=EvidenceKind.HUMAN_ATTESTATION,
    criteria=("CC4.1", "CC7.1"),
    objective="An independent tester reports, and serious findings are retested.",
    owner_role="security",
    parameters={"max_age_days": 365, "rbi_critical_pt_days": 365, "rbi_critical_va_days": 183},
    evidence=("report file hash", "scope statement", "retest letter"),
    procedures=(
        Procedure(
            integration=Integration.MANUAL,
            scope="organization",
            operations=("manual:pen_test_report",),
            passes=(
                "The newest report is at most max_age_days old and by independent testers, and nothing "
                "critical or high is open."
            ),
            warns="The report turns too old within 30 days.",
            fails=(
                "There is no report, it is older or not by independent testers, or something critical or high is open."
            ),
            judge=_manual,
        ),
    ),
)
