"""Workers that are killed between any two things they do, and providers that act and say that they failed."""

import os
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from bson import ObjectId

import documents
from app.wiring import Backend
from connectors.acting import Actor
from documents.base import utc_now
from documents.remediation import LEASE
from domain.errors import Unavailable
from domain.facts.finding import FindingCategory, Risk
from domain.facts.remediation import WORKED_ON, RemediationState
from jobs.remediating import executing, running
from jobs.tasks import run_remediation as task
from schema.node import global_id, local_id
from tests.factories.graph import Graph
from tests.factories.remediation_house import House, make_house
from tests.factories.synthetic_account import sync
from tests.factories.tenant import token_for
from tests.fakes.aws import Moto

KILLS = int(os.environ.get("CLOUDWATCHER_KILLS", "40"))
AT_ONCE = 10
CHANCE = 0.12


class Killed(BaseException):
    """The worker is no more: nothing it would have done on its way out is done."""


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    with pytest.MonkeyPatch.context() as patch, Moto().served() as made:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        yield made


@pytest.fixture
async def house(backend: Backend, graph: Graph, moto: Moto) -> House:
    moto.reset()
    return await make_house(backend, graph, moto)


class Reaper:
    """Kills at any of the places it was put, by the dice."""

    def __init__(self, dice: random.Random) -> None:
        self.dice, self.kills = dice, 0
        self.is_armed = True

    def around(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def perilous(*args: Any, **kwargs: Any) -> Any:
            self.strike()
            answer = await call(*args, **kwargs)
            self.strike()
            return answer

        return perilous

    def strike(self) -> None:
        if self.is_armed and self.dice.random() < CHANCE:
            self.kills += 1
            raise Killed


def put(reaper: Reaper, monkeypatch: pytest.MonkeyPatch) -> None:
    """Around every call to the provider and every write of the executor; the dead let nothing go."""
    for holder, name in (
        (Actor, "make"),
        (Actor, "find"),
        (Actor, "is_ready"),
        (executing, "begin_call"),
        (executing, "end_call"),
        (executing, "note"),
        (running, "settle"),
    ):
        monkeypatch.setattr(holder, name, reaper.around(getattr(holder, name)))

    async def keep(*_: Any) -> None:
        """The lease ends by itself."""

    monkeypatch.setattr(task, "let_go", keep)


async def approved(house: House, native_id: str) -> str:
    """The id of a remediation of a loose volume that waits for its turn."""
    finding = await documents.Finding.find_in(
        house.asker.scope, {"rule_id": "aws-ebs-unattached", "resource_native_id": native_id}
    )
    assert finding is not None
    made = documents.Remediation(
        org_id=finding.org_id,
        account_id=finding.account_id,
        finding_id=finding.id,
        resource_id=finding.resource_id,
        resource_native_id=native_id,
        resource_name=native_id,
        region=finding.region,
        rule_id=finding.rule_id,
        category=FindingCategory.FINOPS,
        risk=Risk.HIGH,
        requested_by=house.asker.user.id,
        due_at=utc_now(),
    )
    await made.insert()
    id = global_id("Remediation", made.id)
    assert await house.work(id) == "PLANNED"
    answer = await house.approve(id)
    assert answer["__typename"] == "ApproveRemediationSuccess", answer
    return id


async def state_of(id: str) -> RemediationState:
    raw = await documents.Remediation.rows().find_one({"_id": ObjectId(local_id("Remediation", id))})
    assert raw is not None
    return RemediationState(raw["state"])


async def signed_in(house: House) -> House:
    """Both people with tokens of now."""
    asker, approver = [
        replace(one, token=await token_for(house.backend, one.user)) for one in (house.asker, house.approver)
    ]
    return replace(house, asker=asker, approver=approver)


def _same(now: datetime) -> datetime:
    return now


async def to_the_end(house: House, id: str, now: datetime) -> None:
    """Workers come one after another, each when the lease of the one before is over."""
    while await state_of(id) in WORKED_ON:
        now += LEASE + timedelta(seconds=1)
        with suppress(Killed):
            await house.work(id, now=partial(_same, now))


async def test_killed_at_any_moment_nothing_is_lost_or_done_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each volume ends gone, with exactly one snapshot, its journal whole."""
    dice = random.Random(20261127)
    reaper, total, volumes = Reaper(dice), 0, []
    while total < KILLS:
        # It may take longer than a sign-in lasts.
        house = await signed_in(house)
        made = [house.volume("gp3", age_days=300) for _ in range(AT_ONCE)]
        volumes += made
        await sync(house.backend, house.account, **house.fast)
        ids = [await approved(house, native_id) for native_id in made]
        with monkeypatch.context() as patch:
            put(reaper, patch)
            for id in ids:
                await to_the_end(house, id, utc_now())
        assert [(await house.shown(id))["state"] for id in ids] == ["DONE"] * AT_ONCE
        total = reaper.kills

    ec2 = house.moto.client("ec2")
    left = {one["VolumeId"] for one in ec2.describe_volumes()["Volumes"]}
    snapshots = [one["VolumeId"] for one in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]]
    assert left & set(volumes) == set()
    assert sorted(snapshots) == sorted(volumes)
    assert await house.alerts() == []


async def test_provider_that_acts_and_says_that_it_failed_is_looked_at_first(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every call is heard, and each first answer is lost: still one snapshot of each volume."""
    native_id = house.volume("gp3", age_days=300)
    await sync(house.backend, house.account, **house.fast)
    id = await approved(house, native_id)
    heard: set[str] = set()
    really = Actor.make

    async def lossy(self: Actor, step: Any, token: str, answers: Any) -> Any:
        answer = await really(self, step, token, answers)
        if step.name not in heard:
            heard.add(step.name)
            raise Unavailable("The answer was lost.", service="ec2")
        return answer

    monkeypatch.setattr(Actor, "make", lossy)
    await to_the_end(house, id, utc_now())

    shown = await house.shown(id)
    snapshots = house.moto.client("ec2").describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert shown["state"] == "DONE", shown
    assert [one["VolumeId"] for one in snapshots] == [native_id]
    assert [call.is_found for call in await house.journal(id)][:1] in ([False], [True])


async def test_provider_that_never_answers_ends_with_an_alert(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the volume was deleted nobody can tell: a person has to look."""
    native_id = house.volume("gp3", age_days=300)
    await sync(house.backend, house.account, **house.fast)
    id = await approved(house, native_id)
    really = Actor.make

    async def dead(self: Actor, step: Any, token: str, answers: Any) -> Any:
        if step.name == "delete":
            raise Unavailable("No answer.", service="ec2")
        return await really(self, step, token, answers)

    monkeypatch.setattr(Actor, "make", dead)
    await to_the_end(house, id, utc_now())

    shown = await house.shown(id)
    assert shown["state"] == "STOPPED"
    assert "not known whether" in shown["problem"]
    assert [state for state, _ in await house.alerts()] == ["OPEN"]
    assert shown["made"] == ["snapshot"]
