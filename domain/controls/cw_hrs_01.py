"""People are screened, trained and held to account."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

PEOPLE = "manual:people_records"
TRAINED, NEARLY_TRAINED = 0.95, 0.90


def _manual(case: Case) -> Iterator[Item]:
    people = list(case.answers.items(PEOPLE))
    if not people:
        yield failed("people", "nobody on record", "everybody who works here")
        return
    yield from map(_screening, people)
    yield _training(people, case)


def _screening(row: dict[str, Any]) -> Item:
    name, screened, access = row["person"], row["screened_at"], row["access_at"]
    if access is None:
        return passed(name, "has no access yet")
    if screened is None or screened > access:
        seen = "not screened" if screened is None else f"screened {screened:%Y-%m-%d}, access since {access:%Y-%m-%d}"
        return failed(name, seen, "screened before access")
    return passed(name, f"screened {screened:%Y-%m-%d}")


def _training(people: list[Any], case: Case) -> Item:
    within = timedelta(days=case.parameters["training_days"])
    done = [one for one in people if one["training_completed_at"] and case.now - one["training_completed_at"] <= within]
    ratio, seen = len(done) / len(people), f"{len(done)} of {len(people)} people trained within {within.days} days"
    if ratio >= TRAINED:
        return passed("training", seen)
    return (warned if ratio >= NEARLY_TRAINED else failed)("training", seen, "95% of the people")


CONTROL = Control(
    id="CW-HRS-01",
    name="People are screened, trained and held to account",
    category="people",
    severity=Severity.MEDIUM,
    frequency=Frequency.ANNUAL,
    evidence_kind=EvidenceKind.HUMAN_ATTESTATION,
    criteria=("CC1.1", "CC1.4", "CC1.5", "CC2.2"),
    objective="Hiring checks, role skills, yearly awareness training and consequences are on record.",
    owner_role="people",
    parameters={"training_days": 365},
    procedures=(
        Procedure(
            integration=Integration.MANUAL,
            scope="organization",
            operations=("manual:people_records",),
            passes=(
                "Everybody was screened before getting access, and at least 95% were trained within training_days."
            ),
            warns="90% to 95% were trained within training_days.",
            fails="Somebody got access unscreened, or fewer than 90% were trained within training_days.",
            judge=_manual,
        ),
    ),
)
