"""Bills fetched by themselves: an export in S3 (moto), from its first delivery to whatever may go wrong with it."""

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import documents
from app.wiring import Backend
from connectors.guard import Guards
from documents.base import utc_now
from documents.cost_source import CostSource, claim_due_sources, take_fetch
from domain.facts.cost_source import CostSourceKind
from jobs import cost_fetching, cost_import
from jobs.tasks.fetch_costs import fetch_costs
from tests.factories.cost_source import AwsExport, context_of, fetch, make_source, rows_of
from tests.factories.costs import total, visible_lines
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes.aws import Moto, credentials

KIND = CostSourceKind.AWS_DATA_EXPORT
# What the stand-in calls a GET of an object, which it does not tell from that of its parts.
GET_OBJECT = "s3.ListParts"


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    with Moto().served() as account:
        account.reset()
        yield account


@pytest.fixture
def export(moto: Moto, tmp_path: Path) -> AwsExport:
    return AwsExport(moto.client("s3"), tmp_path)


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.fixture
async def source(backend: Backend, tenant: Tenant, moto: Moto, export: AwsExport) -> CostSource:
    return await make_source(backend, tenant, KIND, credentials(moto.url), export.settings)


async def alerts_of(tenant: Tenant) -> list[documents.Alert]:
    return await documents.Alert.list_in(tenant.scope, {"source": "INTEGRATION"})


async def loads_of(tenant: Tenant) -> int:
    return await documents.CostLoad.count_in(tenant.scope, {}, cap=100)


def asked_of(moto: Moto, operation: str) -> int:
    return moto.asked.count(operation)


async def test_the_first_fetch_loads_every_month_that_was_delivered(backend, tenant, source, export):
    export.deliver("2026-09", rows_of("2026-09", "1.10", "2.20"), rows_of("2026-09", "0.05"))
    export.deliver("2026-10", rows_of("2026-10", "4"))

    said, now = await fetch(backend, source)

    assert said == "2 months loaded"
    assert await total(tenant) == Decimal("7.35")
    assert {one.month: (one.line_count, one.object_count) for one in now.months} == {
        "2026-10": (1, 1),
        "2026-09": (3, 2),
    }
    assert now.newest_charge_on is not None
    assert now.newest_charge_on.date() == date(2026, 10, 2)
    assert now.problem is None
    assert now.last_fetched_at is not None
    assert now.fetch_until is None


async def test_what_was_fetched_is_noted_object_by_object(backend, source, export):
    export.deliver("2026-09", rows_of("2026-09", "1"))

    _, now = await fetch(backend, source)

    (key,) = [
        one["Key"] for one in export.client.list_objects_v2(Bucket=export.bucket)["Contents"] if "/data/" in one["Key"]
    ]
    etag = export.client.head_object(Bucket=export.bucket, Key=key)["ETag"]
    assert [(one.name, one.mark) for one in now.months[0].objects] == [(key, etag)]


async def test_nothing_new_is_neither_fetched_nor_loaded(backend, tenant, source, export, moto):
    export.deliver("2026-09", rows_of("2026-09", "1"))
    await fetch(backend, source)
    moto.asked.clear()

    said, _ = await fetch(backend, source)

    assert said == "0 months loaded"
    assert asked_of(moto, GET_OBJECT) == 0
    assert await loads_of(tenant) == 1


async def test_a_restated_month_takes_the_place_of_what_was_there_in_one_step(backend, tenant, source, export):
    export.deliver("2026-09", rows_of("2026-09", "1"), rows_of("2026-09", "2"))
    export.deliver("2026-10", rows_of("2026-10", "10"))
    await fetch(backend, source)

    export.deliver("2026-09", rows_of("2026-09", "5", "6"))
    said, now = await fetch(backend, source)

    assert said == "1 months loaded"
    assert (await total(tenant), await visible_lines(tenant)) == (Decimal(5 + 6 + 10), 3)
    assert next(one for one in now.months if one.month == "2026-09").line_count == 2


async def test_of_an_export_that_keeps_its_runs_the_newest_counts(backend, tenant, source, export):
    export.deliver("2026-09", rows_of("2026-09", "1"), run="20260902T000000Z-a/")
    await fetch(backend, source)
    await asyncio.sleep(1.1)  # moto keeps whole seconds

    export.deliver("2026-09", rows_of("2026-09", "3"), run="20260903T000000Z-b/")
    await fetch(backend, source)

    assert await total(tenant) == Decimal(3)


