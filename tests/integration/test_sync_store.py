"""What a sync stores: changes with their history, nothing for what is unchanged, and each raw answer once."""

import zlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from beanie import PydanticObjectId

import documents
from app.wiring import Backend
from auth.scope import scope_of_job
from connectors.reading.part import CHUNK
from documents.base import utc_now
from documents.evidence import EvidencePack, keep_pack, read_pack
from documents.resource import BATCH
from documents.resource_change import ResourceChange
from documents.sync_read import ReadState, SyncRead
from domain.errors import Unavailable
from jobs import sync_sink
from tests.factories.aws import volume
from tests.factories.synthetic_account import (
    EVERYTHING,
    LONG,
    a_vendor,
    connect,
    context_of,
    later,
    register,
    rows_of,
    sync,
)
from tests.fakes.synthetic import Synthetic, item_of, large, serving
from tests.integration.recorded import recorded


@pytest.fixture(autouse=True)
def vendor_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)


@pytest.fixture
async def vendor() -> AsyncIterator[Synthetic]:
    async with a_vendor() as running:
        yield running


async def changes_of(account: documents.Account) -> list[tuple[str, str, list[str]]]:
    lines = sorted(await rows_of(ResourceChange, account), key=lambda one: one.at)
    return [(one.kind, one.native_id, one.fields) for one in lines]


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


