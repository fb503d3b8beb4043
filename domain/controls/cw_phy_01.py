"""Buildings and media are someone's proven duty."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.instants import age, instant
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

ATTESTATIONS, REPORTS = "manual:physical_attestation", "artifact.list_reports"
SOON = timedelta(days=60)
# As Artifact names the reports of that standard. Source: AWS Artifact API reference, ListReports.
SOC_2 = "SOC 2"


def _manual(case: Case) -> Iterator[Item]:
    newest: dict[str | None, dict[str, Any]] = {}
    for row in sorted(case.answers.items(ATTESTATIONS), key=_end):
        newest[row["provider_report"]] = row
    if not newest:
        yield failed("buildings and media", "nothing on record", "a report of who guards them")
    for row in newest.values():
        name = row["provider_report"] or "our own buildings"
        yield _report(name, row, case)
        yield _duties(name, row, case)
        yield _disposal(name, row)


def _end(row: dict[str, Any]) -> float:
    return row["period_end"].timestamp() if row["period_end"] else 0.0


def _report(name: str, row: dict[str, Any], case: Case) -> Item:
    within = timedelta(days=case.parameters["max_age_days"])
    if row["provider_report"] is None or row["period_end"] is None:
        return failed(name, "no report", f"a report of the last {within.days} days")
    end, seen = row["period_end"] + within, f"its period ended {row['period_end']:%Y-%m-%d}"
    if end < case.now:
        return failed(name, seen, f"a report of the last {within.days} days")
    return warned(name, seen, f"{SOON.days} days or more left") if end - case.now <= SOON else passed(name, seen)


def _duties(name: str, row: dict[str, Any], case: Case) -> Item:
    reviewed, within = row["complementary_controls_reviewed_at"], timedelta(days=case.parameters["max_age_days"])
    if reviewed is None or case.now - reviewed > within:
        seen = f"duties last reviewed {reviewed:%Y-%m-%d}" if reviewed else "duties never reviewed"
        return failed(name, seen, f"reviewed within {within.days} days")
    return passed(name, f"duties reviewed {reviewed:%Y-%m-%d}")


def _disposal(name: str, row: dict[str, Any]) -> Item:
    retired, proven = row["devices_retired"], row["disposal_certificates"]
    seen = f"{proven} certificates for {retired} retired devices"
    return passed(name, seen) if proven >= retired else failed(name, seen, "one for each")


def _aws(case: Case) -> Iterator[Item]:
    ends = [instant(one["periodEnd"]) for one in case.answers.items(REPORTS, "reports") if _is_wanted(one)]
    within = timedelta(days=case.parameters["max_age_days"])
    if not ends:
        yield warned("AWS Artifact", "no SOC 2 report to fetch", f"one of the last {within.days} days")
        return
    old, seen = age(max(ends), case.now), f"a SOC 2 report up to {max(ends):%Y-%m-%d} can be fetched"
    if old <= within:
        yield passed("AWS Artifact", seen)
    else:
        yield warned("AWS Artifact", seen, f"one of the last {within.days} days")


def _is_wanted(report: dict[str, Any]) -> bool:
    named = f"{report.get('name', '')} {report.get('series', '')} {report.get('category', '')}"
    return report["state"] == "PUBLISHED" and SOC_2 in named


CONTROL = Control(
    id="CW-PHY-01",
    name="Buildings and media are someone's proven duty",
    category="physical",
    severity=Severity.LOW,
    frequency=Frequency.ANNUAL,
    evidence_kind=EvidenceKind.HUMAN_ATTESTATION,
    criteria=("CC6.4", "CC6.5", "A1.2"),
    objective=(
        "Data-centre protection is inherited from a provider whose report we read; our own equipment is "
        "tracked and wiped."
    ),
    owner_role="operations",
    parameters={"max_age_days": 365},
    procedures=(
        Procedure(
            integration=Integration.MANUAL,
            scope="organization",
            operations=("manual:physical_attestation",),
            passes=(
                "A provider report ended within max_age_days, the duties it leaves to us were reviewed, and "
                "every retired device has a certificate of disposal."
            ),
            warns="The report ceases to count within 60 days.",
            fails="The report, the review or a certificate is missing or out of date.",
            judge=_manual,
        ),
        Procedure(
            integration=Integration.AWS,
            scope="organization",
            operations=("artifact.list_reports",),
            passes=(
                "A published SOC 2 report of AWS whose period ended within max_age_days can be fetched. It "
                "supports the attestation, it does not replace it."
            ),
            warns="The newest is older, or there is none.",
            fails=None,
            judge=_aws,
        ),
    ),
)
