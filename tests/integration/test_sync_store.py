"""What a sync stores: changes with their history, nothing for what is unchanged, and each raw answer once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

import documents
from app.wiring import Backend
from documents.evidence import EvidencePack, read_pack
from documents.resource_change import ResourceChange
from documents.sync_read import SyncRead
from tests.factories.aws import volume
from tests.factories.synthetic_account import a_vendor, connect, context_of, later, register, rows_of, sync
from tests.fakes.synthetic import Synthetic, item_of

# Three volumes, an instance, two groups, two buckets.
EVERYTHING = 8


@pytest.fixture(autouse=True)
def vendor_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)


@pytest.fixture
async def vendor() -> AsyncIterator[Synthetic]:
    async with a_vendor() as running:
        yield running


async def changes_of(account: documents.Account) -> list[tuple[str, str, list[str]]]:
    return [(one.kind, one.native_id, one.fields) for one in await rows_of(ResourceChange, account)]


async def test_the_first_sync_adds_everything_and_calls_none_of_it_a_change(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)

    run = await sync(backend, account)

    assert (run.state, run.gaps) == ("SUCCEEDED", [])
    assert (run.resources, run.added, run.changed, run.gone, run.unchanged) == (EVERYTHING, EVERYTHING, 0, 0, 0)
    assert len(await rows_of(documents.Resource, account)) == EVERYTHING
    assert await changes_of(account) == []


async def test_a_sync_without_changes_writes_no_resource(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    before = await rows_of(documents.Resource, account)

    run = await sync(backend, account)

    assert (run.added, run.changed, run.gone, run.unchanged) == (0, 0, 0, EVERYTHING)
    assert [one.written_at for one in await rows_of(documents.Resource, account)] == [one.written_at for one in before]
