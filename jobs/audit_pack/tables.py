"""The tables of an audit pack, for spreadsheets."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from domain.audit.canonical import instant
from domain.compliance.audit_report import AuditReport, ControlPart, ExceptionPart, ItemSpell, PolicyPart
from domain.facts.compliance import CheckStatus, Verdict
from domain.spreadsheet import text_cell

CHECK_HEADS = (
    *("record", "hash", "judged_at", "integration", "account", "status", "passed", "warnings", "failed", "exempt"),
    *("problem", "procedure_version", "items_sha256", "raw_answers"),
)
ITEM_HEADS = ("control", "integration", "account", "resource", "verdict", "observed", "expected", "since", "until")
EXCEPTION_HEADS = (
    *("control", "account", "resources", "reason", "compensating_control", "requested_by", "approved_by"),
    *("from", "until", "revoked"),
)
ATTESTATION_HEADS = (
    *("kind", "control", "statement", "submitted_by", "submitted", "reviewed_by", "state", "from", "expires", "files"),
)
POLICY_HEADS = (
    *("policy", "required", "version", "sha256", "written_by", "approved_by", "from", "until", "next_review"),
    *("acknowledged", "members_now"),
)
_REQUIREMENT_HEADS = ("framework", "requirement", "name", "group", "fit", "status", "assessed", "of", "answered_by")
_CONTROL_HEADS = (
    *("control", "name", "severity", "status", "owner", "checks", *(f"checks_{one.lower()}" for one in CheckStatus)),
    *("first_record", "first_hash", "last_record", "last_hash", "objective"),
)


@dataclass(slots=True)
class CsvFile:
    """A table that is written row by row; no cell is taken for a formula."""

    path: Path
    heads: Sequence[str]
    _file: Any = field(init=False, default=None)
    _writer: Any = field(init=False, default=None)

    def __enter__(self) -> Self:
        self._file = self.path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(self.heads)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Write these rows."""
        self._writer.writerows([[_cell(value) for value in row] for row in rows])


def check_cells(row: Mapping[str, Any]) -> list[Any]:
    """A stored record of evidence as a row."""
    record: Mapping[str, Any] = row["record"]
    counts = record.get("counts") or {}
    return [
        row["seq"],
        row["hash"],
        record.get("judged_at") or instant(row["at"]),
        record.get("integration"),
        record.get("account"),
        record["status"],
        *(counts.get(verdict.value, 0) for verdict in (Verdict.PASS, Verdict.WARNING, Verdict.FAIL, Verdict.EXEMPT)),
        record.get("problem"),
        record.get("version"),
        record.get("items_sha256"),
        " ".join(f"raw/{sha256}.json" for sha256 in record.get("evidence") or ()),
    ]


def item_cells(control_id: str, item: ItemSpell) -> list[Any]:
    """A time in which something did not pass, as a row."""
    said = (item.integration.value, item.account, item.resource, item.verdict.value, item.observed, item.expected)
    return [control_id, *said, _at(item.since), _at(item.until)]


def exception_cells(control_id: str, part: ExceptionPart) -> list[Any]:
    """An exception as a row; without resources it covers all of the account."""
    said = (part.reason, part.compensating_control, part.requested_by, part.approved_by)
    return [
        control_id,
        part.account,
        "\n".join(part.resources),
        *said,
        *map(_at, (part.since, part.until, part.revoked_at)),
    ]


def attestation_cells(raw: Mapping[str, Any], people: Sequence[str], since: datetime | None) -> list[Any]:
    """A stored attestation as a row. `people` are who has submitted and who has reviewed it, `since` it counts."""
    files = "\n".join(f"{file['sha256']} {file['name']}" for file in raw["files"])
    submitted, reviewed = people
    said = (raw["kind"], raw["control_id"], raw["statement"], submitted, _at(raw["created_at"]), reviewed)
    return [*said, raw["state"], _at(since), _at(raw["expires_at"]), files]


def policy_cells(part: PolicyPart) -> list[Any]:
    """A version of a policy as a row."""
    said = (part.name, "yes" if part.is_required else "no", part.number, part.sha256, part.written_by, part.approved_by)
    return [*said, *map(_at, (part.since, part.until, part.next_review_at)), part.acknowledged, part.members]


def _at(at: datetime | None) -> str:
    return instant(at) if at else ""


def write_tables(folder: Path, report: AuditReport) -> None:
    """The tables of requirements and of controls."""
    with CsvFile(folder / "requirements.csv", _REQUIREMENT_HEADS) as file:
        for framework in report.frameworks:
            file.add(
                [framework.id, one.id, one.name, one.group, one.fit, one.status, one.assessed, one.total,
                 " ".join(one.answered_by)]
                for one in framework.requirements
            )  # fmt: skip
    with CsvFile(folder / "controls.csv", _CONTROL_HEADS) as file:
        file.add(map(_control_cells, report.controls))


def _control_cells(part: ControlPart) -> list[Any]:
    history = part.history
    counts = [history.counts[status] for status in CheckStatus]
    marks = [*(history.first or ("", "")), *(history.last or ("", ""))]
    return [part.id, part.name, part.severity, part.status, part.owner, history.checks, *counts, *marks, part.objective]


def _cell(value: Any) -> Any:
    return value if isinstance(value, int | float) else text_cell(None if value is None else str(value))