async def test_a_month_without_its_manifest_is_waited_for(backend, tenant, source, export):
    key = export.put("2026-09", 1, rows_of("2026-09", "1"))

    said, now = await fetch(backend, source)

    assert said == "0 months loaded"
    assert now.months[0].waits_for == "the manifest, which is written last"
    assert now.problem is None
    assert await loads_of(tenant) == 0
    assert now.next_fetch_at < utc_now() + timedelta(minutes=31)

    export.manifest("2026-09", [key])
    said, now = await fetch(backend, source)

    assert said == "1 months loaded"
    assert now.months[0].waits_for is None


async def test_a_month_of_which_a_named_file_is_missing_is_waited_for_and_the_old_one_stays(
    backend, tenant, source, export
):
    export.deliver("2026-09", rows_of("2026-09", "1"))
    await fetch(backend, source)
    key = export.put("2026-09", 1, rows_of("2026-09", "5"))
    export.manifest("2026-09", [key, key.replace("00001", "00002")])

    _, now = await fetch(backend, source)

    assert now.months[0].waits_for == "the file focus-00002.csv.gz, which the manifest names"
    assert now.months[0].line_count == 1
    assert await total(tenant) == Decimal(1)


async def test_a_file_that_is_newer_than_its_manifest_is_waited_for(backend, tenant, source, export):
    export.deliver("2026-09", rows_of("2026-09", "1"))
    await fetch(backend, source)
    await asyncio.sleep(1.1)  # moto keeps whole seconds
    export.put("2026-09", 1, rows_of("2026-09", "5"))

    _, now = await fetch(backend, source)

    assert now.months[0].waits_for == "the manifest: focus-00001.csv.gz is newer than it"
    assert await total(tenant) == Decimal(1)


async def test_a_manifest_that_is_cut_short_is_waited_for(backend, source, export):
    export.deliver("2026-09", rows_of("2026-09", "1"))
    key = f"{export.settings['prefix']}/metadata/BILLING_PERIOD=2026-09/focus-Manifest.json"
    export.client.put_object(Bucket=export.bucket, Key=key, Body=b'{"dataFiles": ["s3:')

    _, now = await fetch(backend, source)

    assert now.months[0].waits_for == "a manifest that can be read"


async def test_two_exports_under_the_prefix_are_refused(backend, tenant, source, export):
    export.deliver("2026-09", rows_of("2026-09", "1"))
    other = f"{export.settings['prefix']}/other/data/BILLING_PERIOD=2026-09/focus-00001.csv.gz"
    export.client.put_object(Bucket=export.bucket, Key=other, Body=b"x")

    said, now = await fetch(backend, source)

    assert said.startswith("There is more than one export under the prefix")
    assert await loads_of(tenant) == 0
    assert now.problem == said


async def test_a_bucket_that_is_not_there_raises_an_alert_until_it_is(backend, tenant, moto, export):
    settings = {"bucket": "nobodys-bucket", "prefix": "exports/focus"}
    source = await make_source(backend, tenant, KIND, credentials(moto.url), settings)

    said, now = await fetch(backend, source)

    assert "NoSuchBucket" in said
    assert now.problem == said
    assert now.last_fetched_at is None
    (alert,) = await alerts_of(tenant)
    assert (alert.severity, alert.message) == ("HIGH", said)

    moto.client("s3").create_bucket(Bucket="nobodys-bucket")
    _, now = await fetch(backend, source)

    assert now.problem is None
    (alert,) = await alerts_of(tenant)
    assert alert.state == "RESOLVED"


async def test_a_missing_permission_is_named_with_what_to_do(backend, tenant, source, export, moto):
    export.deliver("2026-09", rows_of("2026-09", "1"))
    moto.fail(GET_OBJECT, 403, "AccessDenied")
    try:
        said, _ = await fetch(backend, source)
    finally:
        moto.wire.clear()

    assert said.startswith("The permission s3:GetObject is missing.")
    (alert,) = await alerts_of(tenant)
    assert alert.message == said
    assert "then fetch the bills again" in said


async def test_throttling_is_no_alert_until_the_third_time(backend, tenant, source, export, moto):
    export.deliver("2026-09", rows_of("2026-09", "1"))
    moto.fail("s3.ListObjectsV2", 503, "SlowDown")
    guards = Guards(sleep=_nothing)
    try:
        _, once = await fetch(backend, source, guards=guards)
        first = await alerts_of(tenant)
        await fetch(backend, source, guards=guards)
        _, now = await fetch(backend, source, guards=guards)
    finally:
        moto.wire.clear()

    assert first == []
    assert once.next_fetch_at < utc_now() + timedelta(minutes=6)
    assert len(await alerts_of(tenant)) == 1
    assert now.tries == 3

    said, now = await fetch(backend, source)

    assert said == "1 months loaded"
    assert now.tries == 0
    assert [alert.state for alert in await alerts_of(tenant)] == ["RESOLVED"]


