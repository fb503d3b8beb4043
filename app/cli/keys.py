"""`cloudwatcher keys`: list data keys, wrap them with a new master key, replace them and the signing key."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from beanie import PydanticObjectId
from bson import ObjectId
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.keys import rotate_signing_file
from app.settings import Settings
from app.wiring import Backend, open_backend
from documents.audit import INSTALLATION, Act, acting
from documents.base import utc_now
from documents.data_key import DataKey
from documents.every_document import ALL
from documents.key_rotation import KeyProgress, KeyReport, Tell, rewrap_keys, rotate_keys
from documents.organization import find_organizations, load_organizations
from documents.sealed import sealed_fields
from documents.transaction import Transaction, commit
from domain.errors import Invalid, NotFound


async def run_list(settings: Settings) -> None:
    """Print the data keys as a table, oldest first."""
    async with open_backend(settings) as backend:
        table = await _table(await backend.vault.list_keys())
    Console(soft_wrap=True).print(table)


async def run_rewrap(settings: Settings, *, every: bool) -> int:
    """Wrap what another master key wraps; 0 when all is done, 1 when a key could not be unwrapped."""
    console = Console()
    async with open_backend(settings) as backend:
        with _shown(console) as tell:
            report = await rewrap_keys(backend.vault, tell, every=every)
        if report.done:
            current = backend.keys.master.current
            after = {"keys": report.done, "provider": current.provider}
            await _note(backend, "data_key.rewrap", INSTALLATION, "data_key:all", after)
    console.print(f"{report.done:,} data keys were wrapped anew.", highlight=False)
    return _told(console, report)


async def run_rotate(settings: Settings, *, organization: str | None, grace: timedelta) -> int:
    """Replace data keys; 0 when all is done, 1 when a secret could not be opened."""
    console = Console()
    async with open_backend(settings) as backend:
        owner_ids = None if organization is None else [await _owner_id(organization)]
        with _shown(console) as tell:
            report = await _rotate(backend, tell, owner_ids, grace)
    if report.is_resumed:
        console.print("An earlier rotation had been cut off; it was brought to its end.")
    console.print(
        f"{report.done:,} data keys made, {report.resealed:,} secrets sealed anew, {report.dropped:,} keys deleted.",
        highlight=False,
    )
    return _told(console, report)


async def run_rotate_signing(settings: Settings) -> None:
    """Replace the signing key in the data directory. The log is opened first: without it nothing is replaced."""
    async with open_backend(settings) as backend:
        rotate_signing_file(settings)
        await _note(backend, "signing_key.rotate", INSTALLATION, "signing_key:file", {"replaced_at": utc_now()})
    Console().print(
        "A new signing key is made; the one before is still accepted. Restart every process now.", highlight=False
    )


async def _rotate(backend: Backend, tell: Tell, owner_ids: list[str] | None, grace: timedelta) -> KeyReport:
    async def changed(owner_id: str) -> None:
        # People have keys too, and belong to no one organization.
        org_id = PydanticObjectId(owner_id) if ObjectId.is_valid(owner_id) else INSTALLATION
        await _note(backend, "data_key.rotate", org_id, f"data_key:{owner_id}", {"replaced_at": utc_now()})

    fields = sealed_fields(ALL)
    return await rotate_keys(backend.vault, fields, tell, owner_ids=owner_ids, grace=grace, changed=changed)


async def _note(
    backend: Backend, action: str, org_id: PydanticObjectId, target: str, after: Mapping[str, object]
) -> None:
    async def change(tx: Transaction) -> None:
        tx.audit(org_id, target=target, after=after)

    with acting(Act(action=action, actor="operator")):
        await commit(change, announce=backend.bus.wake, audit_key=backend.keys.audit[0])


@contextmanager
def _shown(console: Console) -> Iterator[Tell]:
    """A progress bar for each step."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(now: KeyProgress) -> None:
            if now.step not in tasks:
                tasks[now.step] = progress.add_task(now.step)
            progress.update(tasks[now.step], completed=now.done, total=now.total)

        yield tell


def _told(console: Console, report: KeyReport) -> int:
    for problem in report.problems:
        console.print(f"  {problem}", style="red", highlight=False, markup=False, soft_wrap=True)
    return 1 if report.problems else 0


async def _owner_id(named: str) -> str:
    found = await find_organizations(named)
    if not found:
        raise NotFound("There is no such organization; `cloudwatcher keys list` shows who has a key.")
    if len(found) > 1:
        raise Invalid(f"Several organizations have that name; use an id: {', '.join(str(one.id) for one in found)}")
    return str(found[0].id)


async def _table(keys: list[DataKey]) -> Table:
    owners = {key.owner_id for key in keys}
    names = {str(one.id): one.name for one in await load_organizations(sorted(owners))}
    table = Table("organization", "id", "data key", "use", "age", "provider", "master key", show_edge=False)
    now = utc_now()
    for key in keys:
        table.add_row(
            names.get(key.owner_id, "-"),
            key.owner_id,
            str(key.id.as_uuid()),
            key.use.value,
            f"{(now - key.made_at).days} days",
            key.provider,
            key.master_key_id,
        )
    return table
