"""Verifies a pack of CloudWatcher evidence: python3 verify.py PACK.zip [--key HEX] [--held SEQ:HASH]

Needs Python 3.10 or newer and nothing else: no network, no database, no other file. It lies in every pack.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, Any, NamedTuple

from domain.evidence.check import (
    DAMAGED,
    FORGED,
    INSERTED,
    LONGEST_LINE,
    PACK_CHANGED,
    PACK_MISSING,
    UNSTAMPED,
    Break,
    Check,
    checkpoint_digest,
    held_head,
)
from domain.evidence.ed25519 import NOT_READABLE, trusting

PACK_FORM = "cloudwatcher-evidence-pack-1"
PIECE = 1 << 20
# Not there, damaged, cut short, encrypted, or packed in a way that Python does not know.
UNZIPPABLE = (KeyError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)


class Found(NamedTuple):
    """What became of a pack: `breaks` are the first of the `broken` places."""

    org_id: str
    breaks: list[Break]
    broken: int
    records: int
    packs: int
    checkpoints: int
    stamped: int
    head: str


def check_pack(path: str | IO[bytes], publics: Iterable[str] | None, held: str | None = None) -> Found:
    """Check a pack; without keys (raw public halves in hex) those in the pack are believed.

    Raises OSError and zipfile.BadZipFile when it is no zip, KeyError and ValueError when it has no index.
    """
    with zipfile.ZipFile(path) as pack:
        index = json.loads(pack.read("index.json"))
        keys = list(publics) if publics is not None else json.loads(pack.read("keys.json"))
        is_signed = trusting(keys)
        check = Check(index["org_id"], is_signed, index["first_seq"], index["prev_hash"])
        check.held = held_head(held) if held else None
        members = {name: value for name, value in index.items() if name != "signature"}
        if index["form"] != PACK_FORM or not is_signed(members, index["signature"], index["key_id"]):
            check.found(FORGED, "index.json", "It does not bear a signature of a known key.")
        checkpoints = [_parsed(line) for line in _lines(pack, "checkpoints.jsonl", check)]
        check.take_checkpoints(checkpoints, index["last_checkpoint"])
        for line in _lines(pack, "records.jsonl", check):
            check.feed(line)
        check.finish(index["last_seq"], index["last_hash"])
        packs = _check_files(pack, index, check)
    stamped = _check_stamps(checkpoints, check)
    head = f"{index['last_seq']}:{index['last_hash']}"
    counts = (check.count, check.records, packs, len(checkpoints), stamped)
    return Found(index["org_id"], check.breaks, *counts, head)


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except NOT_READABLE:
        return None


def _lines(pack: zipfile.ZipFile, name: str, check: Check) -> Iterator[bytes]:
    try:
        with pack.open(name) as file:
            while line := file.readline(LONGEST_LINE):
                yield line[:-1] if line[-1:] == b"\n" else line
    except UNZIPPABLE as error:
        check.found(DAMAGED, name, f"It cannot be read: {error}")


def _digest(pack: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    try:
        with pack.open(name) as file:
            while piece := file.read(PIECE):
                digest.update(piece)
    except UNZIPPABLE:
        return ""
    return digest.hexdigest()


def _check_files(pack: zipfile.ZipFile, index: Any, check: Check) -> int:
    """The raw answers, each of the hash that is its name, and every other file as the index has it."""
    names, gone = pack.namelist(), set(index["gone"])
    raw = {name for name in names if name.startswith("raw/")}
    wanted = {f"raw/{hash}.json": hash for hash in check.named if hash not in gone}
    for name in sorted(wanted.keys() - raw):
        record = check.named[wanted[name]]
        check.found(PACK_MISSING, f"pack {wanted[name]}", f"Record {record} rests on it, and it is not there.")
    for name in sorted(wanted.keys() & raw):
        if _digest(pack, name) != wanted[name]:
            check.found(PACK_CHANGED, f"pack {wanted[name]}", f"Record {check.named[wanted[name]]} rests on it.")
    known = {*wanted, *index["files"], "index.json"}
    for name in sorted(set(names) - known) + sorted({name for name in names if names.count(name) > 1}):
        check.found(INSERTED, name, "It is no part of the pack.")
    for name, digest in sorted(index["files"].items()):
        if _digest(pack, name) != digest:
            check.found(DAMAGED, name, "It is not the file that the pack was made with.")
    return len(wanted.keys() & raw)


def _check_stamps(checkpoints: Iterable[Any], check: Check) -> int:
    """That every stamp is one of its checkpoint; whose it is, `openssl ts -verify` says."""
    stamped = 0
    for one in checkpoints:
        try:
            if one.get("stamp"):
                stamped += 1
                if bytes.fromhex(checkpoint_digest(one)) not in bytes.fromhex(one["stamp"]):
                    check.found(UNSTAMPED, f"checkpoint {one['number']}", "Its time stamp is of something else.")
        except NOT_READABLE:
            check.found(UNSTAMPED, "a checkpoint", "Its time stamp cannot be read.")
    return stamped


def main(arguments: list[str] | None = None) -> int:
    """0 when the pack is as it was made, 1 when it is not, 2 when it cannot be read at all."""
    parser = argparse.ArgumentParser(description="Verify a pack of CloudWatcher evidence, offline.")
    parser.add_argument("pack", help="the zip file")
    parser.add_argument(
        "--key", action="append", help="public key in hex that you know from elsewhere; may be repeated"
    )
    parser.add_argument("--held", help="a head that was sent to you, SEQ:HASH")
    asked = parser.parse_args(arguments)
    try:
        found = check_pack(asked.pack, asked.key, asked.held)
    except (OSError, *UNZIPPABLE, *NOT_READABLE) as error:
        sys.stdout.write(f"This is no pack of evidence, or its index is damaged: {error}\n")
        return 2
    for one in found.breaks:
        sys.stdout.write(f"{one.kind} {one.place}: {one.problem}\n")
    state = f"BROKEN in {found.broken} places" if found.broken else "intact"
    sys.stdout.write(
        f"organization {found.org_id}: {state}; {found.records} records, {found.packs} packs of raw answers, "
        f"{found.checkpoints} checkpoints, {found.stamped} of them stamped; ends at {found.head}\n"
    )
    if not asked.key:
        sys.stdout.write("Signed with a key that the pack itself names: pass --key with one known from elsewhere.\n")
    return 1 if found.broken else 0
