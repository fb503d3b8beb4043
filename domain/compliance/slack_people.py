"""Who is in a Slack workspace, as controls read it."""

from typing import Any

from domain.compliance.answers import Answers

OPERATION = "users.list"
# Slack's own helper is listed as a person.
SLACKBOT = "USLACKBOT"


def live_people(answers: Answers) -> list[Any]:
    """The people who can sign in, without bots and those who were removed. Raises Unread."""
    here = (one for one in answers.items(OPERATION, "members") if not one["deleted"])
    return [one for one in here if not one["is_bot"] and one["id"] != SLACKBOT]