async def test_an_object_that_vanishes_while_it_is_fetched_is_waited_for(backend, tenant, source, export, moto):
    export.deliver("2026-09", rows_of("2026-09", "1"))
    export.deliver("2026-10", rows_of("2026-10", "2"))
    plain = moto.client("s3")
    listed = {one["Key"] for one in plain.list_objects_v2(Bucket=export.bucket)["Contents"]}
    (gone,) = [key for key in listed if "/data/BILLING_PERIOD=2026-09" in key]
    export.deliver("2026-09", rows_of("2026-09", "1"))
    real = cost_fetching.CostFetch._month

    async def deleting(self: Any, feed: Any, offer: Any, folder: Path) -> None:
        plain.delete_object(Bucket=export.bucket, Key=gone)
        await real(self, feed, offer, folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cost_fetching.CostFetch, "_month", deleting)
        said, now = await fetch(backend, source)

    assert said == "1 months loaded"
    waiting = next(one for one in now.months if one.month == "2026-09")
    assert waiting.waits_for == f"{gone} was changed or deleted while it was fetched."
    assert await total(tenant) == Decimal(2)


async def test_a_fetch_killed_between_download_and_load_is_done_by_the_next(
    backend, tenant, source, export, tmp_path, monkeypatch
):
    export.deliver("2026-09", rows_of("2026-09", "1"))
    where = tmp_path / "held"
    where.mkdir()

    async def killed(*_: Any, **__: Any) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(cost_import, "import_cost_files", killed)
        # A process that dies neither clears up nor lets go.
        patch.setattr("jobs.cost_fetch.shutil.rmtree", lambda *_, **__: None)
        patch.setattr(cost_fetching, "leave_fetch", _nothing)
        with pytest.raises(asyncio.CancelledError):
            await fetch(backend, source, cost_fetch_directory=where)
    left = list(where.rglob("*.csv.gz"))
    held, _ = await fetch(backend, source, cost_fetch_directory=where)
    later = utc_now() + timedelta(minutes=2)
    due = [one.id for one in await claim_due_sources(later)]
    said, now = await fetch(backend, source, cost_fetch_directory=where, now=lambda: later)

    assert len(left) == 1
    assert held == "not fetched"
    assert source.id in due
    assert said == "1 months loaded"
    assert now.fetch_until is None
    assert await total(tenant) == Decimal(1)
    assert list(where.iterdir()) == []


async def _nothing(*_: Any) -> None:
    """As if the process were gone."""


async def test_a_load_whose_note_was_lost_is_not_loaded_twice(backend, tenant, source, export):
    export.deliver("2026-09", rows_of("2026-09", "1"))
    await fetch(backend, source)
    await CostSource.rows().update_one({"_id": source.id}, {"$set": {"months": []}})

    said, now = await fetch(backend, source)

    assert said == "0 months loaded"
    assert await loads_of(tenant) == 1
    assert now.months[0].fetched_at is not None


async def test_of_two_fetches_at_once_one_fetches(backend, tenant, source, export):
    export.deliver("2026-09", rows_of("2026-09", "1"))

    both = await asyncio.gather(fetch(backend, source), fetch(backend, source))

    assert sorted(said for said, _ in both) == ["1 months loaded", "not fetched"]
    assert await loads_of(tenant) == 1


async def test_a_fetch_ends_when_its_source_is_paused(backend, tenant, source, export, monkeypatch):
    export.deliver("2026-09", rows_of("2026-09", "1"))
    real = cost_import.import_cost_files

    async def paused(*arguments: Any, **options: Any) -> Any:
        pause = {"is_paused": True, "fetcher": None, "fetch_until": None}
        await CostSource.rows().update_one({"_id": source.id}, {"$set": pause})
        return await real(*arguments, **options)

    monkeypatch.setattr(cost_import, "import_cost_files", paused)
    said, now = await fetch(backend, source)

    assert said == "not fetched"
    assert now.months == []
    assert (await fetch(backend, source))[0] == "not fetched"


