"""Judging controls: what syncs have read becomes checks, history, alerts and tickets; what was not read, an error."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from arq import Retry
from pymongo.errors import AutoReconnect

import documents
from app.wiring import Backend
from documents.check_round import drop_round, take_round
from domain.compliance.control import Control
from domain.facts.compliance import CheckStatus
from jobs.tasks.judge_controls import judge_asked, judge_controls
from tests.factories.aws import volume
from tests.factories.made_controls import (
    BILLED,
    COMPARED,
    FILED,
    FRESH,
    GRANTS,
    GROUPED,
    GROUPED_IN_PART,
    GROUPS,
    OWNED,
    PRIVATE,
    use_controls,
)
from tests.factories.synthetic_account import LONG, a_vendor, connect, context_of, register, sync
from tests.fakes.synthetic import Fault, Synthetic, item_of


@pytest.fixture(autouse=True)
def vendor_and_controls_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)
    use_controls(monkeypatch)


@pytest.fixture
async def vendor() -> AsyncIterator[Synthetic]:
    async with a_vendor() as running:
        yield running


async def judge(backend: Backend, account: documents.Account, **changed: Any) -> int:
    """One round, as a worker makes it."""
    return await judge_controls({"context": context_of(backend, **changed)}, org_id=str(account.org_id))


async def checks(account: documents.Account) -> dict[str, documents.Check]:
    """What is said of each control; of our tests' controls each has one procedure."""
    found = await documents.Check.rows().find({"org_id": account.org_id}).to_list()
    return {raw["control_id"]: documents.Check.stored(raw) for raw in found}


async def status_of(account: documents.Account, control: Control) -> str:
    return (await checks(account))[control.id].status.value


