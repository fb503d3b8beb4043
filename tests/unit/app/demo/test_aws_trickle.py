"""The order in which the stand-in account breaks and is mended."""

from app.demo.aws_trickle import CHANGES, CYCLE, OPEN_AT_ONCE, ORDER


def test_every_change_of_a_cycle_is_mended_after_it_was_made():
    for change in CHANGES:
        assert ORDER.count(change.break_it) == 1
        assert ORDER.count(change.mend) == 1
        assert ORDER.index(change.break_it) < ORDER.index(change.mend)


def test_a_cycle_holds_nothing_else():
    assert len(ORDER) == CYCLE == 2 * len(CHANGES)


def test_some_faults_are_open_most_of_the_time_and_never_many():
    breaking = {change.break_it for change in CHANGES}
    open_now = [0]
    for step in ORDER:
        open_now.append(open_now[-1] + (1 if step in breaking else -1))

    assert max(open_now) == OPEN_AT_ONCE
    assert min(open_now[1:-1]) >= 1
    assert open_now[-1] == 0
