"""The rule of who decides: held case by case."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.facts.ticket import SeenComment, SeenTicket, StatusCategory, TicketState
from domain.ticketing.ownership import KnownTicket, absorb, label_of, state_of, wanted_categories

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
TO_DO, AT_IT, DONE = StatusCategory.TO_DO, StatusCategory.IN_PROGRESS, StatusCategory.DONE


def known(category: StatusCategory | None = TO_DO, **more: Any) -> KnownTicket:
    fields: dict[str, Any] = {"is_over": False, "updated_at": NOON, "comment_ids": ["1"], "robot": "robot"}
    return KnownTicket(category=category, **fields | more)


def seen(category: StatusCategory | None = TO_DO, minutes: int | None = 1, *comments: SeenComment) -> SeenTicket:
    at = None if minutes is None else NOON + timedelta(minutes=minutes)
    return SeenTicket(id="7", key="OPS-7", category=category, updated_at=at, comments=comments)


def comment(id: str, author_id: str | None = "p1", key: str | None = None) -> SeenComment:
    return SeenComment(id=id, author_id=author_id, author="Ada", text="t", at=NOON, key=key)


@pytest.mark.parametrize(("minutes", "is_newer"), [(1, True), (0, True), (-1, False), (None, False)])
def test_the_newer_report_counts_by_the_time_of_jira(minutes: int | None, is_newer: bool) -> None:
    assert absorb(known(), seen(minutes=minutes)).is_newer is is_newer


def test_the_first_report_counts() -> None:
    assert absorb(known(None, updated_at=None), seen()).is_newer


@pytest.mark.parametrize(
    ("was", "now", "is_over", "has_started", "is_closed_early"),
    [
        (TO_DO, AT_IT, False, True, False),
        (DONE, AT_IT, False, True, False),
        (AT_IT, AT_IT, False, False, False),
        (TO_DO, AT_IT, True, False, False),
        (TO_DO, DONE, False, False, True),
        (DONE, DONE, False, False, False),
        (TO_DO, DONE, True, False, False),
        (AT_IT, TO_DO, False, False, False),
    ],
)
def test_what_a_move_means(
    was: StatusCategory, now: StatusCategory, is_over: bool, has_started: bool, is_closed_early: bool
) -> None:
    found = absorb(known(was, is_over=is_over), seen(now))

    assert (found.has_started, found.is_closed_early) == (has_started, is_closed_early)


def test_an_older_report_moves_nothing() -> None:
    found = absorb(known(), seen(DONE, -1))

    assert (found.has_started, found.is_closed_early) == (False, False)


def test_comments_of_people_are_kept_whatever_the_age_of_the_report_and_ours_are_not() -> None:
    others = (comment("1"), comment("2"), comment("3", "robot"), comment("4", "p1", key="resolved:1"))

    assert [one.id for one in absorb(known(), seen(TO_DO, -1, *others)).fresh] == ["2"]


def test_without_knowing_ourselves_in_jira_only_marks_tell_ours() -> None:
    others = (comment("2", "robot"), comment("3", None), comment("4", key="k"))

    assert [one.id for one in absorb(known(robot=None), seen(TO_DO, 1, *others)).fresh] == ["2", "3"]


@pytest.mark.parametrize(
    ("category", "is_over", "wanted"),
    [
        (TO_DO, True, (DONE,)),
        (AT_IT, True, (DONE,)),
        (DONE, True, ()),
        (DONE, False, (TO_DO, AT_IT)),
        (TO_DO, False, ()),
        (AT_IT, False, ()),
    ],
)
def test_where_a_ticket_has_to_go(category: StatusCategory, is_over: bool, wanted: tuple[StatusCategory, ...]) -> None:
    assert wanted_categories(category, is_over=is_over) == wanted


def test_a_ticket_is_done_in_the_category_of_that_name_and_open_in_all_others() -> None:
    assert [state_of(one) for one in (TO_DO, AT_IT, DONE, None)] == [
        TicketState.OPEN,
        TicketState.OPEN,
        TicketState.DONE,
        TicketState.OPEN,
    ]


def test_a_label_has_no_colon() -> None:
    assert label_of("alert:0123") == "cloudwatcher-alert-0123"
