"""The index of an audit pack: it leads to each requirement, control, table and record."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from domain.compliance.audit_report import WORDS, AuditReport, ControlPart, FrameworkPart, PolicyPart

_TABLES = ("items.csv", "exceptions.csv", "attestations.csv", "policies.csv")
# Place in the report (id of a framework, a requirement or a control) to its page.
Pages = Mapping[str, int]
FORM = "cloudwatcher-audit-pack-1"

READ_ME = """CloudWatcher audit pack

index.html         begin here: leads to each framework, requirement, control, table and record
index.json         the same for programs
report.pdf         the report: scope, scores, requirements, controls, what failed, evidence
report.json        the same for programs
requirements.csv   each requirement with its status and the controls that answer it
controls.csv       each control with its checks counted by status, and its first and last record of evidence
checks/            a table for each control: every check of the period with the number and hash of its record
items.csv          each thing that did not pass, from when to when; exempt ones too
exceptions.csv     each approved exception that was in force: why, what was done instead, who approved it, until when
attestations.csv   what people stated for controls, who reviewed it, from when to when, the hash of each file
policies.csv       each version of a policy that was in force, and how many had acknowledged it
evidence.zip       the evidence itself: records, checkpoints, raw answers, keys
verify.py          verifies it without us: python3 verify.py evidence.zip --key PUBLIC_KEY

The public key is that of the query verifyEvidence: get it from the organization, not from this file. evidence.zip and
verify.py are missing where no check was made in the period. A record is found by its number in records.jsonl of
evidence.zip, a raw answer by its hash in raw/ there. The tables and the report are drawn from the same records; what
is sealed are the records.
"""


def index_of(report: AuditReport, pages: Pages, *, has_evidence: bool) -> dict[str, Any]:
    """index.json."""
    return {
        "form": FORM,
        "organization": report.organization,
        "first": report.first,
        "until": report.until,
        "made_at": report.made_at,
        "records": report.records,
        "evidence": {"file": "evidence.zip", "program": "verify.py"} if has_evidence else None,
        "files": ["report.pdf", "report.json", "requirements.csv", "controls.csv", *_TABLES],
        "notes": list(report.notes),
        "frameworks": [_framework(one, pages) for one in report.frameworks],
        "controls": [_control(one, pages, has_evidence=has_evidence) for one in report.controls],
        "policies": [_policy(one, pages) for one in report.policies],
    }


def _framework(framework: FrameworkPart, pages: Pages) -> dict[str, Any]:
    requirements = [
        {
            "id": one.id,
            "name": one.name,
            "status": one.status,
            "report": _page(pages, f"{framework.id}/{one.id}"),
            "answered_by": list(one.answered_by),
        }
        for one in framework.requirements
    ]
    told = {"id": framework.id, "name": framework.name, "score": framework.told()}
    return {**told, "report": _page(pages, framework.id), "requirements": requirements}


def _control(part: ControlPart, pages: Pages, *, has_evidence: bool) -> dict[str, Any]:
    history = part.history
    return {
        "id": part.id,
        "name": part.name,
        "status": part.status,
        "checks": history.checks,
        "report": _page(pages, part.id),
        "table": f"checks/{part.id}.csv",
        "records": {"first": history.first, "last": history.last} if has_evidence and history.first else None,
        "exceptions": {"count": part.exceptions.count, "table": "exceptions.csv"},
        "attestations": {"count": part.attestations, "table": "attestations.csv"},
    }


def _policy(part: PolicyPart, pages: Pages) -> dict[str, Any]:
    said = {"name": part.name, "version": part.number, "from": part.since, "until": part.until, "sha256": part.sha256}
    return {**said, "acknowledged": part.acknowledged, "report": _page(pages, "policies"), "table": "policies.csv"}


def _page(pages: Pages, place: str) -> str:
    return f"report.pdf#page={pages[place]}"


def index_page(index: Mapping[str, Any]) -> Iterator[str]:
    """index.html, in pieces."""
    title = f"Audit pack of {index['organization']}"
    yield (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title><style>'
        "body{font:15px/1.5 sans-serif;max-width:70em;margin:2em auto;padding:0 1em}table{border-collapse:collapse;"
        "width:100%}td,th{border-bottom:1px solid #ccc;text-align:left;vertical-align:top;padding:.2em .6em}"
        "code{word-break:break-all}</style></head><body>"
    )
    yield f"<h1>{escape(title)}</h1><p>{index['first']:%Y-%m-%d} up to, but without, {index['until']:%Y-%m-%d} (UTC)"
    yield f". Made {index['made_at']:%Y-%m-%d %H:%M} UTC. Records of evidence: {index['records']}.</p>"
    yield from (f"<p>{escape(note)}</p>" for note in index["notes"])
    yield f"<ul>{''.join(f'<li>{_link(file, file)}</li>' for file in _files(index))}</ul>"
    for framework in index["frameworks"]:
        yield from _framework_rows(framework, {one["id"] for one in index["controls"]})
    yield "<h2>Controls</h2><table><tr><th>Control<th>Status<th>Checks<th>Exceptions<th>Statements"
    yield "<th>Records of evidence</tr>"
    for one in index["controls"]:
        name = f"{one['id']} {one['name']}"
        yield f'<tr id="{one["id"]}"><td>{_link(one["report"], name)}<td>{escape(WORDS[one["status"]])}'
        yield f"<td>{_link(one['table'], str(one['checks']))}<td>{_count(one['exceptions'])}"
        yield f"<td>{_count(one['attestations'])}<td>{_records(one['records'])}</tr>"
    yield "</table><h2>Policies</h2><table><tr><th>Policy<th>Version<th>Acknowledged by</tr>"
    for one in index["policies"]:
        yield f"<tr><td>{_link(one['report'], one['name'])}<td>{_link(one['table'], str(one['version']))}"
        yield f"<td>{one['acknowledged']} people</tr>"
    yield "</table></body></html>"


def _count(found: Mapping[str, Any]) -> str:
    return _link(found["table"], str(found["count"])) if found["count"] else "none"


def _files(index: Mapping[str, Any]) -> list[str]:
    return [*index["files"], "index.json", *((index["evidence"] or {}).values()), "README.txt"]


def _framework_rows(framework: Mapping[str, Any], controls: set[str]) -> Iterator[str]:
    yield f"<h2>{_link(framework['report'], framework['name'])}</h2><p>{escape(framework['score'])}</p>"
    yield "<table><tr><th>Requirement<th>Status<th>Answered by</tr>"
    for one in framework["requirements"]:
        by = ", ".join(_link(f"#{id}", id) if id in controls else escape(id) for id in one["answered_by"])
        name = f"{one['id']} {one['name']}"
        yield f"<tr><td>{_link(one['report'], name)}<td>{escape(WORDS[one['status']])}<td>{by or 'nothing'}</tr>"
    yield "</table>"


def _records(records: Mapping[str, Any] | None) -> str:
    if records is None:
        return "none"
    (first, first_hash), (last, last_hash) = records["first"], records["last"]
    return f"{first} <code>{first_hash}</code> to {last} <code>{last_hash}</code>"


def _link(to: str, said: str) -> str:
    return f'<a href="{escape(to)}">{escape(said)}</a>'