async def rows(document: Any, account: documents.Account, **where: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await document.rows().find({"org_id": account.org_id, **where}).sort("_id").to_list()
    return found


def own(vendor: Synthetic) -> None:
    """Every volume has an owner from now on."""
    vendor.lists["volumes"] = [item_of(volume(id, age=LONG, tags={"owner": "ada"})) for id in ("vol-0", "vol-1")]


async def test_what_was_read_is_judged_with_the_failing_things_first(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    vendor.lists["volumes"] = [item_of(volume("vol-0", tags={"owner": "ada"})), item_of(volume("vol-1"))]
    run = await sync(backend, account)

    await judge(backend, account)

    found = await checks(account)
    owned = found[OWNED.id]
    assert (owned.status, owned.counts) == (CheckStatus.FAIL, {"FAIL": 1, "PASS": 1})
    assert [item.model_dump() for item in owned.items] == [
        {"resource": "vol-1", "verdict": "FAIL", "observed": "no owner", "expected": "a tag that names its owner"},
        {"resource": "vol-0", "verdict": "PASS", "observed": "ada", "expected": ""},
    ]
    assert (owned.sync_ids, owned.problem) == ([run.id], None)
    (pack,) = owned.evidence
    assert await documents.EvidencePack.rows().find_one({"org_id": account.org_id, "sha256": pack})
    assert {id: check.status.value for id, check in found.items()} == {
        OWNED.id: "FAIL",
        PRIVATE.id: "FAIL",
        GROUPED.id: "PASS",
        BILLED.id: "PASS",
        FRESH.id: "PASS",
        FILED.id: "NOT_ASSESSED",
        COMPARED.id: "PASS",
    }
    assert found[FILED.id].problem == "manual:board_minutes: nothing is recorded yet"
    assert [item.observed for item in found[GROUPED.id].items] == ["in eu-west-1", "in us-east-1"]


async def test_a_second_round_finds_nothing_to_do_until_the_answers_are_others(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    await judge(backend, account)

    again = await judge(backend, account)
    await sync(backend, account)
    same = await judge(backend, account)
    own(vendor)
    await sync(backend, account)
    other = await judge(backend, account)

    # The volumes are looked at by the control about them, and by the one that compares with them.
    assert (again, same, other) == (0, 0, 2)
    assert await status_of(account, OWNED) == "PASS"


async def test_what_is_due_is_judged_again_and_comes_no_later_than_its_frequency(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    now = context_of(backend).now()
    await judge(backend, account, now=lambda: now)
    first = (await checks(account))[OWNED.id].next_at

    tomorrow = now + timedelta(days=1)
    judged = await judge(backend, account, now=lambda: tomorrow)

    assert judged == 7
    assert now < first <= now + timedelta(days=1, milliseconds=1)
    assert (await checks(account))[OWNED.id].next_at - first == timedelta(days=1)


async def test_a_clock_that_was_ahead_keeps_no_check_waiting(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    now = context_of(backend).now()
    ahead = now + timedelta(days=300)
    await judge(backend, account, now=lambda: ahead)

    await judge(backend, account, now=lambda: now)

    assert {check.next_at <= now + timedelta(days=1, seconds=1) for check in (await checks(account)).values()} == {True}


async def test_a_change_is_written_down_and_announced_with_what_the_control_says_since(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    await judge(backend, account)
    own(vendor)
    await sync(backend, account)
    await judge(backend, account)

    history = await rows(documents.CheckChange, account, control_id=OWNED.id)
    assert [(one["before"], one["after"], one["control_status"]) for one in history] == [
        (None, "FAIL", "FAIL"),
        ("FAIL", "PASS", "PASS"),
    ]
    events = await rows(documents.Event, account, type="ControlStatusChanged")
    assert [event["payload"]["after"] for event in events if event["payload"]["control_id"] == OWNED.id] == [
        "FAIL",
        "PASS",
    ]
    (state,) = await rows(documents.ControlState, account, control_id=OWNED.id)
    assert (state["status"], state["since"], state["assessed"], state["checks"]) == ("PASS", history[1]["at"], 1, 1)


async def test_a_failure_raises_one_alert_that_ends_when_the_control_passes(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    await judge(backend, account)
    (raised,) = await rows(documents.Alert, account, source="CHECK", title={"$regex": OWNED.id})
    own(vendor)
    await sync(backend, account)
    await judge(backend, account)

    (resolved,) = await rows(documents.Alert, account, source="CHECK", title={"$regex": OWNED.id})
    assert (raised["state"], raised["severity"], raised["account_id"]) == ("OPEN", "HIGH", account.id)
    assert raised["title"] == "CW-TST-01 Control CW-TST-01: fails in Synthetic"
    assert "vol-0: no owner (expected: a tag that names its owner)" in raised["message"]
    assert (resolved["_id"], resolved["state"]) == (raised["_id"], "RESOLVED")


@pytest.mark.parametrize(
    ("operation", "fault", "expected"),
    [
        ("GET /v1/volumes", Fault.REFUSE, {OWNED.id: "ERROR", PRIVATE.id: "FAIL"}),
        ("GET /v1/volumes", Fault.SHAPE, {OWNED.id: "ERROR", COMPARED.id: "ERROR"}),
        ("GET /v1/groups", Fault.REFUSE, {GROUPED.id: "ERROR"}),
        ("GET /v1/groups", Fault.OFF, {GROUPED.id: "NOT_ASSESSED"}),
        ("GET /v1/regions", Fault.REFUSE, {GROUPED.id: "ERROR"}),
        # What hangs on a list is hidden with it, and the list is whole without what hangs on it.
        ("GET /v1/buckets", Fault.REFUSE, {PRIVATE.id: "ERROR"}),
        (GRANTS, Fault.REFUSE, {PRIVATE.id: "ERROR", OWNED.id: "FAIL"}),
        ("GET /v1/bills", Fault.REFUSE, {BILLED.id: "ERROR"}),
    ],
)
async def test_what_could_not_be_read_in_whole_neither_passes_nor_fails(
    backend: Backend, vendor: Synthetic, operation: str, fault: Fault, expected: dict[str, str]
) -> None:
    vendor.faults = {operation: fault}
    account = await connect(backend, vendor)
    await sync(backend, account)

    await judge(backend, account)

    assert {id: (await checks(account))[id].status.value for id in expected} == expected


async def test_what_a_plan_has_in_part_is_judged_anew_as_it_changes_by_who_asks_for_it(
    backend: Backend, vendor: Synthetic, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_controls(monkeypatch, GROUPED, GROUPED_IN_PART)
    account = await connect(backend, vendor)
    said = []
    for answered in (1, 3):
        # Each sync asks two regions, of which the second is not offered.
        vendor.faults, vendor.begins = {GROUPS: Fault.OFF}, {GROUPS: answered}
        await sync(backend, account)
        await judge(backend, account)
        found = await checks(account)
        said.append((found[GROUPED.id].status, found[GROUPED_IN_PART.id].status))
        vendor.lists["groups"] = []

    assert said == [("NOT_ASSESSED", "PASS"), ("NOT_ASSESSED", "NOT_APPLICABLE")]


async def test_one_region_that_was_not_read_is_enough_for_an_error(backend: Backend, vendor: Synthetic) -> None:
    vendor.faults, vendor.begins = {"GET /v1/groups": Fault.REFUSE}, {"GET /v1/groups": 1}
    account = await connect(backend, vendor)
    await sync(backend, account)

    await judge(backend, account)

    assert await status_of(account, GROUPED) == "ERROR"


async def test_an_account_that_was_never_synced_or_cannot_be_entered_says_so(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)
    await judge(backend, account)
    before = (await checks(account))[OWNED.id]
    await sync(backend, account)
    await judge(backend, account)
    vendor.faults = {"*": Fault.EXPIRE}
    await sync(backend, account)
    await judge(backend, account)

    after = (await checks(account))[OWNED.id]
    assert (before.status, before.problem) == (
        CheckStatus.ERROR,
        f"{OWNED.procedures[0].operations[0]}: was never read: the account was not synced yet",
    )
    assert after.status is CheckStatus.ERROR
    assert "the account cannot be read" in (after.problem or "")
    # What failed may still fail: nobody has seen it pass.
    (alert,) = await rows(documents.Alert, account, source="CHECK", title={"$regex": OWNED.id})
    assert alert["state"] == "OPEN"


async def test_what_was_read_too_long_ago_counts_as_unread(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    now = context_of(backend).now()

    await judge(backend, account, now=lambda: now + timedelta(days=2))

    found = await checks(account)
    # What is read once a day may be three days old.
    assert {id: found[id].status.value for id in (OWNED.id, BILLED.id)} == {OWNED.id: "ERROR", BILLED.id: "PASS"}
    assert "too long ago" in (found[OWNED.id].problem or "")


async def test_an_error_is_told_of_after_a_day(backend: Backend, vendor: Synthetic) -> None:
    vendor.faults = {"GET /v1/volumes": Fault.REFUSE}
    account = await connect(backend, vendor)
    await sync(backend, account)
    now = context_of(backend).now()
    await judge(backend, account, now=lambda: now)
    at_once = await rows(documents.Alert, account, source="CHECK", title={"$regex": OWNED.id})

    await judge(backend, account, now=lambda: now + timedelta(hours=25))

    (later,) = await rows(documents.Alert, account, source="CHECK", title={"$regex": OWNED.id})
    assert at_once == []
    assert later["title"] == "CW-TST-01 Control CW-TST-01: cannot be checked in Synthetic"


async def test_to_and_fro_is_written_down_and_told_of_only_when_it_holds(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    as_it_was = vendor.lists["volumes"]
    for number in range(5):
        if number % 2:
            own(vendor)
        else:
            vendor.lists["volumes"] = as_it_was
        await sync(backend, account)
        await judge(backend, account)
    flapping = (await rows(documents.Alert, account, title={"$regex": OWNED.id}))[0]["state"]

    await judge(backend, account)

    history = await rows(documents.CheckChange, account, control_id=OWNED.id)
    assert [one["after"] for one in history] == ["FAIL", "PASS", "FAIL", "PASS", "FAIL"]
    assert [one["is_flapping"] for one in history] == [False, False, False, False, True]
    assert flapping == "RESOLVED"
    assert (await rows(documents.Alert, account, title={"$regex": OWNED.id}))[0]["state"] == "OPEN"


async def test_while_another_worker_judges_nobody_else_does(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    assert await take_round(account.org_id, "another", context_of(backend).now())

    with pytest.raises(Retry):
        await judge(backend, account)

    assert await checks(account) == {}
    await drop_round(account.org_id, "another")
    assert await judge(backend, account) == 7


async def test_whoever_is_overtaken_stores_nothing(
    backend: Backend, vendor: Synthetic, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    from jobs.checking import round as judging

    genuine = judging.judged

    async def overtaken(*asked: Any) -> Any:
        found = await genuine(*asked)
        await documents.CheckRound.rows().update_one({"org_id": account.org_id}, {"$set": {"lease": "another"}})
        return found

    monkeypatch.setattr(judging, "CHUNK", 1)
    monkeypatch.setattr(judging, "judged", overtaken)
    with pytest.raises(Retry):
        await judge(backend, account)

    assert await checks(account) == {}
    assert await rows(documents.Event, account, type="ControlStatusChanged") == []


async def test_evidence_that_cannot_be_read_leaves_the_check_undone(
    backend: Backend, vendor: Synthetic, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)

    async def away(*_: Any) -> Any:
        raise AutoReconnect("the primary is away")

    with monkeypatch.context() as broken:
        broken.setattr("jobs.checking.shelf.read_pack", away)
        with pytest.raises(Retry):
            await judge(backend, account)

    assert OWNED.id not in await checks(account)
    assert await judge(backend, account) > 0
    assert await status_of(account, OWNED) == "FAIL"


async def test_evidence_that_is_gone_is_an_error(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    await documents.EvidencePack.rows().delete_many({"org_id": account.org_id})

    await judge(backend, account)

    assert (await checks(account))[OWNED.id].problem == "GET /v1/volumes: its answers are not kept any more"


async def test_what_a_person_asks_for_is_judged_at_once_and_tells_how_far_it_is(
    backend: Backend, vendor: Synthetic
) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    await judge(backend, account)
    asked = {"org_id": str(account.org_id), "request_id": "one", "account_id": str(account.id)}

    judged = await judge_asked({"context": context_of(backend)}, control_ids=[OWNED.id, FRESH.id], **asked)

    told = await rows(documents.Event, account, type="JobProgressed")
    steps = [(one["payload"]["state"], one["payload"]["done"], one["payload"]["total"]) for one in told]
    # Our own records are in no account.
    assert judged == 1
    assert steps == [("RUNNING", 0, 1), ("SUCCEEDED", 1, 1)]
    assert (await checks(account))[OWNED.id].streak == 2


async def test_what_is_said_of_an_account_goes_with_it(backend: Backend, vendor: Synthetic) -> None:
    account = await connect(backend, vendor)
    await sync(backend, account)
    await judge(backend, account)
    await documents.Account.rows().update_one({"_id": account.id}, {"$set": {"state": "BILLING_ONLY"}})

    await judge(backend, account)

    assert set(await checks(account)) == {FRESH.id, FILED.id, COMPARED.id}
    (state,) = await rows(documents.ControlState, account, control_id=OWNED.id)
    assert (state["status"], state["checks"]) == ("NOT_ASSESSED", 0)
