"""Repeats are told of ever more rarely."""

from domain.alert_counts import is_power_of_ten


def test_a_repeat_is_told_of_at_each_power_of_ten() -> None:
    assert [count for count in range(1, 2001) if is_power_of_ten(count)] == [10, 100, 1000]
