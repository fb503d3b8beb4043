"""Controls judge a list that shows only what is new by all that syncs have read of it, as far back as that is kept."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

import documents
from app.wiring import Backend
from connectors.reading.listing import Window
from documents.sync_read import ReadState
from domain.facts.provider import Provider
from jobs.tasks.judge_controls import judge_controls
from tests.factories.aws import volume
from tests.factories.made_controls import OWNED, VOLUMES, use_controls
from tests.factories.synthetic_account import a_vendor, connect, context_of, sync
from tests.fakes.synthetic import REGISTRATION, Fault, Synthetic, item_of


@pytest.fixture(autouse=True)
def volumes_are_listed_as_news(monkeypatch: pytest.MonkeyPatch) -> None:
    window = Window(path="items", keys=("id",))
    listings = tuple(
        replace(one, window=window, is_window=True) if one.operation.name == VOLUMES else one
        for one in REGISTRATION.listings
    )
    known = {Provider.DIGITALOCEAN: replace(REGISTRATION, listings=listings)}
    monkeypatch.setattr("connectors.registry.registrations", lambda: known)
    use_controls(monkeypatch, OWNED)


@pytest.fixture
async def vendor() -> AsyncIterator[Synthetic]:
    async with a_vendor() as running:
        yield running


async def judge(backend: Backend, account: documents.Account) -> int:
    return await judge_controls({"context": context_of(backend)}, org_id=str(account.org_id))


async def read_news(backend: Backend, vendor: Synthetic, account: documents.Account, **owners: str | None) -> None:
    """A sync that finds these volumes new, by the owner each has."""
    vendor.lists["volumes"] = [
        item_of(volume(id, tags={} if owner is None else {"owner": owner})) for id, owner in owners.items()
    ]
    await sync(backend, account)


async def verdicts(account: documents.Account) -> dict[str, Any]:
    (raw,) = await documents.Check.rows().find({"org_id": account.org_id}).to_list()
    return {item["resource"]: item["verdict"] for item in raw["items"]}


async def test_what_earlier_syncs_have_read_is_judged_with_what_is_new(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await read_news(backend, vendor, account, old="ada", changed=None)
    vendor.faults = {VOLUMES: Fault.REFUSE}
    await sync(backend, account)
    await judge(backend, account)
    (unread,) = await documents.Check.rows().find({"org_id": account.org_id}).to_list()

    vendor.faults = {}
    await read_news(backend, vendor, account, changed="ada", new=None)
    await judge(backend, account)

    assert unread["status"] == "ERROR"
    assert await verdicts(account) == {"old": "PASS", "changed": "PASS", "new": "FAIL"}
    (check,) = await documents.Check.rows().find({"org_id": account.org_id}).to_list()
    reads = {"org_id": account.org_id, "operation": VOLUMES, "state": ReadState.COMPLETE.value}
    packs = [sha256 for raw in await documents.SyncRead.rows().find(reads).to_list() for sha256 in raw["evidence"]]
    assert sorted(check["evidence"]) == sorted(packs)
    assert len(packs) == 2


async def test_reads_without_news_are_not_judged_again(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await read_news(backend, vendor, account, old="ada")
    await read_news(backend, vendor, account)
    await judge(backend, account)

    await read_news(backend, vendor, account)
    again = await judge(backend, account)
    await read_news(backend, vendor, account, new="ada")
    other = await judge(backend, account)

    assert (again, other) == (0, 1)
    assert await verdicts(account) == {"old": "PASS", "new": "PASS"}


async def test_what_is_not_kept_any_more_is_not_judged_nor_what_is_older(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    for owners in ({"oldest": "ada"}, {"older": "ada"}):
        await read_news(backend, vendor, account, **owners)
    (newest,) = (
        await documents.SyncRead.rows()
        .find({"org_id": account.org_id, "operation": VOLUMES})
        .sort("started_at", -1)
        .limit(1)
        .to_list()
    )
    await documents.EvidencePack.rows().delete_many({"sha256": {"$in": newest["evidence"]}})
    await read_news(backend, vendor, account, new="ada")

    await judge(backend, account)

    assert await verdicts(account) == {"new": "PASS"}
