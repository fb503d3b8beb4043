"""`cloudwatcher verify`: whether audit logs are as they were written, in the database or in an exported file."""

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import orjson
from beanie import PydanticObjectId
from rich.console import Console
from rich.progress import Progress

from app.cli.verify_evidence import is_pack, run_verify_pack
from app.keys import load_keys
from app.settings import Settings
from app.wiring import urls_of
from documents.audit import INSTALLATION
from documents.audit_chain import chains
from documents.audit_key import KeyRing, key_id
from documents.audit_verification import hash_at, verify_chain
from documents.database import connect, open_database
from documents.organization import find_organizations
from domain.audit.bundle import ENTRIES, PROOF, check_bundle
from domain.audit.chain import Verdict
from domain.errors import Invalid, NotFound

PIECE = 1 << 20


async def run_verify(settings: Settings, organization: str | None, known: str | None) -> int:
    """Verify one chain, or all; 0 when they are intact, 1 when one is broken."""
    console = Console()
    keys = KeyRing(key.public for key in load_keys(settings).audit)
    client = connect(urls_of(settings)[0])
    try:
        await open_database(client, settings.mongodb_database)
        wanted = await _wanted(organization)
        if known is not None and len(wanted) != 1:
            raise Invalid("Name one organization together with --known.")
        is_whole = True
        for org_id, name in wanted.items():
            verdict = await _verified(console, org_id, name, keys)
            _tell(console, name, verdict)
            is_whole &= verdict.is_intact and (known is None or await _is_known(console, org_id, known))
    finally:
        await client.close()
    return 0 if is_whole else 1


async def _wanted(named: str | None) -> dict[PydanticObjectId, str]:
    """Organization to name, chains of deleted ones and the installation's own included."""
    found = {one.id: one.name for one in await find_organizations(named, limit=0)}
    if named is not None and not found:
        raise NotFound("There is no such organization.")
    if named is not None:
        return {_id(id): name for id, name in found.items()}
    return {org_id: _name_of(org_id, found) for org_id in sorted({*await chains(), *map(_id, found)})}


def _id(id: Any) -> PydanticObjectId:
    return PydanticObjectId(str(id))


def _name_of(org_id: PydanticObjectId, names: dict[Any, str]) -> str:
    return "the installation" if org_id == INSTALLATION else names.get(org_id, f"deleted organization {org_id}")


async def _verified(console: Console, org_id: PydanticObjectId, name: str, keys: KeyRing) -> Verdict:
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(name, total=None)
        return await verify_chain(
            org_id, keys, on_progress=lambda seq, last: progress.update(task, completed=seq, total=last)
        )


async def _is_known(console: Console, org_id: PydanticObjectId, known: str) -> bool:
    """Hold the chain against a place and hash that were noted elsewhere, as seq:hash."""
    seq, _, hash = known.partition(":")
    if not seq.isdigit() or len(hash) != hashlib.sha256().digest_size * 2:
        raise Invalid("--known takes the place and the hash of an entry, as 17:9f86d081…")
    if await hash_at(org_id, int(seq)) == hash:
        return True
    console.print(f"[red]  BROKEN at {seq}: the entry with the hash that you noted is not there.[/red]")
    return False


def _tell(console: Console, name: str, verdict: Verdict) -> None:
    counts = f"{verdict.entries:,} entries from {verdict.first_seq} to {verdict.last_seq}"
    if verdict.segments:
        counts += f", {verdict.segments:,} sealed segments"
    if verdict.broken is None:
        console.print(f"{name}: intact. {counts}, head {verdict.head_hash}", highlight=False, soft_wrap=True)
        return
    console.print(
        f"[red]{name}: BROKEN at {verdict.broken.seq}: {verdict.broken.problem}[/red] {counts}",
        highlight=False,
        soft_wrap=True,
    )


def run_verify_file(path: Path, key: str | None, held: str | None = None) -> int:
    """Verify an exported file or a pack, without database or network; 0 when it is intact, 1 when it is not."""
    console = Console()
    try:
        if is_pack(path):
            return run_verify_pack(path, key, held)
        verdict, signed_by = _checked(path, key)
    except (zipfile.BadZipFile, KeyError, orjson.JSONDecodeError, OSError, ValueError) as error:
        raise Invalid(f"{path.name} is no export of an audit log, no pack of evidence, or damaged: {error}") from error
    _tell(console, f"{path.name} (organization {verdict.org_id})", verdict)
    if key is None:
        console.print(
            f"Signed with key {signed_by}, which the file itself names. Pass --key with the public key that you know "
            "from elsewhere, for example from the query auditVerification.",
            highlight=False,
            soft_wrap=True,
        )
    return 0 if verdict.is_intact else 1


def _checked(path: Path, key: str | None) -> tuple[Verdict, str]:
    with zipfile.ZipFile(path) as bundle:
        proof = orjson.loads(bundle.read(PROOF))
        digests = {name: _digest(bundle, name) for name in bundle.namelist()}
        ring = KeyRing([key] if key is not None else proof["public_keys"])
        with bundle.open(ENTRIES) as lines:
            verdict = check_bundle(proof, _parsed(lines), digests, ring.is_signed)
    return verdict, proof["key_id"] if key is None else key_id(key)


def _parsed(lines: IO[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            yield orjson.loads(line)
        except orjson.JSONDecodeError:
            yield {}  # no entry, so the walk ends here


def _digest(bundle: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    with bundle.open(name) as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()