async def test_each_change_leaves_a_line_with_what_stood_there_before_and_after(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    vendor.lists["volumes"] = [
        item_of(volume("vol-0", age=LONG, Size=200, tags={"owner": "ada"})),
        item_of(volume("vol-new")),
    ]

    run = await sync(backend, account)

    assert (run.added, run.changed, run.gone, run.unchanged) == (1, 1, 1, EVERYTHING - 2)
    changed, *_ = await rows_of(ResourceChange, account, kind="CHANGED")
    assert (changed.fields, changed.before, changed.after) == (["config.Size", "tags.owner"], [100, None], [200, "ada"])
    assert sorted((kind, native_id) for kind, native_id, _ in await changes_of(account)) == [
        ("ADDED", "vol-new"),
        ("CHANGED", "vol-0"),
        ("GONE", "vol-1"),
    ]
    (gone,) = await rows_of(documents.Resource, account, native_id="vol-1")
    assert gone.is_gone
    assert gone.gone_at is not None
    (resized,) = await rows_of(documents.Resource, account, native_id="vol-0")
    assert resized.changed_at is not None


async def test_what_was_gone_and_is_there_again_is_back(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    whole = vendor.lists["volumes"]
    vendor.lists["volumes"] = whole[1:]
    await sync(backend, account)
    vendor.lists["volumes"] = whole

    run = await sync(backend, account)

    assert (run.added, run.changed, run.gone) == (0, 1, 0)
    assert [one[:2] for one in await changes_of(account)] == [("GONE", "vol-0"), ("BACK", "vol-0")]
    (back,) = await rows_of(documents.Resource, account, native_id="vol-0")
    assert (back.is_gone, back.gone_at) == (False, None)


async def test_a_tag_that_changes_does_not_touch_since_when_the_configuration_stands(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    vendor.lists["volumes"] = [item_of(volume("vol-0", age=LONG, tags={"owner": "ada"})), *vendor.lists["volumes"][1:]]

    await sync(backend, account)

    (tagged,) = await rows_of(documents.Resource, account, native_id="vol-0")
    assert tagged.tags == {"owner": "ada"}
    assert tagged.changed_at is None


async def test_what_moves_by_itself_is_no_change_and_is_refreshed_once_an_hour(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)
    rest = vendor.lists["volumes"][1:]
    used = [[item_of(volume("vol-0", LastUsed=moment)), *rest] for moment in ("2026-01-01", "2026-01-02", "2026-01-03")]
    vendor.lists["volumes"] = used[0]
    await sync(backend, account)

    vendor.lists["volumes"] = used[1]
    soon = await sync(backend, account)
    (kept,) = await rows_of(documents.Resource, account, native_id="vol-0")
    vendor.lists["volumes"] = used[2]
    in_an_hour = later(context_of(backend), timedelta(minutes=61))
    much_later = await sync(backend, account, now=in_an_hour)
    (refreshed,) = await rows_of(documents.Resource, account, native_id="vol-0")

    assert (soon.changed, soon.unchanged) == (0, EVERYTHING)
    assert kept.config["LastUsed"] == "2026-01-01"
    assert (much_later.changed, much_later.unchanged) == (0, EVERYTHING)
    assert refreshed.config["LastUsed"] == "2026-01-03"
    assert refreshed.changed_at is None
    assert await changes_of(account) == []


async def test_names_that_mean_something_to_mongodb_are_kept_as_they_are(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    odd: dict[str, Any] = {"a.b": 1, "$set": {"$ref": "x"}, "": [{"$oid": "1"}], "text": "$name"}
    vendor.lists["volumes"] = [item_of(volume("vol-0", **odd))]

    await sync(backend, account)
    vendor.lists["volumes"] = [item_of(volume("vol-0", **{**odd, "text": "$other"}))]
    run = await sync(backend, account)

    (stored,) = await rows_of(documents.Resource, account, native_id="vol-0")
    assert run.changed == 1
    assert {key: stored.config[key] for key in odd} == {**odd, "text": "$other"}


async def test_the_same_answers_are_kept_once_and_can_be_read_back(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    first, second = await sync(backend, account), await sync(backend, account)

    one, other = [
        {(read.operation, read.region): read.evidence for read in await rows_of(SyncRead, account, sync_id=run.id)}
        for run in (first, second)
    ]
    stored = await EvidencePack.rows().count_documents({"org_id": account.org_id})
    (sha256,) = one["GET /v1/volumes", None]
    (answer,) = await read_pack(scope_of_job("test", str(account.org_id)), sha256)

    assert {part: packs for part, packs in one.items() if part[0] != "GET /v1/bills"} == other
    assert stored == len({pack for packs in one.values() for pack in packs})
    assert (answer.operation, answer.region, answer.arguments, answer.page) == ("GET /v1/volumes", None, {}, 0)
    assert answer.answer == {"items": vendor.lists["volumes"], "next": None}


async def test_what_no_evidence_can_be_kept_of_was_not_read(
    backend: Backend, vendor: Synthetic, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await connect(backend, vendor)

    async def away(*_: object, **__: object) -> str:
        raise Unavailable("The evidence bucket cannot be used.", service="evidence bucket")

    monkeypatch.setattr(sync_sink, "keep_pack", away)
    run = await sync(backend, account)

    reads = await rows_of(SyncRead, account, sync_id=run.id)
    assert {(read.state, tuple(read.evidence)) for read in reads if read.pages} == {(ReadState.INCOMPLETE, ())}
    reasons = [gap["reason"] for read in reads for gap in read.gaps]
    assert any("cannot be kept as evidence: The evidence bucket cannot be used." in reason for reason in reasons)


async def test_what_is_personal_is_counted_where_it_was_read(backend: Backend, vendor: Synthetic) -> None:
    vendor.lists["volumes"][0]["phone"] = "+44 20 7946 0000"
    account = await connect(backend, vendor)

    run = await sync(backend, account)

    (read,) = await rows_of(SyncRead, account, sync_id=run.id, operation="GET /v1/volumes")
    (answer,) = await read_pack(scope_of_job("test", str(account.org_id)), read.evidence[0])
    assert read.redactions == {"telephone": 1}
    assert answer.answer["items"][0]["phone"] == "(redacted: telephone)"


async def test_evidence_that_is_read_again_lives_on(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    before = {raw["sha256"]: raw["expires_at"] async for raw in EvidencePack.rows().find({"org_id": account.org_id})}

    await sync(backend, account, now=later(context_of(backend), timedelta(hours=12)))
    same_day = {raw["sha256"]: raw["expires_at"] async for raw in EvidencePack.rows().find({"org_id": account.org_id})}
    await sync(backend, account, now=later(context_of(backend), timedelta(days=2)))
    after = {raw["sha256"]: raw["expires_at"] async for raw in EvidencePack.rows().find({"org_id": account.org_id})}

    assert same_day == before
    assert after.keys() == before.keys()
    assert min(after[sha256] - before[sha256] for sha256 in after) >= timedelta(days=1)


async def test_evidence_that_expires_while_it_is_read_again_is_stored_again(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    org_id, now, rows = PydanticObjectId(), utc_now(), EvidencePack.rows()
    sha256 = await keep_pack(org_id, b"[]", now=now, retention=timedelta(days=3))

    class Expiring:
        async def find_one(self, *asked: Any) -> Any:
            found = await rows.find_one(*asked)
            await rows.delete_one({"org_id": org_id})
            return found

        def __getattr__(self, name: str) -> Any:
            return getattr(rows, name)

    monkeypatch.setattr(EvidencePack, "rows", Expiring)
    later_on = now + timedelta(days=3)
    await keep_pack(org_id, b"[]", now=later_on, retention=timedelta(days=3))

    raw = await rows.find_one({"org_id": org_id, "sha256": sha256})
    assert raw is not None
    assert (zlib.decompress(raw["data"]), raw["size"], raw["created_at"]) == (
        b"[]",
        2,
        raw["expires_at"] - timedelta(days=3),
    )


async def test_costs_are_read_at_their_own_cadence_and_what_was_not_asked_is_no_gap(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)

    first, second = await sync(backend, account), await sync(backend, account)
    next_day = await sync(backend, account, now=later(context_of(backend), timedelta(hours=25)))

    assert [run.with_costs for run in (first, second, next_day)] == [True, False, True]
    assert [run.state for run in (first, second, next_day)] == ["SUCCEEDED"] * 3
    assert vendor.calls["GET /v1/bills"] == 2


async def test_a_later_read_is_told_when_the_last_complete_one_began(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    first = {(one.operation, one.region): one for one in await rows_of(SyncRead, account)}
    await sync(backend, account)

    reads = await rows_of(SyncRead, account)

    assert {one.state for one in reads} == {"COMPLETE"}
    assert all(one.complete_since == one.started_at for one in reads)
    assert len(reads) == 2 * len(first) - 1, "the second did not ask about costs"
    assert [one.seen for one in reads] == [None] * len(reads)


async def test_a_second_sync_of_a_larger_account_sends_no_write_of_resources_and_holds_one_batch(
    backend: Backend,
) -> None:
    count = 3 * BATCH + 50
    async with recorded(backend, "cloudwatcher_sync_writes") as (_, commands), serving(large(count)) as vendor:
        account = await connect(backend, vendor)
        with commands.recording() as first:
            added = await sync(backend, account)
        with commands.recording() as second:
            unchanged = await sync(backend, account)

    assert (added.added, unchanged.unchanged, unchanged.added) == (len_of(vendor), len_of(vendor), 0)
    batches = [len(command["updates"]) for command in first if command.get("update") == "resources"]
    assert sum(batches) == len_of(vendor)
    # A page of the engine may come on top of a batch.
    assert max(batches) < BATCH + CHUNK
    assert [command for command in second if command.get("update") == "resources"] == []
    assert [command for command in second if command.get("update") == "resource_changes"] == []


def len_of(vendor: Synthetic) -> int:
    return sum(len(listed) for listed in vendor.lists.values())
