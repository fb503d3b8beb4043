"""Whether looks into a log, each over a span of time, have seen all of a period."""

from datetime import datetime

from domain.compliance.answers import Answers, Unread
from domain.compliance.instants import instant


def check_seen(answers: Answers, operation: str, start: datetime) -> None:
    """Raises Unread unless its calls, by their arguments `since` and `until`, follow each other from `start` on."""
    asked = (call.arguments for call in answers.calls(operation))
    reached = start
    spans = sorted((instant(one["since"]), instant(one["until"])) for one in asked)
    for since, until in spans:
        if since > reached:
            raise Unread(operation, f"was not read from {reached:%Y-%m-%d %H:%M} to {since:%Y-%m-%d %H:%M}")
        reached = max(reached, until)
    if reached == start:
        raise Unread(operation, f"was not read since {start:%Y-%m-%d %H:%M}")
