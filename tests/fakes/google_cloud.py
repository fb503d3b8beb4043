"""A Google Cloud with a state: one project that can be read by lists and changed by the steps of plans.

Each request is held against Google's descriptions first (`google_methods`); what they do not know is refused and kept
in `refused`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from tests.fakes import google_lists, google_writes
from tests.fakes.google import TOKEN
from tests.fakes.google_methods import Google
from tests.fakes.google_state import GoogleState, Refusal
from tests.fakes.scripted import Answered, Asked, scripted


@cache
def description() -> Google:
    return Google(Path(__file__).parents[3] / "shared" / "specs" / "gcp.json")


class GoogleCloud(GoogleState):
    """`url` is where it stands while it runs."""

    url = ""

    def answer(self, asked: Asked) -> Answered:
        if asked.path == "/token":
            return TOKEN
        path, body = unquote(asked.path), asked.json if asked.text else None
        faults = description().faults(asked.method, path, dict(asked.query), body)
        if faults:
            self.refused.append(f"{asked.method} {path}: {'; '.join(faults)}")
            return Refusal(400, "INVALID_ARGUMENT", "; ".join(faults)).answered
        handle = google_lists.read if asked.method == "GET" else google_writes.write
        try:
            found = handle(self, asked.method, path, {key: one[0] for key, one in asked.query.items()}, body or {})
        except Refusal as refusal:
            return refusal.answered
        return Answered(deepcopy(found))

    @contextmanager
    def served(self) -> Iterator["GoogleCloud"]:
        with scripted(self.answer) as made:
            self.url = made.url
            yield self
