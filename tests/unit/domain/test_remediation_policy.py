"""Times, tags, caps and prints of policies."""

from datetime import UTC, datetime

import pytest

from domain.facts.weekday import Weekday
from domain.remediation_policy import RemediationSchedule, RemediationTag, lower, print_of, takes
from domain.rules.registry import get_rule

RULE = get_rule("aws-ec2-offhours")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_schedule_is_due_next_on_the_first_of_its_days() -> None:
    schedule = RemediationSchedule(days=(Weekday.MONDAY, Weekday.WEDNESDAY), at="21:00")

    # The 2nd of March 2026 is a Monday.
    assert schedule.next_after(at("2026-03-02T20:59")) == at("2026-03-02T21:00")
    assert schedule.next_after(at("2026-03-02T21:00")) == at("2026-03-04T21:00")
    assert schedule.next_after(at("2026-03-04T21:00")) == at("2026-03-09T21:00")


def test_day_is_that_of_the_zone() -> None:
    schedule = RemediationSchedule(zone="Asia/Tokyo", days=(Weekday.MONDAY,), at="07:00")

    # Monday 07:00 in Tokyo, which is nine hours ahead, is Sunday 22:00 in UTC.
    assert schedule.next_after(at("2026-03-01T12:00")) == at("2026-03-01T22:00")


def test_clock_that_is_put_forward_moves_the_instant_and_not_the_time() -> None:
    schedule = RemediationSchedule(zone="Europe/Berlin", at="09:00")

    # Summer time begins on the 29th of March 2026 at 01:00 UTC.
    assert schedule.next_after(at("2026-03-28T00:00")) == at("2026-03-28T08:00")
    assert schedule.next_after(at("2026-03-28T08:00")) == at("2026-03-29T07:00")


def test_time_that_clocks_are_put_forward_over_is_as_much_later() -> None:
    schedule = RemediationSchedule(zone="Europe/Berlin", at="02:30")

    # 02:30 is not shown on that day: 03:30 summer time is 01:30 UTC.
    assert schedule.next_after(at("2026-03-28T12:00")) == at("2026-03-29T01:30")
    assert schedule.next_after(at("2026-03-29T01:30")) == at("2026-03-30T00:30")


def test_time_that_comes_twice_counts_once() -> None:
    schedule = RemediationSchedule(zone="Europe/Berlin", at="02:30")

    # Summer time ends on the 25th of October 2026 at 01:00 UTC; 02:30 is shown at 00:30 and at 01:30 UTC.
    first = schedule.next_after(at("2026-10-24T12:00"))

    assert first == at("2026-10-25T00:30")
    assert schedule.next_after(first) == at("2026-10-26T01:30")


@pytest.mark.parametrize(
    ("tags", "is_taken"),
    [
        ({"environment": "dev", "team": "a"}, True),
        ({"Environment": "Dev ", "Team": "b"}, True),
        ({"environment": "prod", "team": "a"}, False),
        ({"environment": "dev"}, False),
        ({"environment": "dev", "team": "a", "keep": "yes"}, False),
        ({}, False),
    ],
)
def test_all_tags_must_match_and_none_that_is_left_out(tags: dict[str, str], is_taken: bool) -> None:
    wanted = [RemediationTag(key="environment", values=("dev", "test")), RemediationTag(key="team")]
    left_out = [RemediationTag(key="keep")]

    assert takes(tags, wanted, left_out) is is_taken


def test_without_tags_everything_is_taken() -> None:
    assert takes({}, [], [])


def test_print_changes_with_the_policy_the_remedy_and_the_parameters() -> None:
    assert RULE.remedy is not None
    later = RULE.model_copy(update={"remedy": RULE.remedy.model_copy(update={"version": 2})})
    manual = RULE.model_copy(update={"remedy": None})
    prints = [
        print_of(1, RULE),
        print_of(2, RULE),
        print_of(1, later),
        print_of(1, manual),
        print_of(1, RULE, {"on_hours_week": 50}),
        print_of(1, RULE, {"dev_values": ("dev",)}),
    ]

    assert len(set(prints)) == len(prints)


def test_print_of_what_was_chosen_as_it_is_by_default_is_the_same() -> None:
    assert print_of(1, RULE, {"on_hours_week": 55}) == print_of(1, RULE)


@pytest.mark.parametrize(("own", "cap"), [(None, 10), (5, 5), (20, 10), (0, 0)])
def test_policy_may_have_a_lower_cap_only(own: int | None, cap: int) -> None:
    assert lower(10, own) == cap
