"""Writes entries of an audit log and their proof into a zip file."""

import csv
import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import orjson

from documents.audit_export import AuditExport, AuditFormat
from documents.audit_key import AuditKey
from domain.audit.bundle import ENTRIES, PROOF, Slice, entry_line, statement_of
from domain.audit.canonical import FIELDS, canonical, entry_members, instant
from domain.audit.ocsf import event_of
from domain.spreadsheet import text_cell

COLUMNS = (*FIELDS, "hash")

READ_ME = """CloudWatcher audit log

entries.jsonl  the entries, one JSON object on each line, in the form that is hashed
proof.json     what was signed of them, the signature and the public keys
entries.csv or entries.ocsf.jsonl, if there: the same entries written in another way

To verify: cloudwatcher verify THIS_FILE --key PUBLIC_KEY
The public key is that of the query auditVerification; without --key the one in proof.json is believed.

To verify without CloudWatcher:
1. A line without its member "hash" is the hashed text of an entry: UTF-8, no white space between tokens, members
   sorted by name, as in RFC 8785. SHA-256 of it, in small hex digits, is "hash".
2. "prev_hash" of the first entry is "prev_hash" of proof.json; of every other one it is "hash" of the line before.
   "seq" rises by one with each line, from "first_seq" to "last_seq".
3. SHA-256 over the hashes of all entries, 32 bytes each, in order, is "root" of proof.json.
4. SHA-256 of each file named in "files" is what stands there.
5. "signature" is the Ed25519 signature, in hex, under the object of these members of proof.json, in the same form:
   form, org_id, at_from, at_before, exported_at, first_seq, last_seq, prev_hash, last_hash, root, files.
"""


class _Hashed:
    """A file inside of the zip that is hashed while it is written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        self._file.write(data)

    def close(self) -> str:
        self._file.close()
        return self._hash.hexdigest()


class BundleWriter:
    """Takes entries in batches, in order, and writes the zip at `path` when it is closed.

    A zip is written one file at a time, so the other form of the entries waits in a file beside it.
    """

    def __init__(self, path: Path, format: AuditFormat) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._entries = _Hashed(self._zip.open(ENTRIES, "w", force_zip64=True))
        self._slice = Slice()
        self._render, self._name = _RENDERINGS.get(format, (None, ""))
        self._beside_path = path.with_suffix(".beside")
        self._beside = _Hashed(self._beside_path.open("wb")) if self._render else None
        if self._beside and format is AuditFormat.CSV:
            self._beside.write(_csv([COLUMNS]))

    def add(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Write these entries, which follow on those before."""
        self._entries.write(b"".join(map(entry_line, entries)))
        for entry in entries:
            self._slice.add(entry)
        if self._beside and self._render:
            self._beside.write(self._render(entries))

    def close(self, export: AuditExport, key: AuditKey, at: datetime, publics: Sequence[str]) -> None:
        """Write the proof, signed, and end the file. `publics` are the keys that the log is signed with."""
        files = {ENTRIES: self._entries.close()}
        if self._beside:
            files[self._name] = self._beside.close()
            self._zip.write(self._beside_path, self._name)
            self._beside_path.unlink()
        proof = {
            **self._slice.members(),
            "org_id": str(export.org_id),
            "at_from": instant(export.at_from),
            "at_before": instant(export.at_before),
            "exported_at": instant(at),
            "files": files,
            "key_id": key.id,
            "public_keys": list(publics),
        }
        proof["signature"] = key.sign(statement_of(proof))
        self._zip.writestr(PROOF, orjson.dumps(proof, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
        self._zip.writestr("README.txt", READ_ME)
        self._zip.close()


def _csv(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _table(entries: Sequence[Mapping[str, Any]]) -> bytes:
    return _csv([_cells({**entry_members(entry), "hash": entry["hash"]}) for entry in entries])


def _cells(entry: Mapping[str, Any]) -> list[str]:
    cells = [" ".join(entry[name]) if name == "changed" else str(_or_empty(entry[name])) for name in COLUMNS]
    # What browsers call themselves comes from outside.
    return [text_cell(cell) for cell in cells]


def _or_empty(value: Any) -> Any:
    return "" if value is None else value


def _events(entries: Sequence[Mapping[str, Any]]) -> bytes:
    return b"".join(canonical(event_of(entry)) + b"\n" for entry in entries)


_RENDERINGS: dict[AuditFormat, tuple[Callable[[Sequence[Mapping[str, Any]]], bytes] | None, str]] = {
    AuditFormat.CSV: (_table, "entries.csv"),
    AuditFormat.OCSF: (_events, "entries.ocsf.jsonl"),
}
