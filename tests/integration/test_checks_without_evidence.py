"""While evidence cannot be kept or read nothing passes or counts as judged: in the database and in a bucket."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from arq import Retry
from pymongo.errors import AutoReconnect

import documents
from app.wiring import Backend
from connectors.evidence_bucket import EvidenceBucket
from tests.factories.made_controls import OWNED, use_controls
from tests.factories.synthetic_account import a_vendor, connect, open_sync, register, sync, work_on
from tests.fakes.synthetic import Synthetic
from tests.integration.test_checks import checks, judge, status_of

# Nobody listens there.
AWAY = EvidenceBucket(
    name="evidence", region="us-east-1", endpoint="http://127.0.0.1:9", access_key_id="A", secret_access_key=None
)


@pytest.fixture(autouse=True)
def vendor_and_controls_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)
    use_controls(monkeypatch)


@pytest.fixture
async def vendor() -> AsyncIterator[Synthetic]:
    async with a_vendor() as running:
        yield running


async def test_what_a_bucket_could_not_keep_is_an_error_until_it_is_read_again(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)

    run = await sync(backend, account, pack_store=AWAY)
    await judge(backend, account, pack_store=AWAY)
    unproven = (await checks(account))[OWNED.id]
    await sync(backend, account)
    await judge(backend, account)

    assert run.state == "PARTIAL"
    assert unproven.status.value == "ERROR"
    assert "cannot be kept as evidence" in (unproven.problem or "")
    assert await status_of(account, OWNED) == "FAIL"


async def test_what_the_database_could_not_keep_is_read_again_before_anything_is_judged(
    backend: Backend, vendor: Synthetic, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await connect(backend, vendor)
    run = await open_sync(backend, account)

    async def away(*_: Any, **__: Any) -> Any:
        raise AutoReconnect("the primary is away")

    with monkeypatch.context() as broken:
        broken.setattr("jobs.sync_sink.keep_pack", away)
        with pytest.raises(Retry):
            await work_on(backend, run)

    assert await work_on(backend, run) == "SUCCEEDED"
    await judge(backend, account)
    assert await status_of(account, OWNED) == "FAIL"


async def test_a_bucket_that_cannot_be_read_leaves_the_check_undone(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    packs = documents.EvidencePack.rows()
    await packs.update_many({"org_id": account.org_id}, {"$set": {"place": "there"}})

    with pytest.raises(Retry):
        await judge(backend, account, pack_store=AWAY)

    assert OWNED.id not in await checks(account)
    await packs.update_many({"org_id": account.org_id}, {"$set": {"place": None}})
    await judge(backend, account, pack_store=AWAY)
    assert await status_of(account, OWNED) == "FAIL"
