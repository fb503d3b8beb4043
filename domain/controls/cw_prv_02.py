"""Consent and lawful use are on record.

Only the newest sample is judged, whatever its age.
"""

from collections.abc import Iterator
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

SAMPLES = "manual:consent_sample"
WANTED = "consent and purpose found for everybody in the sample"


def _manual(case: Case) -> Iterator[Item]:
    samples = sorted(case.answers.items(SAMPLES), key=lambda row: row["sampled_at"])
    yield _sample(samples[-1], case) if samples else failed("consents", "no sample on record", WANTED)


def _sample(row: dict[str, Any], case: Case) -> Item:
    name, size = f"sample of {row['sampled_at']:%Y-%m-%d}", row["sample_size"]
    wanted_size = min(case.parameters["sample_size"], row["population"])
    if size < wanted_size:
        return failed(name, f"{size} of {row['population']} looked at", f"{wanted_size} or more")
    if not row["reviewed_by"]:
        return failed(name, "read by nobody", "a named reviewer")
    # One person may lack both, so that this counts no fewer than there are.
    exceptions = (size - row["consent_found"]) + (size - row["purpose_match"])
    seen = f"{size} of {row['population']} looked at, {exceptions} exceptions, {row['exceptions_fixed']} mended"
    if not exceptions:
        return passed(name, seen)
    return (warned if exceptions == 1 and row["exceptions_fixed"] else failed)(name, seen, WANTED)


CONTROL = Control(
    id="CW-PRV-02",
    name="Consent and lawful use are on record",
    category="privacy",
    severity=Severity.MEDIUM,
    frequency=Frequency.QUARTERLY,
    evidence_kind=EvidenceKind.HUMAN_ATTESTATION,
    criteria=("P2.1", "P3.1", "P3.2", "P4.1", "P6.1"),
    objective="Choices offered, explicit consents taken and purposes allowed are documented and sampled.",
    owner_role="privacy",
    parameters={"sample_size": 25},
    procedures=(
        Procedure(
            integration=Integration.MANUAL,
            scope="organization",
            operations=("manual:consent_sample",),
            passes="A sample of at least sample_size people, or of all, has consent and purpose for each.",
            warns="One exception, which has been mended.",
            fails="More exceptions, one that is not mended, a sample too small or read by nobody, or none.",
            judge=_manual,
        ),
    ),
)
