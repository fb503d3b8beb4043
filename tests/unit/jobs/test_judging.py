"""What a rule looks up is loaded when it asks, and a rule that walks over everything gets what it says it reads."""

from collections.abc import AsyncIterator, Iterable, Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from documents.account import Account
from domain.facts.resource import Resource, ResourceKind
from jobs import judging
from jobs.judging import Related
from tests.factories.aws import instance, volume

VOLUME, INSTANCE = ResourceKind.AWS_EBS_VOLUME, ResourceKind.AWS_EC2_INSTANCE
STORED = [volume("vol-1"), volume("vol-2"), volume("vol-unseen"), instance("i-1")]
ACCOUNT = cast("Account", SimpleNamespace(id="account"))
KEY = tuple[ResourceKind, str]


def row(resource: Resource) -> dict[str, Any]:
    return {**resource.model_dump(exclude={"created_at", "unread"}), "kind": resource.kind.value, "unread": []}


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is asked of a store that holds STORED."""
    seen: list[Any] = []

    async def named(_: Account, keys: Iterable[KEY]) -> list[Mapping[str, Any]]:
        seen.append(set(keys))
        return [row(one) for one in STORED if (one.kind, one.native_id) in seen[-1]]

    async def present(_: Account, kind: ResourceKind) -> AsyncIterator[list[Mapping[str, Any]]]:
        seen.append(kind)
        yield [row(one) for one in STORED if one.kind is kind]

    monkeypatch.setattr(judging, "resources_named", named)
    monkeypatch.setattr(judging, "present_resources", present)
    return seen


def related() -> Related:
    return Related(ACCOUNT, [VOLUME], lambda _, __, native_id: native_id != "vol-unseen")


async def test_what_is_asked_for_in_vain_is_loaded_once(asked: list[Any]) -> None:
    known = related()

    first = known.get((VOLUME, "vol-1")), known.get((VOLUME, "missing"))
    is_news = await known.load()
    second = known.get((VOLUME, "vol-1")), known.get((VOLUME, "missing"))

    assert first == (None, None)
    assert is_news
    assert second[0] is not None
    assert second == (volume("vol-1").model_copy(update={"created_at": None}), None)
    assert not await known.load()
    assert asked == [{(VOLUME, "vol-1"), (VOLUME, "missing")}]


async def test_what_this_sync_has_not_seen_is_not_looked_at(asked: list[Any]) -> None:
    known = related()

    known.get((VOLUME, "vol-unseen"))

    assert not await known.load()
    assert known.get((VOLUME, "vol-unseen")) is None


async def test_a_walk_gets_every_resource_of_the_kinds_that_are_read_too(asked: list[Any]) -> None:
    known = related()

    assert list(known) == []
    assert await known.load()

    assert sorted(native_id for _, native_id in known) == ["vol-1", "vol-2"]
    assert len(known) == 2
    assert not await known.load()
    assert known.emptied() is known, "a walk over the next batch needs no reading"
    assert asked == [VOLUME]


async def test_single_look_ups_make_room_for_those_of_the_next_batch(asked: list[Any]) -> None:
    known = related()
    known.get((INSTANCE, "i-1"))
    await known.load()

    assert known.emptied().get((INSTANCE, "i-1")) is None
