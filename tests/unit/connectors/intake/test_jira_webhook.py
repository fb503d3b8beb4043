"""Webhooks of Jira: signed, with their time in the body."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.facts.intake import IntakeWay
from tests.fakes.genuine import NOW, jira_request, later
from tests.fakes.taking import genuine_of, refused, sent, take, with_headers

GENUINE = genuine_of(IntakeWay.JIRA_WEBHOOK)


async def test_an_event_is_stored_by_its_kind_with_its_time() -> None:
    taken = await take(GENUINE)

    (message,) = taken.messages
    assert (taken.status, message.kind, message.body["issue"]["key"]) == (200, "jira:issue_updated", "OPS-1")
    assert message.sent_at == datetime(2026, 11, 26, 11, 59, 58, 500_000, tzinfo=UTC)


async def test_another_identifier_is_the_same_event() -> None:
    replayed = with_headers(GENUINE, x_atlassian_webhook_identifier="another")

    assert (await take(replayed)).messages[0].id == (await take(GENUINE)).messages[0].id


# It was sent a second and a half before NOW.
@pytest.mark.parametrize("away", [timedelta(days=1), -timedelta(days=1, seconds=2)])
async def test_what_is_a_day_off_is_refused(away: timedelta) -> None:
    assert (await refused(later(GENUINE, NOW + away)))[0] == 400


async def test_an_event_without_a_time_is_taken() -> None:
    taken = await take(sent(GENUINE, jira_request({"webhookEvent": "comment_created"})))

    assert taken.messages[0].sent_at is None


@pytest.mark.parametrize("timestamp", [True, "1", -1, 0, 10**14, 1.5])
async def test_a_time_that_is_none_is_refused(timestamp: Any) -> None:
    body = {"webhookEvent": "comment_created", "timestamp": timestamp}

    assert await refused(sent(GENUINE, jira_request(body))) == (400, "the timestamp is no time")


@pytest.mark.parametrize("kind", [None, "", 1, "x" * 101])
async def test_an_event_without_a_kind_is_refused(kind: Any) -> None:
    assert (await refused(sent(GENUINE, jira_request({"webhookEvent": kind}))))[0] == 400
