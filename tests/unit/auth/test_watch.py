"""One read tells of everybody, no more often than once a second, and nobody is trusted for longer."""

import asyncio
from contextlib import ExitStack

import pytest

from auth.watch import RoleWatch
from documents.user import Role

ADMIN, VIEWER = {"org": Role.ADMIN}, {"org": Role.CLIENT_VIEWER}


class Stored:
    """The roles as stored, and who was asked for."""

    def __init__(self, **roles: dict[str, Role]) -> None:
        self.roles = roles
        self.asked: list[list[str]] = []
        self.now = 100.0
        self.failures = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.watch = RoleWatch(self.load, clock=lambda: self.now)

    async def load(self, user_ids):
        self.asked.append(sorted(user_ids))
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the database is away")
        found = {user_id: self.roles.get(user_id, {}) for user_id in user_ids}
        await self.gate.wait()
        return found


@pytest.fixture
def watched():
    """Ada and Bob watched since second 100; what each heard."""
    stored = Stored(ada=ADMIN, bob=VIEWER)
    heard: dict[str, list[dict[str, Role]]] = {"ada": [], "bob": []}
    with ExitStack() as stack:
        for user_id, calls in heard.items():
            stack.enter_context(stored.watch.watching(user_id, stored.roles[user_id], calls.append, since=stored.now))
        yield stored, heard


async def test_all_are_read_at_once_when_a_second_is_over(watched) -> None:
    stored, heard = watched
    stored.now = 100.9
    await stored.watch.refresh()
    early = list(stored.asked)

    stored.now = 101.0
    stored.gate.clear()
    waiting = [asyncio.create_task(stored.watch.refresh()) for _ in range(10)]
    await asyncio.sleep(0)
    waited = not any(task.done() for task in waiting)
    stored.gate.set()
    await asyncio.gather(*waiting)
    stored.now = 101.95
    await stored.watch.refresh()

    assert (early, waited, stored.asked) == ([], True, [["ada", "bob"]])
    assert heard == {"ada": [], "bob": []}


async def test_one_slow_read_does_for_all_who_waited_for_it(watched) -> None:
    stored, _ = watched
    stored.now = 102.0
    stored.gate.clear()
    waiting = [asyncio.create_task(stored.watch.refresh()) for _ in range(10)]
    await asyncio.sleep(0)

    stored.now = 105.0
    stored.gate.set()
    await asyncio.gather(*waiting)

    assert len(stored.asked) == 1


async def test_who_has_other_roles_hears_of_it_once_before_refresh_returns(watched) -> None:
    stored, heard = watched
    stored.roles["ada"] = {}

    for stored.now in (102.0, 104.0):
        await stored.watch.refresh()

    assert heard == {"ada": [{}], "bob": []}


async def test_newcomer_is_trusted_for_a_second_from_when_its_roles_were_read(watched) -> None:
    stored, _ = watched
    stored.now = 102.0
    await stored.watch.refresh()

    with stored.watch.watching("eve", ADMIN, lambda _: None, since=101.5):
        stored.now = 102.4
        await stored.watch.refresh()
        before = len(stored.asked)
        stored.now = 102.5
        await stored.watch.refresh()

    assert (before, stored.asked[-1]) == (1, ["ada", "bob", "eve"])


async def test_newcomer_is_not_told_of_what_was_read_before_it_came(watched) -> None:
    stored, _ = watched
    late: list[dict[str, Role]] = []
    stored.now = 102.0
    stored.gate.clear()
    reading = asyncio.create_task(stored.watch.refresh())
    await asyncio.sleep(0)

    stored.roles["ada"] = VIEWER
    with stored.watch.watching("ada", VIEWER, late.append, since=102.1):
        stored.gate.set()
        await reading

    assert late == []


async def test_one_who_left_is_neither_read_nor_told(watched) -> None:
    stored, _ = watched
    gone: list[dict[str, Role]] = []
    with stored.watch.watching("eve", ADMIN, gone.append, since=stored.now):
        stored.now = 102.0
        stored.gate.clear()
        reading = asyncio.create_task(stored.watch.refresh())
        await asyncio.sleep(0)
    stored.gate.set()
    await reading
    stored.now = 104.0
    await stored.watch.refresh()

    assert gone == []
    assert stored.asked == [["ada", "bob", "eve"], ["ada", "bob"]]


async def test_database_that_is_away_is_waited_for(watched) -> None:
    stored, heard = watched
    stored.roles["bob"], stored.failures, stored.now = {}, 1, 102.0

    await stored.watch.refresh()

    assert len(stored.asked) == 2
    assert heard["bob"] == [{}]
