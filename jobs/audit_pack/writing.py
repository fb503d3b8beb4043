"""Writes an audit pack: report, tables, evidence with its program, index; one zip."""

import asyncio
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import orjson

from documents.audit_key import AuditKey
from documents.audit_pack import AuditPack
from documents.evidence import PackStore
from domain.compliance.audit_report import AuditReport
from domain.errors import NotFound, Unavailable
from domain.evidence.standalone import verify_file
from domain.facts.scope import Scope
from jobs.audit_pack.gathering import Told, gather
from jobs.audit_pack.index import READ_ME, index_of, index_page
from jobs.audit_pack.tables import write_tables
from jobs.evidence_pack import write_evidence_pack
from jobs.file_export import NoFileMade

EVIDENCE = "evidence.zip"
# Counts are by status, which is no plain text.
_JSON = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


async def write_audit_pack(
    scope: Scope,
    pack: AuditPack,
    path: Path,
    *,
    now: datetime,
    keys: Sequence[AuditKey],
    store: PackStore | None,
    told: Told,
) -> int:
    """Write the pack to `path`; returns how many controls it is of. Raises NoFileMade when evidence is out of reach."""
    with tempfile.TemporaryDirectory(dir=path.parent) as place:
        folder = Path(place)
        report = await gather(scope, pack, folder, now, told)
        try:
            await write_evidence_pack(scope, pack.first, pack.until, folder / EVIDENCE, now=now, keys=keys, store=store)
        except NotFound:  # nothing was checked, which the report says in words
            (folder / EVIDENCE).unlink(missing_ok=True)
        except Unavailable as error:
            raise NoFileMade(f"{error.message} Ask for the pack again when it can be reached.") from error
        await asyncio.to_thread(_write_rest, folder, report)
        await asyncio.to_thread(_zip, folder, path)
    return len(report.controls)


def _write_rest(folder: Path, report: AuditReport) -> None:
    # Imported when there is something to print: it takes fonts along.
    from connectors.audit_report_pdf import write_report_pdf

    has_evidence = (folder / EVIDENCE).exists()
    pages = write_report_pdf(folder / "report.pdf", report)
    write_tables(folder, report)
    index = index_of(report, pages, has_evidence=has_evidence)
    for name, said in (("report.json", report), ("index.json", index)):
        (folder / name).write_bytes(orjson.dumps(said, option=_JSON))
    with (folder / "index.html").open("w", encoding="utf-8") as file:
        file.writelines(index_page(index))
    (folder / "README.txt").write_text(READ_ME)
    if has_evidence:
        (folder / "verify.py").write_text(verify_file())


def _zip(folder: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as out:
        for file in sorted(one for one in folder.rglob("*") if one.is_file()):
            # What is a zip already gets no smaller.
            method = zipfile.ZIP_STORED if file.name == EVIDENCE else zipfile.ZIP_DEFLATED
            with (
                out.open(_entry(file.relative_to(folder), method), "w", force_zip64=True) as into,
                file.open("rb") as data,
            ):
                shutil.copyfileobj(data, into, 1 << 20)


def _entry(name: Path, method: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name.as_posix())
    entry.compress_type, entry.external_attr = method, 0o644 << 16
    return entry
