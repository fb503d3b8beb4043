"""Whether looks into a log, each over a span of time, have seen all of a period."""

from datetime import datetime

from domain.compliance.answers import Answers, Unread
from domain.compliance.instants import instant


def check_seen(answers: Answers, operation: str, start: datetime) -> None:
    """Raises Unread unless its calls, by their arguments `since` and `until`, follow each other from `start` on,
    as those that are joined do.
    """
    asked = (call.arguments for call in answers.calls(operation))
    reached = start
    spans = sorted((instant(one["since"]), instant(one["until"])) for one in asked)
    if spans and operation in answers.joined:
        spans = [(min(since for since, _ in spans), max(until for _, until in spans))]
    for since, until in spans:
        if since > reached:
            raise Unread(operation, f"was not read from {reached:%Y-%m-%d %H:%M} to {since:%Y-%m-%d %H:%M}")
        reached = max(reached, until)
    if reached == start:
        raise Unread(operation, f"was not read since {start:%Y-%m-%d %H:%M}")
