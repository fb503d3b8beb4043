"""Customers can see our commitments and reach us."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

PROBE, PAGES, CONTACT = "platform:http_probe", ("security", "status", "terms", "contact"), "security_txt"
REVIEWED_WITHIN, EXPIRES_SOON = timedelta(days=365), timedelta(days=30)
ANSWERS = 200


def _platform(case: Case) -> Iterator[Item]:
    rows = list(case.answers.items(PROBE))
    pages = [row for row in rows if row["purpose"] in PAGES]
    contacts = [row for row in rows if row["purpose"] == CONTACT]
    if not pages:
        yield failed("public pages", "none is declared", "pages on security, status, terms and a contact")
    if not contacts:
        yield failed("/.well-known/security.txt", "not declared", "a file that does not expire soon")
    yield from (_page(row, case) for row in pages)
    yield from (_contact(row, case) for row in contacts)


def _answer(row: dict[str, Any]) -> str:
    return f"answers {row['status_code'] or 'nothing'} {'over TLS' if row['is_tls'] else 'without TLS'}"


def _is_there(row: dict[str, Any]) -> bool:
    return bool(row["status_code"] == ANSWERS and row["is_tls"])


def _page(row: dict[str, Any], case: Case) -> Item:
    reviewed = row["last_reviewed_at"]
    seen = f"{_answer(row)}, {f'reviewed {reviewed:%Y-%m-%d}' if reviewed else 'never reviewed'}"
    if not (_is_there(row) and reviewed and case.now - reviewed <= REVIEWED_WITHIN):
        return failed(row["url"], seen, "answers 200 over TLS and was reviewed within 365 days")
    return passed(row["url"], seen)


def _contact(row: dict[str, Any], case: Case) -> Item:
    expires = row["security_txt_expires"]
    seen = f"{_answer(row)}, {f'expires {expires:%Y-%m-%d}' if expires else 'says not when it expires'}"
    if not (_is_there(row) and expires and expires > case.now):
        return failed(row["url"], seen, "answers 200 over TLS and expires later")
    return (
        warned(row["url"], seen, "30 days or more") if expires - case.now <= EXPIRES_SOON else passed(row["url"], seen)
    )


CONTROL = Control(
    id="CW-GOV-05",
    name="Customers can see our commitments and reach us",
    category="governance",
    severity=Severity.LOW,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC2.3",),
    objective="Security page, status page, terms and a reporting contact are public and current.",
    owner_role="compliance",
    procedures=(
        Procedure(
            integration=Integration.PLATFORM,
            scope="organization",
            operations=("platform:http_probe",),
            passes=(
                "Each declared page answers 200 over TLS and was reviewed within 365 days, and "
                "/.well-known/security.txt has Expires in the future."
            ),
            warns="security.txt expires within 30 days.",
            fails=(
                "No page is declared, one is missing or not reviewed within 365 days, or security.txt is missing "
                "or expired."
            ),
            judge=_platform,
        ),
    ),
)
