"""`cloudwatcher verify` for evidence: a pack, by the code that lies in it, or all there is in the database."""

import sys
import zipfile
from pathlib import Path

from beanie import PydanticObjectId
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
from domain.evidence.check import held_head
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
    if held is not None:
        _check_held(held)
    console = Console()
    client = connect(urls_of(settings)[0])
    try:
        await open_database(client, settings.mongodb_database)
        wanted = await _wanted(organization)
        if held is not None and len(wanted) != 1:
            raise Invalid("Name one organization together with --held.")
        verdicts = {org_id: await _verified(console, settings, org_id, name, held) for org_id, name in wanted.items()}
    finally:
        await client.close()
    told = {org_id: one for org_id, one in verdicts.items() if organization is not None or not _is_nothing(one)}
    for org_id, verdict in told.items():
        _tell(console, wanted[org_id], verdict)
    if not told:
        console.print("There is no evidence yet. A record is made when a control is judged.")
    return 0 if all(not one.broken and one.unread is None for one in verdicts.values()) else 1


def _check_held(held: str) -> None:
    try:
        held_head(held)
    except ValueError:
        raise Invalid("--held takes a head as it was sent out: SEQ:HASH, the hash in 64 hex digits.") from None


async def _wanted(named: str | None) -> dict[PydanticObjectId, str]:
    """Organization to name. Also those without a head: whoever deletes it must not hide the records from us."""
    found = {PydanticObjectId(one.id): one.name for one in await find_organizations(named, limit=0)}
    if named is None:
        found = {org_id: str(org_id) for org_id in await evidence_heads()} | found
    elif not found:
        raise NotFound("There is no such organization.")
    return found


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


def _is_nothing(verdict: EvidenceVerdict) -> bool:
    """Whether there is no evidence, and nothing says that there was."""
    return verdict.head is None and not verdict.broken and not verdict.checkpoints


def _tell(console: Console, name: str, verdict: EvidenceVerdict) -> None:
    def say(text: str, style: str | None = None) -> None:
        console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

    if _is_nothing(verdict):
        say(f"{name}: no evidence yet. A record is made when a control is judged.")
        return
    for kind, place, problem in verdict.breaks:
        say(f"{kind} {place}: {problem}", "red")
    if verdict.broken > len(verdict.breaks):
        say(f"and {verdict.broken - len(verdict.breaks)} more", "red")
    if verdict.unread is not None:
        say(f"Not all raw answers could be read, so it is not known whether they are intact: {verdict.unread}", "red")
    state = f"BROKEN in {_count(verdict.broken, 'place')}" if verdict.broken else "intact"
    say(
        f"{name}: {state if verdict.broken or verdict.unread is None else 'intact as far as it could be read'}. "
        f"{_count(verdict.records, 'record')}, {_count(verdict.packs, 'pack')} of raw answers, "
        f"{_count(verdict.checkpoints, 'checkpoint')}, {verdict.stamped} of them stamped by a time authority."
    )
    if verdict.head is not None:
        say(f"Head: {verdict.head} (note it elsewhere, and give it with --held the next time)")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