async def test_a_worker_that_lost_its_hold_stops_what_it_does(backend, source, export, monkeypatch):
    export.deliver("2026-09", rows_of("2026-09", "1"))
    monkeypatch.setattr(cost_fetching, "RENEW_EVERY", timedelta(milliseconds=20))
    ended = asyncio.Event()

    async def endless(*_: Any, **__: Any) -> None:
        await CostSource.rows().update_one({"_id": source.id}, {"$set": {"fetcher": "another"}})
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    monkeypatch.setattr(cost_import, "import_cost_files", endless)
    said, now = await fetch(backend, source)

    assert said == "not fetched"
    assert ended.is_set()
    assert now.fetcher == "another"


async def test_a_month_that_cannot_be_read_does_not_keep_the_others_out(backend, tenant, source, export):
    export.deliver("2026-09", rows_of("2026-09", "one"))
    export.deliver("2026-10", rows_of("2026-10", "2"))

    said, now = await fetch(backend, source)

    assert said.startswith("2026-09: 00000-focus-00001.csv.gz cannot be loaded: row 1 (line 2), column BilledCost")
    assert now.problem == said
    assert await total(tenant) == Decimal(2)
    assert len(await alerts_of(tenant)) == 1


async def test_a_month_beyond_the_limit_is_not_fetched(backend, tenant, source, export, moto):
    export.deliver("2026-09", rows_of("2026-09", "1"))

    said, _ = await fetch(backend, source, cost_fetch_bytes=10)

    assert "at most 10 are fetched of a month" in said
    assert "CLOUDWATCHER_COST_FETCH_MAX_BYTES" in said
    assert await loads_of(tenant) == 0


async def test_a_large_file_comes_in_parts(backend, tenant, source, export, monkeypatch, moto):
    monkeypatch.setattr("connectors.billing.object_store.PART_BYTES", 100)
    export.deliver("2026-09", rows_of("2026-09", *["0.01"] * 50))
    moto.asked.clear()

    await fetch(backend, source)

    assert await total(tenant) == Decimal("0.50")
    assert asked_of(moto, GET_OBJECT) > 3


async def test_an_account_that_another_tenant_has_connected_is_refused(backend, tenant, source, export):
    stranger = await make_tenant(backend)
    native_id = "300000000408"
    await documents.Account(
        org_id=stranger.organization.id,
        provider=KIND.provider,
        native_id=native_id,
        name="theirs",
        state=documents.AccountState.CONNECTED,
    ).insert()
    export.deliver("2026-09", rows_of("2026-09", "1", SubAccountId=native_id))

    said, _ = await fetch(backend, source)

    assert "another one has connected it" in said
    assert await loads_of(tenant) == 0


async def test_a_source_of_another_tenant_is_not_there(backend, source):
    stranger = await make_tenant(backend)
    ctx = context_of(backend)

    assert await fetch_costs(ctx, org_id=stranger.org_id, source_id=str(source.id)) == "not fetched"


async def test_a_disconnected_account_says_so(backend, tenant, source):
    await documents.Account.rows().update_one(
        {"_id": source.account_id}, {"$set": {"state": "DISCONNECTED", "credentials": None}}
    )

    said, _ = await fetch(backend, source)

    assert said == "The account of this cost source is not connected: connect it first."
    assert len(await alerts_of(tenant)) == 1


async def test_due_sources_are_claimed_once(backend, source):
    await CostSource.rows().update_one({"_id": source.id}, {"$set": {"next_fetch_at": utc_now()}})
    now = utc_now()

    both = await asyncio.gather(claim_due_sources(now), claim_due_sources(now))

    claimed = [one for claimed in both for one in claimed if one.id == source.id]
    assert len(claimed) == 1
    assert claimed[0].next_fetch_at > now


async def test_progress_is_told_from_beginning_to_end(backend, tenant, source, export):
    export.deliver("2026-09", rows_of("2026-09", "1"))

    await fetch(backend, source)

    rows = documents.Event.rows().find({"org_id": tenant.organization.id, "type": "JobProgressed"}).sort("seq")
    told = [raw["payload"] async for raw in rows if raw["payload"]["kind"] == "COST_FETCH"]
    assert [(one["state"], one["step"]) for one in told] == [
        ("RUNNING", "Looking for what is new"),
        ("RUNNING", "Fetching 2026-09"),
        ("SUCCEEDED", "Done"),
    ]
    assert {one["subject"] for one in told} == {f"CostSource:{source.id}"}


async def test_a_hold_is_had_by_one(backend, source):
    now = utc_now()

    assert await take_fetch(source.id, "a", now) is not None
    assert await take_fetch(source.id, "b", now) is None
