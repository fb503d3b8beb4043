"""Reports of audit packs made without a database."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from domain.compliance.audit_report import (
    AuditReport,
    Condition,
    ControlPart,
    FrameworkPart,
    History,
    ItemSpell,
    RequirementPart,
    Spell,
)
from domain.compliance.frameworks import find_framework
from domain.compliance.registry import all_controls
from domain.facts.compliance import CheckStatus, Integration, Verdict

FIRST, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
HASH = "0123456789abcdef" * 4


def spell(number: int, **changes: object) -> Spell:
    at = FIRST + timedelta(hours=number)
    made = Spell(
        integration="AWS",
        account="111122223333",
        status=CheckStatus.FAIL,
        since=at,
        until=at + timedelta(minutes=30),
        checks=2,
        first=number + 1,
        first_hash=HASH,
        last=number + 2,
        last_hash=HASH,
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def item(number: int, verdict: Verdict = Verdict.FAIL, until: datetime | None = None) -> ItemSpell:
    return ItemSpell(
        integration=Integration.AWS,
        account="AWS production (111122223333)",
        resource=f"arn:aws:s3:::a-bucket-with-a-rather-long-name-{number}",
        verdict=verdict,
        observed="no encryption",
        expected="a key of the customer's own",
        since=FIRST + timedelta(hours=number),
        until=until,
    )


def history(rows: int) -> History:
    """As many spells and items as that, and one exempt item; none without any."""
    if not rows:
        return History()
    return History(
        counts=Counter({CheckStatus.FAIL: rows, CheckStatus.PASS: 2}),
        spells=[spell(number) for number in range(rows)],
        items=[*(item(number) for number in range(rows)), item(rows, Verdict.EXEMPT, UNTIL)],
        first=(1, HASH),
        last=(rows + 2, HASH),
    )


def report(controls: int = 2, rows: int = 1, frameworks: tuple[str, ...] = ("soc2_tsc_2017",)) -> AuditReport:
    """Of the first controls of the catalogue, and whole frameworks of the product."""
    parts = [
        ControlPart(
            id=one.id,
            name=one.name,
            category=one.category,
            severity=one.severity,
            frequency=one.frequency,
            objective=one.objective,
            owner=None,
            status=CheckStatus.FAIL if rows else CheckStatus.NOT_ASSESSED,
            conditions=[
                Condition(integration=p.integration, passes=p.passes, warns=p.warns, fails=p.fails, version=p.version)
                for p in one.procedures
            ],
            history=history(rows),
        )
        for one in all_controls()[:controls]
    ]
    return AuditReport(
        organization="Łódź & Söhne <GmbH>",
        first=FIRST,
        until=UNTIL,
        made_at=UNTIL,
        read_at=UNTIL,
        accounts=["AWS production (111122223333)"],
        frameworks=[_framework(id) for id in frameworks],
        controls=parts,
        records=sum(part.history.checks for part in parts),
    )


def _framework(id: str) -> FrameworkPart:
    found = find_framework(id)
    assert found is not None
    requirements = [
        RequirementPart(
            id=one.id,
            name=one.name,
            group=one.group,
            fit=one.fit,
            status=CheckStatus.WARNING,
            assessed=1,
            total=len(one.controls),
            answered_by=one.controls,
        )
        for one in found.requirements
    ]
    return FrameworkPart(
        id=id, name=found.name, version=found.version, notes=found.notes, ratio=0.5, assessed=1, total=2,
        requirements=requirements,
    )  # fmt: skip
