"""A vendor that fails on the wire, call by call: nothing is taken for gone, mended or changed, and the gap says why."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

import documents
from app.wiring import Backend
from documents.resource_change import ResourceChange
from domain.facts.inventory import GapCause
from tests.factories.synthetic_account import (
    EVERYTHING,
    FOUND,
    a_vendor,
    connect,
    open_findings,
    register,
    rows_of,
    sync,
)
from tests.fakes.synthetic import BUCKETS, GRANTS, GROUPS, INSTANCES, REGIONS_OPERATION, VOLUMES, Fault, Synthetic

CAUSES = {
    Fault.REFUSE: GapCause.PERMISSION,
    Fault.EXPIRE: GapCause.FAILED,
    Fault.OFF: GapCause.PLAN,
    Fault.THROTTLE: GapCause.THROTTLED,
    Fault.FAIL: GapCause.UNAVAILABLE,
    Fault.TEAR: GapCause.UNAVAILABLE,
    Fault.HANG: GapCause.UNAVAILABLE,
    Fault.REPEAT: GapCause.CUT_SHORT,
    Fault.GARBLE: GapCause.MISSHAPEN,
    Fault.SHAPE: GapCause.MISSHAPEN,
    Fault.SPOIL: GapCause.MISSHAPEN,
    Fault.HUGE: GapCause.MISSHAPEN,
}
LISTS = (VOLUMES.name, INSTANCES.name, GROUPS.name, BUCKETS.name)
# These are read by the vendor's own source, which takes what it gets.
OF_ANSWERS = {Fault.REPEAT, Fault.SHAPE, Fault.SPOIL, Fault.HUGE}


def calls_with(fault: Fault) -> tuple[str, ...]:
    """The calls of the vendor that can have this fault."""
    return LISTS if fault in OF_ANSWERS else (*LISTS, GRANTS.name, REGIONS_OPERATION.name)


@pytest.fixture(autouse=True)
def vendor_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)
    monkeypatch.setattr("connectors.rest.client.CALL_LIMIT", timedelta(seconds=1))


@pytest.fixture
async def vendor() -> AsyncIterator[Synthetic]:
    async with a_vendor() as running:
        yield running


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name)
async def test_what_one_call_fails_to_tell_changes_nothing(backend: Backend, fault: Fault) -> None:
    # Side by side, because all they do is wait; each has a vendor and an account of its own.
    await asyncio.gather(*(fail_one(backend, operation, fault) for operation in calls_with(fault)))


async def fail_one(backend: Backend, operation: str, fault: Fault) -> None:
    async with a_vendor() as vendor:
        account = await connect(backend, vendor)
        await sync(backend, account)
        assert await open_findings(account) == FOUND

        vendor.faults = {operation: fault}
        faulty = await sync(backend, account)
        still_open = await open_findings(account)
        vendor.faults = {}
        mended = await sync(backend, account)

    assert faulty.state == "PARTIAL", operation
    assert {gap["cause"] for gap in faulty.unread} == {CAUSES[fault]}, operation
    assert (still_open, faulty.findings_opened, faulty.findings_resolved) == (FOUND, 0, 0), operation
    assert (faulty.added, faulty.changed, faulty.gone) == (0, 0, 0), operation
    assert (mended.state, mended.unchanged) == ("SUCCEEDED", EVERYTHING), operation
    assert (mended.findings_opened, mended.findings_resolved) == (0, 0), operation
    assert await rows_of(ResourceChange, account) == [], operation
    assert await rows_of(documents.Alert, account, source="SYNC") == [], operation


@pytest.mark.parametrize("operation", LISTS)
async def test_what_was_deleted_meanwhile_is_gone_once_its_list_is_whole_again(
    backend: Backend, vendor: Synthetic, operation: str
) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    deleted = vendor.lists[operation.rsplit("/", 1)[-1]]
    vendor.lists[operation.rsplit("/", 1)[-1]] = []

    vendor.faults = {operation: Fault.REFUSE}
    faulty = await sync(backend, account)
    vendor.faults = {}
    mended = await sync(backend, account)

    assert (faulty.gone, faulty.findings_resolved) == (0, 0)
    assert mended.gone == len(deleted)
    over = {native_id for _, native_id in FOUND} & {item["id"] for item in deleted}
    assert mended.findings_resolved >= len(over) > 0


async def test_a_gap_names_the_permission_the_plan_and_the_kinds(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    vendor.faults = {VOLUMES.name: Fault.REFUSE, GROUPS.name: Fault.OFF}

    run = await sync(backend, account)

    gaps = {(gap["operation"], gap["region"]): (gap["missing"], gap["unlisted"]) for gap in run.unread}
    assert gaps == {
        ("GET /v1/volumes", None): ("volumes:read", ["AWS_EBS_VOLUME"]),
        ("GET /v1/groups", "us-east-1"): ("Groups Pro", ["AWS_SECURITY_GROUP"]),
        ("GET /v1/groups", "eu-west-1"): ("Groups Pro", ["AWS_SECURITY_GROUP"]),
    }


async def test_a_detail_that_cannot_be_read_keeps_its_last_value_and_judges_nothing(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    vendor.faults, vendor.grants = {GRANTS.name: Fault.REFUSE}, {}

    faulty = await sync(backend, account)
    (bucket,) = await rows_of(documents.Resource, account, native_id="b-1")
    vendor.faults = {}
    mended = await sync(backend, account)

    assert (faulty.changed, faulty.findings_resolved) == (0, 0)
    assert bucket.unread == ["Grants"]
    assert bucket.config["Grants"], "the last known value"
    assert (mended.changed, mended.findings_resolved) == (1, 1)
    (line,) = await rows_of(ResourceChange, account)
    assert line.fields == ["config.Grants"]


async def test_a_detail_that_is_read_for_the_first_time_is_no_change(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    vendor.faults = {GRANTS.name: Fault.REFUSE}
    await sync(backend, account)
    vendor.faults = {}

    run = await sync(backend, account)

    assert run.changed == 0
    assert await rows_of(ResourceChange, account) == []
    assert await open_findings(account) == FOUND


async def test_a_number_that_the_store_cannot_keep_is_a_gap_of_its_list(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    # Fits into JSON as it is read here, and not into the 64 bits with a sign of MongoDB.
    vendor.lists["volumes"][0]["config"]["Size"] = 2**64 - 1

    run = await sync(backend, account)

    assert run.state == "PARTIAL"
    assert [(gap["operation"], gap["cause"]) for gap in run.unread] == [("GET /v1/volumes", "MISSHAPEN")]
    assert (run.gone, run.findings_resolved) == (0, 0)
    assert await open_findings(account) == FOUND
