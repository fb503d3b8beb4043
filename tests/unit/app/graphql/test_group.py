"""Members of a group get what each would get alone, and it is made once."""

import asyncio
from unittest.mock import patch

import pytest

from app.graphql import group as group_module
from app.graphql import payloads
from live.log_reader import ReaderOptions
from tests.fakes.feed_house import House, at, in_house
from tests.fakes.group_house import GroupHouse, frames_in

LARGE = ReaderOptions(ring_size=1024, page_size=256)


async def calm() -> None:
    await asyncio.sleep(1)


@in_house()
async def test_each_event_is_executed_once_and_everybody_gets_the_same_bytes(house: House) -> None:
    here = GroupHouse(house)
    guests = [await here.join() for _ in range(20)]
    await calm()

    house.commit("a", 3)
    await calm()

    assert here.executed == [("a", 1), ("a", 2), ("a", 3)]
    assert guests[0].seqs("a") == [1, 2, 3]
    assert all(guest.socket.frames == guests[0].socket.frames for guest in guests)


@in_house()
async def test_guests_with_the_same_old_cursor_share_what_is_made_for_one_of_them(house: House) -> None:
    house.commit("a", 30)
    here = GroupHouse(house)
    guests = [await here.join({"a": at(10)}) for _ in range(20)]
    await calm()

    house.commit("a", 2)
    await calm()

    assert here.executed == [("a", seq) for seq in range(11, 33)]
    assert all(guest.seqs("a") == list(range(11, 33)) for guest in guests)


@in_house()
async def test_a_full_socket_delays_nobody_else_and_gets_everything_later(house: House) -> None:
    here = GroupHouse(house)
    slow, quick = await here.join(room=2), await here.join()
    await calm()

    for _ in range(40):
        house.commit("a", 1)
        await calm()
    received_meanwhile = (len(slow.messages), len(quick.messages))
    slow.socket.drain()
    await calm()

    assert received_meanwhile == (2, 40)
    assert slow.seqs("a") == quick.seqs("a") == list(range(1, 41))


@in_house()
async def test_a_full_socket_holds_its_place_and_no_message(house: House) -> None:
    here = GroupHouse(house)
    slow = await here.join(room=0)
    await calm()

    house.commit("a", 100)
    await calm()

    assert slow.member.stand == {"a": at(0)}
    assert slow.member.next == -1
    await slow.leave()


@in_house()
async def test_one_who_left_gets_nothing_more_not_even_while_others_are_written_to(house: House) -> None:
    here = GroupHouse(house)
    first, second = await here.join(), await here.join()
    await calm()
    write = first.member.write

    def leaving(data: bytes) -> bool:
        second.member.leave()
        return write(data)

    first.member.write = leaving

    house.commit("a")
    await calm()

    assert (first.seqs("a"), second.seqs("a")) == ([1], [])


@in_house()
async def test_reset_of_one_member_resets_nobody_else(house: House) -> None:
    house.commit("a", 30)
    house.log.trim("a", keep=20)
    here = GroupHouse(house)
    old, new = await here.join({"a": at(3)}), await here.join()
    await calm()

    house.commit("a", 1)
    await calm()

    assert [message["org"] for message in old.messages] == ["reset", "a"]
    assert "older" in old.messages[0]["reason"]
    assert (old.seqs("a"), new.seqs("a")) == ([31], [31])
    assert [message["org"] for message in new.messages] == ["a"]


@in_house()
async def test_a_log_made_anew_resets_everybody_once(house: House) -> None:
    house.commit("a", 5)
    here = GroupHouse(house)
    live, full = await here.join(), await here.join(room=0)
    await calm()

    house.log.remake("a", epoch="epoch-2", last=2)
    await asyncio.sleep(40)  # two ticks
    full.socket.drain()
    await calm()
    house.commit("a", 1)
    await calm()

    assert [message["org"] for message in live.messages] == ["reset", "a"]
    assert [message["org"] for message in full.messages] == ["reset", "a"]
    assert live.seqs("a") == full.seqs("a") == [3]


@in_house()
async def test_what_ends_the_group_ends_every_member(house: House) -> None:
    here = GroupHouse(house)
    guests = [await here.join(), await here.join(room=0)]
    await calm()
    here.error = RuntimeError("broken")

    house.commit("a")
    await calm()
    guests[1].socket.drain()

    for guest in guests:
        with pytest.raises(RuntimeError, match="broken"):
            await guest.serving
    assert here.group.is_ended


@in_house()
async def test_members_end_when_the_feed_is_closed(house: House) -> None:
    here = GroupHouse(house)
    guest = await here.join()
    await calm()

    await house.feed.close()

    assert await guest.serving is None
    assert here.group.members == set()


@in_house()
async def test_a_member_whose_viewer_has_changed_goes_at_once_and_keeps_its_place(house: House) -> None:
    here = GroupHouse(house)
    changed, other = await here.join(), await here.join()
    house.commit("a", 2)
    await calm()

    changed.member.change()
    house.commit("a", 1)
    await calm()

    assert changed.serving.done()
    assert changed.member.stand == {"a": at(2)}
    assert (changed.seqs("a"), other.seqs("a")) == ([1, 2], [1, 2, 3])


@in_house()
async def test_roles_are_looked_at_before_anything_is_told(house: House) -> None:
    house.commit("a", 9)
    here = GroupHouse(house)
    await here.join()
    await calm()
    before = here.refreshes

    house.commit("a")
    await calm()
    for_the_group = here.refreshes - before
    await here.join({"a": at(0)})
    await calm()

    assert (before, for_the_group) == (0, 1)
    assert here.refreshes > 1


@pytest.mark.parametrize("behind", [2, 20], ids=["from what the group keeps", "from the log"])
def test_one_who_has_waited_for_its_socket_is_looked_at_again_before_it_is_told(behind: int) -> None:
    @in_house()
    async def story(house: House) -> None:
        here = GroupHouse(house)
        guest = await here.join(room=0)
        await calm()
        house.commit("a", behind)
        await calm()
        here.on_refresh = guest.member.change

        guest.socket.drain()
        await calm()

        assert guest.messages == []
        assert guest.serving.done()

    with patch.object(payloads, "MOST_KEPT", 4):
        story()


@in_house(LARGE)
async def test_many_messages_are_written_in_bounded_parts_and_the_loop_turns_between_members(house: House) -> None:
    here = GroupHouse(house)
    guests = [await here.join() for _ in range(2 * group_module.SLICE + 1)]
    writes: list[int] = []
    for guest in guests:
        guest.member.write = lambda data, guest=guest: writes.append(len(data)) or guest.socket.write_frames(data)
    await calm()
    turns = Turns()

    house.commit("a", group_module.CHUNK_MESSAGES + 1)
    await calm()

    assert len(writes) == 2 * len(guests)
    assert max(writes) <= group_module.CHUNK_BYTES
    assert turns.count >= 2 * 3
    assert all(guest.seqs("a") == guests[0].seqs("a") for guest in guests)


class Turns:
    """Counts the turns of the loop, for as long as the test runs."""

    def __init__(self) -> None:
        self.count = 0
        self._loop = asyncio.get_running_loop()
        self._loop.call_soon(self._again)

    def _again(self) -> None:
        self.count += 1
        if self.count < 50:
            self._loop.call_soon(self._again)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_frames_of_every_length_are_read_as_they_were_written(size: int) -> None:
    payload = b"y" * size

    (text,) = frames_in(group_module.framed(b"", [payload]))

    assert text == payload + b"}"
