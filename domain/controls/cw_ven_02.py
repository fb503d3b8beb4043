"""Vendors give assurance and sign the right terms."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

DOCUMENTS, CRITICAL, SOON = "manual:vendor_documents", 1, timedelta(days=60)
WANTED = "a current report that somebody has read, and the terms signed"


def _manual(case: Case) -> Iterator[Item]:
    by_vendor: dict[str, list[Any]] = {}
    rows = list(case.answers.items(DOCUMENTS))
    for row in rows:
        if row["tier"] == CRITICAL:
            by_vendor.setdefault(row["vendor"], []).append(row)
    if not rows:
        yield failed("vendor register", "no vendor on record", WANTED)
    for vendor, documents in by_vendor.items():
        yield _assurance(vendor, documents, case)
        yield _terms(vendor, documents)


def _assurance(vendor: str, documents: list[Any], case: Case) -> Item:
    ends = [end for row in documents if row["reviewed_by"] for end in _valid_until(row, case)]
    if not ends:
        return failed(vendor, "no report that somebody has read", WANTED)
    end = max(ends)
    seen = f"its report holds until {end:%Y-%m-%d}"
    if end < case.now:
        return failed(vendor, seen, WANTED)
    return warned(vendor, seen, "for 60 days or more") if end - case.now <= SOON else passed(vendor, seen)


def _valid_until(row: dict[str, Any], case: Case) -> Iterator[datetime]:
    """When the report, and the letter that bridges the time to the next, cease to count."""
    if row["period_end"]:
        yield row["period_end"] + timedelta(days=case.parameters["max_age_days"])
        if row["bridge_letter_until"]:
            yield row["bridge_letter_until"]


def _terms(vendor: str, documents: list[Any]) -> Item:
    missing = [
        name
        for name, needs, signed in (
            ("business associate agreement", "needs_baa", "baa_signed_at"),
            ("data-processing terms", "needs_dpa", "dpa_signed_at"),
        )
        if any(row[needs] for row in documents) and not any(row[signed] for row in documents)
    ]
    if all(row["breach_notice_hours"] is None for row in documents):
        missing.append("time within which it tells of a breach")
    if missing:
        return failed(vendor, f"no {' and no '.join(missing)}", WANTED)
    return passed(vendor, "terms signed")


CONTROL = Control(
    id="CW-VEN-02",
    name="Vendors give assurance and sign the right terms",
    category="vendor",
    severity=Severity.MEDIUM,
    frequency=Frequency.ANNUAL,
    evidence_kind=EvidenceKind.HUMAN_ATTESTATION,
    criteria=("CC9.2", "CC6.4", "P6.1", "P6.4", "P6.5"),
    objective=(
        "Critical vendors have a current report, a reviewed exception list and privacy, breach-notice and "
        "(where due) BAA or data-processing terms."
    ),
    owner_role="compliance",
    parameters={"max_age_days": 365},
    procedures=(
        Procedure(
            integration=Integration.MANUAL,
            scope="organization",
            operations=("manual:vendor_documents",),
            passes=(
                "Every vendor of tier 1 has given a report whose period ended within max_age_days, or a letter "
                "that bridges it; it was reviewed, and the terms are signed."
            ),
            warns="A report ceases to count within 60 days.",
            fails="A report or a signature is missing, or a report has ceased to count.",
            judge=_manual,
        ),
    ),
)
