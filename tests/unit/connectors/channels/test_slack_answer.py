"""Answers to what was done in Slack go to Slack alone, and an address that is none is refused, not stumbled over."""

import pytest

from connectors.channels.slack_answer import answer_in_slack
from domain.errors import Rejected


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.slack.com/actions/T1/1/made-up",
        "https://hooks.slack.com.example.com/actions/T1/1/made-up",
        "https://hooks.slack.com@example.com/actions/T1/1/made-up",
        "https://hooks.slack.com:8443/actions/T1/1/made-up",
        "https://hooks.slack.com:made-up/actions/T1/1",
        "https://[made-up",
        "made-up",
    ],
)
async def test_an_address_that_is_not_slacks_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(Rejected) as refused:
        await answer_in_slack(url, "text", allow_private=False)

    assert "made-up" not in str(refused.value)


async def test_a_malformed_address_is_refused_where_stand_ins_are_allowed_too() -> None:
    with pytest.raises(Rejected, match="malformed"):
        await answer_in_slack("https://hooks.slack.com:made-up/actions", "text", allow_private=True)
