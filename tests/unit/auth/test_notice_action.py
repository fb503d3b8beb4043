"""Buttons in channels: signed, for one thing, for a while."""

from datetime import UTC, datetime, timedelta

from auth.notice_action import LIFETIME, NoticeAction, NoticeActions

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ACTION = NoticeAction(name="acknowledge", subject=f"alert:{'a' * 24}", org_id="b" * 24)


def test_a_button_stands_for_what_was_sealed_until_its_week_is_over() -> None:
    actions = NoticeActions([b"k" * 32])

    value = actions.seal(ACTION, NOW)

    assert len(value) < 300
    assert actions.open(value, NOW + LIFETIME - timedelta(seconds=1)) == ACTION
    assert actions.open(value, NOW + LIFETIME) is None


def test_a_button_for_one_plan_of_a_remediation_fits_into_a_button_of_slack() -> None:
    plan = NoticeAction(name="approve", subject=f"remediation:{'a' * 24}:{'c' * 64}", org_id="b" * 24)
    actions = NoticeActions([b"k" * 32])

    value = actions.seal(plan, NOW)

    assert len(value) < 300
    assert actions.open(value, NOW) == plan


def test_a_button_of_another_key_is_taken_only_while_that_key_is_kept() -> None:
    old, new = NoticeActions([b"o" * 32]), NoticeActions([b"n" * 32, b"o" * 32])

    value = old.seal(ACTION, NOW)

    assert new.open(value, NOW) == ACTION
    assert NoticeActions([b"n" * 32]).open(value, NOW) is None


def test_a_button_that_was_changed_is_none() -> None:
    value = NoticeActions([b"k" * 32]).seal(ACTION, NOW)

    assert NoticeActions([b"k" * 32]).open(value[:-2] + "AA", NOW) is None
