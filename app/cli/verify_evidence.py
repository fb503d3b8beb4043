"""`cloudwatcher verify` for evidence: a pack, by the code that lies in it, or all there is in the database."""

import sys
import zipfile
from pathlib import Path

from bson import ObjectId
from rich.console import Console
from rich.progress import Progress

from app.evidence import pack_store
from app.keys import load_keys
from app.settings import Settings
from app.wiring import urls_of
from documents.audit_key import KeyRing
from documents.base import utc_now
from documents.database import connect, open_database
from documents.evidence_chain import evidence_heads
from documents.evidence_verification import EvidenceVerdict, verify_evidence
from documents.organization import find_organizations
from domain.errors import Invalid, NotFound
from domain.evidence.pack import main


def is_pack(path: Path) -> bool:
    """Whether the file is a pack of evidence. Raises OSError and zipfile.BadZipFile when it is no zip."""
    with zipfile.ZipFile(path) as pack:
        return "records.jsonl" in pack.namelist() or "checkpoints.jsonl" in pack.namelist()


def run_verify_pack(path: Path, key: str | None, held: str | None) -> int:
    """Verify a pack by what lies in packs; 0 when it is intact."""
    sys.stdout.flush()
    return main([str(path), *(["--key", key] if key else []), *(["--held", held] if held else [])])


async def run_verify_evidence(settings: Settings, organization: str | None, held: str | None) -> int:
    """Verify the evidence of one organization, or of all; 0 when it is intact, 1 when some is not."""
    console = Console()
    client = connect(urls_of(settings)[0])
    try:
        await open_database(client, settings.mongodb_database)
        found = {str(one.id): one.name for one in await find_organizations(organization, limit=0)}
        if organization is not None and not found:
            raise NotFound("There is no such organization.")
        wanted = [org_id for org_id in await evidence_heads() if organization is None or str(org_id) in found]
        if held is not None and len(wanted) != 1:
            raise Invalid("Name one organization together with --held.")
        is_whole = True
        for org_id in wanted:
            name = found.get(str(org_id), str(org_id))
            verdict = await _verified(console, settings, org_id, name, held)
            _tell(console, name, verdict)
            is_whole &= not verdict.broken and verdict.unread is None
    finally:
        await client.close()
    return 0 if is_whole else 1


async def _verified(
    console: Console, settings: Settings, org_id: ObjectId, name: str, held: str | None
) -> EvidenceVerdict:
    keys = KeyRing(key.public for key in load_keys(settings).audit)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(name, total=None)

        def tell(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        store = pack_store(settings)
        return await verify_evidence(org_id, keys, now=utc_now(), held=held, store=store, on_progress=tell)


def _tell(console: Console, name: str, verdict: EvidenceVerdict) -> None:
    for kind, place, problem in verdict.breaks:
        console.print(f"{kind} {place}: {problem}", style="red", highlight=False, markup=False, soft_wrap=True)
    if verdict.unread is not None:
        console.print(verdict.unread, style="red", highlight=False, markup=False, soft_wrap=True)
    state = f"BROKEN in {verdict.broken} places" if verdict.broken else "intact"
    console.print(
        f"{name}: {state}; {verdict.records} records, {verdict.packs} packs of raw answers, {verdict.checkpoints} "
        f"checkpoints, {verdict.stamped} of them stamped; head {verdict.head}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
