"""What the stand-in account remembers over a restart."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.demo.aws_trickle import CYCLE
from app.demo.moto_account import DemoState, load_state, save_state

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def after(steps: int) -> DemoState:
    state = DemoState(started_at=NOW)
    for number in range(steps):
        state.add(NOW + timedelta(seconds=number))
    return state


def test_first_start_begins_now(tmp_path: Path):
    state = load_state(tmp_path / "state.json", NOW)

    assert state == DemoState(started_at=NOW)


def test_what_was_saved_is_read_back(tmp_path: Path):
    path = tmp_path / "deep" / "state.json"
    save_state(path, after(3))

    assert load_state(path, NOW + timedelta(days=1)) == after(3)
    assert [file.name for file in path.parent.iterdir()] == ["state.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"started_at": "yesterday", "steps": 1, "cycle_times": []}'])
def test_file_that_cannot_be_read_begins_anew(tmp_path: Path, content: str):
    path = tmp_path / "state.json"
    path.write_text(content)

    assert load_state(path, NOW) == DemoState(started_at=NOW)


def test_steps_of_this_cycle_are_made_again_with_their_times():
    state = after(CYCLE + 2)

    second = timedelta(seconds=1)
    assert list(state.replayed()) == [(CYCLE, NOW + CYCLE * second), (CYCLE + 1, NOW + (CYCLE + 1) * second)]


def test_memory_does_not_grow_with_the_years():
    state = after(100 * CYCLE + 1)

    assert state.steps == 100 * CYCLE + 1
    assert len(state.cycle_times) == 1


def test_step_at_the_end_of_a_cycle_is_still_made_again():
    assert [number for number, _ in after(CYCLE).replayed()] == list(range(CYCLE))
